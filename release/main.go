// Command release makes what a version is published as, from the commit that is
// checked out: an archive for each system, a container image from scratch for
// linux, a list of the parts (SBOM), the licenses of all libraries, and the
// checksums. The same commit gives the same bytes on any machine with the same
// Go.
//
//	go run -C release . -out ../dist
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// systems are those that a version is published for.
var systems = [...]system{
	{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"},
}

type system struct{ os, arch string }

func (s system) String() string { return s.os + "/" + s.arch }

// binary is what the program is called there.
func (s system) binary() string {
	if s.os == "windows" {
		return "restlua.exe"
	}
	return "restlua"
}

func main() {
	r := release{}
	out := flag.String("out", "dist", "folder for the files")
	only := flag.String("only", "", "systems, as linux/amd64,linux/arm64; empty: all")
	flag.BoolVar(&r.dirty, "dirty", false, "allow changes that are not committed")
	flag.Parse()
	if err := r.make(*out, *only); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// release is one version under way.
type release struct {
	root    string // of the repository
	version string
	at      time.Time // of the commit; every file has this time
	dirty   bool
}

// file is one file of an archive or an image.
type file struct {
	name  string // with slashes; a folder ends with one
	data  []byte
	mode  int64
	owner int
}

func (r *release) make(out, only string) error {
	if err := r.identify(); err != nil {
		return err
	}
	chosen, err := choose(only)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "restlua-release")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	common, err := r.common(work)
	if err != nil {
		return err
	}
	made := map[string][]byte{}
	binaries := map[system]string{}
	for _, s := range chosen {
		path := filepath.Join(work, s.os+"-"+s.arch, s.binary())
		if err := r.build(s, path); err != nil {
			return err
		}
		binaries[s] = path
		name, data, err := r.archive(s, path, common)
		if err != nil {
			return err
		}
		made[name] = data
	}
	if made["restlua_"+r.version+"_sbom.cdx.json"], err = r.sbom(binaries[chosen[0]]); err != nil {
		return err
	}
	image, err := r.image(binaries)
	if err != nil {
		return err
	}
	if image != nil {
		made["restlua_"+r.version+"_oci.tar"] = image
	}
	made["SHA256SUMS"] = checksums(made)
	for name, data := range made {
		if err := os.WriteFile(filepath.Join(out, name), data, 0o644); err != nil {
			return err
		}
	}
	_, err = os.Stdout.Write(made["SHA256SUMS"])
	return err
}

func choose(only string) ([]system, error) {
	if only == "" {
		return systems[:], nil
	}
	var chosen []system
	for _, name := range strings.Split(only, ",") {
		found := false
		for _, s := range systems {
			if s.String() == name {
				chosen, found = append(chosen, s), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no release for %q; there are %v", name, systems)
		}
	}
	return chosen, nil
}

// identify finds the repository, its commit's time and the version.
func (r *release) identify() error {
	root, err := run("", nil, "git", "rev-parse", "--show-toplevel")
	if err != nil {
		return err
	}
	r.root = strings.TrimSpace(string(root))
	changes, err := run(r.root, nil, "git", "status", "--porcelain")
	if err != nil {
		return err
	}
	if len(changes) > 0 && !r.dirty {
		return errors.New("there are changes that are not committed; nobody could make this release again (-dirty allows it)")
	}
	seconds, err := run(r.root, nil, "git", "log", "-1", "--format=%ct")
	if err != nil {
		return err
	}
	at, err := strconv.ParseInt(strings.TrimSpace(string(seconds)), 10, 64)
	if err != nil {
		return fmt.Errorf("the time of the commit: %w", err)
	}
	r.at = time.Unix(at, 0).UTC()
	text, err := os.ReadFile(filepath.Join(r.root, "engine", "run.go"))
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(string(text), "const Version = \"")
	version, _, ok := strings.Cut(rest, "\"")
	if !ok {
		return errors.New("engine/run.go does not say the version")
	}
	r.version = version
	return nil
}

// build makes the program for one system. Nothing of this machine goes into it.
func (r *release) build(s system, path string) error {
	env := []string{"CGO_ENABLED=0", "GOOS=" + s.os, "GOARCH=" + s.arch, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=", "GOWORK=off"}
	_, err := run(r.root, env, "go", "build", "-trimpath", "-buildvcs=true", "-ldflags=-s -w", "-o", path, "./cmd/restlua")
	return err
}

// run runs a command and returns what it printed.
func run(dir string, env []string, name string, args ...string) ([]byte, error) {
	c := exec.Command(name, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), env...)
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, errs.Bytes())
	}
	return out, nil
}
