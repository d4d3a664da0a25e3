package main

import (
	"crypto/x509"
	"testing"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// Every root certificate that the binary brings can be read.
func TestRoots(t *testing.T) {
	t.Parallel()
	n := 0
	for root := range bundle.Roots() {
		if _, err := x509.ParseCertificate(root.Certificate); err != nil {
			t.Error(err)
		}
		n++
	}
	if n < 100 {
		t.Errorf("%d certificates, want those of all authorities", n)
	}
	trustRoots()
	trustRoots() // another command of the same process
}
