package main

import (
	"bytes"
	"debug/buildinfo"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// sbom lists the parts of a program (CycloneDX 1.6) as the linker noted them in
// it: they are the same for all systems.
func (r *release) sbom(path string) ([]byte, error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return nil, err
	}
	const self = "pkg:golang/github.com/restlua/restlua@"
	doc := cdx.NewBOM()
	doc.Metadata = &cdx.Metadata{
		Timestamp: r.at.Format(time.RFC3339),
		Component: &cdx.Component{
			BOMRef: self + r.version, Type: cdx.ComponentTypeApplication, Name: "restlua", Version: r.version, PackageURL: self + r.version,
			Licenses: &cdx.Licenses{{License: &cdx.License{ID: "Apache-2.0"}}},
		},
	}
	std := "pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go")
	parts := []cdx.Component{{
		BOMRef: std, Type: cdx.ComponentTypeLibrary, Name: "std", Version: strings.TrimPrefix(info.GoVersion, "go"), PackageURL: std,
	}}
	refs := []string{std}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		ref := "pkg:golang/" + m.Path + "@" + m.Version
		refs = append(refs, ref)
		// Sum is of the module's tree (go.sum's h1), no digest of a file, so it is
		// a property and no hash.
		parts = append(parts, cdx.Component{
			BOMRef: ref, Type: cdx.ComponentTypeLibrary, Name: m.Path, Version: m.Version, PackageURL: ref,
			Properties: &[]cdx.Property{{Name: "go:sum", Value: m.Sum}},
		})
	}
	doc.Components = &parts
	doc.Dependencies = &[]cdx.Dependency{{Ref: self + r.version, Dependencies: &refs}}
	var out bytes.Buffer
	encoder := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true)
	err = encoder.EncodeVersion(doc, cdx.SpecVersion1_6)
	return out.Bytes(), err
}
