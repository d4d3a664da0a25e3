package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// common are the files beside the program in every archive: texts, the licenses
// of the libraries, man pages and completions.
func (r *release) common(work string) ([]file, error) {
	var files []file
	for _, name := range []string{"LICENSE", "README.md", "CHANGELOG.md", "secrets.example.toml"} {
		data, err := os.ReadFile(filepath.Join(r.root, name))
		if err != nil {
			return nil, err
		}
		files = append(files, file{name: name, data: data, mode: 0o644})
	}
	licenses, err := r.licenses()
	if err != nil {
		return nil, err
	}
	files = append(files, file{name: "THIRD_PARTY_LICENSES.txt", data: licenses, mode: 0o644})
	// A program for this machine writes its own pages.
	here := system{runtime.GOOS, runtime.GOARCH}
	path := filepath.Join(work, "here", here.binary())
	if err := r.build(here, path); err != nil {
		return nil, err
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		text, err := run(r.root, nil, path, "completion", shell)
		if err != nil {
			return nil, err
		}
		files = append(files, file{name: "completions/restlua." + shell, data: text, mode: 0o644})
	}
	man := filepath.Join(work, "man")
	if _, err := run(r.root, []string{fmt.Sprintf("SOURCE_DATE_EPOCH=%d", r.at.Unix())}, path, "man", man); err != nil {
		return nil, err
	}
	pages, err := filepath.Glob(filepath.Join(man, "*.1"))
	if err != nil {
		return nil, err
	}
	for _, page := range pages {
		data, err := os.ReadFile(page)
		if err != nil {
			return nil, err
		}
		files = append(files, file{name: "man/" + filepath.Base(page), data: data, mode: 0o644})
	}
	return files, nil
}

// archive packs the program and the common files as the system's users expect.
func (r *release) archive(s system, path string, common []file) (name string, data []byte, err error) {
	program, err := os.ReadFile(path)
	if err != nil {
		return "", nil, err
	}
	folder := fmt.Sprintf("restlua_%s_%s_%s", r.version, s.os, s.arch)
	files := append([]file{{name: s.binary(), data: program, mode: 0o755}}, common...)
	for i := range files {
		files[i].name = folder + "/" + files[i].name
	}
	if s.os == "windows" {
		data, err = r.zipped(files)
		return folder + ".zip", data, err
	}
	plain, err := r.tarred(files)
	if err != nil {
		return "", nil, err
	}
	data, err = zipped(plain)
	return folder + ".tar.gz", data, err
}

// tarred makes a tar of files, with folders, in their order.
func (r *release) tarred(files []file) ([]byte, error) {
	var out bytes.Buffer
	t := tar.NewWriter(&out)
	header := func(h tar.Header) error {
		h.ModTime, h.Format = r.at, tar.FormatPAX
		return t.WriteHeader(&h)
	}
	made := map[string]bool{}
	for _, f := range files {
		for i, c := range f.name {
			if folder := f.name[:i]; c == '/' && i < len(f.name)-1 && !made[folder] {
				made[folder] = true
				if err := header(tar.Header{Name: folder + "/", Mode: 0o755, Typeflag: tar.TypeDir}); err != nil {
					return nil, err
				}
			}
		}
		kind := byte(tar.TypeReg)
		if strings.HasSuffix(f.name, "/") {
			kind = tar.TypeDir
		}
		if err := header(tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.data)), Typeflag: kind, Uid: f.owner, Gid: f.owner}); err != nil {
			return nil, err
		}
		if _, err := t.Write(f.data); err != nil {
			return nil, err
		}
	}
	err := t.Close()
	return out.Bytes(), err
}

func zipped(plain []byte) ([]byte, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(plain); err != nil {
		return nil, err
	}
	err = z.Close()
	return out.Bytes(), err
}

func (r *release) zipped(files []file) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: r.at}
		h.SetMode(os.FileMode(f.mode))
		w, err := z.CreateHeader(h)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return out.Bytes(), err
}

// licenses joins the license files of all modules that are in the program.
func (r *release) licenses() ([]byte, error) {
	const format = "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}"
	list, err := run(r.root, []string{"CGO_ENABLED=0", "GOFLAGS="}, "go", "list", "-deps", "-f", format, "./cmd/restlua")
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSpace(string(list)), "\n")
	slices.Sort(lines)
	var out bytes.Buffer
	for _, line := range slices.Compact(lines) {
		module, dir, ok := strings.Cut(line, "\t")
		if !ok {
			continue
		}
		names, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			return nil, err
		}
		found := false
		for _, name := range names {
			base := strings.ToUpper(filepath.Base(name))
			if !strings.HasPrefix(base, "LICENSE") && !strings.HasPrefix(base, "LICENCE") && !strings.HasPrefix(base, "UNLICENSE") && !strings.HasPrefix(base, "COPYING") && !strings.HasPrefix(base, "NOTICE") {
				continue
			}
			if info, err := os.Stat(name); err != nil || info.IsDir() {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			found = true
			fmt.Fprintf(&out, "%s: %s\n\n%s\n%s\n\n", module, filepath.Base(name), bytes.TrimSpace(text), strings.Repeat("-", 78))
		}
		if !found {
			return nil, fmt.Errorf("%s has no license file; it cannot be published", module)
		}
	}
	return out.Bytes(), nil
}

// checksums is the list that sha256sum -c reads.
func checksums(files map[string][]byte) []byte {
	var out bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&out, "%x  %s\n", sha256.Sum256(files[name]), name)
	}
	return out.Bytes()
}
