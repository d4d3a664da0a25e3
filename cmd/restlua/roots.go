package main

import (
	"crypto/x509"
	"sync"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// trustRoots gives the root certificates to a process whose system has none, in
// a container say. It is called before what may ask an API: to look whether the
// system has any costs 4 ms, more than the rest of many commands.
var trustRoots = sync.OnceFunc(func() {
	pool := x509.NewCertPool()
	for root := range bundle.Roots() {
		c, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			continue // the others still serve
		}
		if root.Constraint != nil {
			pool.AddCertWithConstraint(c, root.Constraint)
			continue
		}
		pool.AddCert(c)
	}
	x509.SetFallbackRoots(pool)
})
