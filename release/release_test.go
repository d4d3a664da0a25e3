package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// A release made twice is the same bytes; its program runs, its list of parts
// and its image are what they say.
func TestRelease(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the image is for linux, and the program of this machine is run")
	}
	here := "linux/" + runtime.GOARCH
	dirs := [2]string{t.TempDir(), t.TempDir()}
	version := ""
	for _, dir := range dirs {
		r := release{dirty: true}
		if err := r.make(dir, here); err != nil {
			t.Fatal(err)
		}
		version = r.version
	}
	first, second := read(t, dirs[0]), read(t, dirs[1])
	if string(first["SHA256SUMS"]) != string(second["SHA256SUMS"]) || len(first) != 4 {
		t.Errorf("two releases of one commit:\n%s\n%s", first["SHA256SUMS"], second["SHA256SUMS"])
	}
	folder := "restlua_" + version + "_linux_" + runtime.GOARCH
	files := untar(t, unzip(t, first[folder+".tar.gz"]))
	for _, name := range []string{"LICENSE", "THIRD_PARTY_LICENSES.txt", "man/restlua-run.1", "completions/restlua.bash", "README.md"} {
		if len(files[folder+"/"+name]) == 0 {
			t.Errorf("the archive has no %s", name)
		}
	}
	program := filepath.Join(t.TempDir(), "restlua")
	if err := os.WriteFile(program, files[folder+"/restlua"], 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(program, "version").Output(); err != nil || !strings.HasPrefix(string(out), "restlua "+version+",") {
		t.Errorf("version: %s %v", out, err)
	}
	var parts struct {
		Components []struct{ Name, Version string }
	}
	if err := json.Unmarshal(first["restlua_"+version+"_sbom.cdx.json"], &parts); err != nil {
		t.Fatal(err)
	}
	lists := string(files[folder+"/THIRD_PARTY_LICENSES.txt"])
	for _, c := range parts.Components {
		if c.Version == "" || c.Name != "std" && !strings.Contains(lists, c.Name+" "+c.Version+": ") {
			t.Errorf("the part %s %s has no license in the archive", c.Name, c.Version)
		}
	}
	image(t, first["restlua_"+version+"_oci.tar"], files[folder+"/restlua"])
}

// image checks the image by its own hashes, and that it has the program.
func image(t *testing.T, data, program []byte) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range untar(t, data) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	outer, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	inner, err := index.ImageIndex(outer.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	platforms, err := inner.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	img, err := inner.Image(platforms.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Config.User != nobody || config.Config.Entrypoint[0] != "/restlua" || platforms.Manifests[0].Platform.Architecture != runtime.GOARCH {
		t.Errorf("the image is %+v for %v", config.Config, platforms.Manifests[0].Platform)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	layer, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(layer)
	if err != nil {
		t.Fatal(err)
	}
	if got := untar(t, plain)["restlua"]; !bytes.Equal(got, program) {
		t.Errorf("the image's program has %d bytes, that of the archive %d", len(got), len(program))
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	if all, err := choose(""); err != nil || len(all) != len(systems) {
		t.Errorf("%v %v", all, err)
	}
	if _, err := choose("plan9/mips"); err == nil {
		t.Error("plan9/mips is no error")
	}
}

func read(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, e := range entries {
		if files[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func unzip(t *testing.T, data []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func untar(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if files[h.Name], err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
	}
}
