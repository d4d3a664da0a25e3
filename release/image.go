package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// nobody is the user that the program runs as in a container.
const nobody = "65532:65532"

// image packs the programs for linux as one image for all of their machines: an
// OCI layout in a tar, as `skopeo copy oci-archive:`, `podman load` and `docker
// load` read it. From scratch: the program brings zones and root certificates
// with it. nil: no system is linux.
func (r *release) image(binaries map[system]string) ([]byte, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	any := false
	for _, s := range systems { // in a fixed order
		path, ok := binaries[s]
		if !ok || s.os != "linux" {
			continue
		}
		image, err := r.imageFor(s, path)
		if err != nil {
			return nil, err
		}
		any = true
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: s.os, Architecture: s.arch}}})
	}
	if !any {
		return nil, nil
	}
	dir, err := os.MkdirTemp("", "restlua-image")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	to, err := layout.Write(dir, empty.Index)
	if err != nil {
		return nil, err
	}
	tag := map[string]string{"org.opencontainers.image.ref.name": r.version}
	if err := to.AppendIndex(index, layout.WithAnnotations(tag)); err != nil {
		return nil, err
	}
	var files []file
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		files = append(files, file{name: filepath.ToSlash(name), data: data, mode: 0o644})
		return err
	})
	if err != nil {
		return nil, err
	}
	return r.tarred(files)
}

func (r *release) imageFor(s system, path string) (v1.Image, error) {
	program, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	plain, err := r.tarred([]file{
		{name: "etc/passwd", data: []byte("nobody:x:65532:65532:nobody:/work:/sbin/nologin\n"), mode: 0o644},
		{name: "etc/group", data: []byte("nobody:x:65532:\n"), mode: 0o644},
		{name: "restlua", data: program, mode: 0o755},
		{name: "tmp/", mode: 0o1777},
		{name: "work/", mode: 0o755, owner: 65532},
	})
	if err != nil {
		return nil, err
	}
	packed, err := zipped(plain)
	if err != nil {
		return nil, err
	}
	image, err := mutate.Append(mutate.MediaType(empty.Image, types.OCIManifestSchema1), mutate.Addendum{
		Layer:     static.NewLayer(packed, types.OCILayer),
		History:   v1.History{Created: v1.Time{Time: r.at}, CreatedBy: "release"},
		MediaType: types.OCILayer,
	})
	if err != nil {
		return nil, err
	}
	diff, _, err := v1.SHA256(bytes.NewReader(plain))
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = s.os, s.arch, v1.Time{Time: r.at}
	config.RootFS.DiffIDs = []v1.Hash{diff} // a static layer does not know what it is unpacked
	config.Config = v1.Config{
		Entrypoint: []string{"/restlua"}, User: nobody, WorkingDir: "/work",
		Labels: map[string]string{
			"org.opencontainers.image.title": "restlua", "org.opencontainers.image.version": r.version,
			"org.opencontainers.image.licenses": "Apache-2.0", "org.opencontainers.image.created": r.at.Format(time.RFC3339),
		},
	}
	return mutate.ConfigFile(image, config)
}
