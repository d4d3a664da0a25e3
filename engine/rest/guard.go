package rest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strings"

	"github.com/restlua/restlua/engine/hook"
)

// requestHash is a short hash of a request.
type requestHash [16]byte

// guard notices a series that goes in circles (OPR-20).
type guard struct {
	request requestHash              // of the request under way
	seen    map[requestHash]struct{} // requests of the series
	order   []requestHash            // the same, in the order of asking
	body    bodyHash                 // of the last page with records

	// firstRecords are those of the first page, where a detected page_number
	// has yet to learn whether the API counts from 0 or from 1.
	firstRecords *bodyHash
}

// bodyHash tells one page's body from the next one's: two checksums, which
// processors compute as fast as memory is read, and the length.
type bodyHash struct {
	Length int    `json:"length"`
	A      uint32 `json:"a"`
	B      uint32 `json:"b"`
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func hashBody(b []byte) bodyHash {
	return bodyHash{len(b), crc32.Checksum(b, castagnoli), crc32.ChecksumIEEE(b)}
}

func hashRequest(r *hook.Request) (f requestHash) {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %q %q", r.Method, r.URL, r.Params, r.JSON, r.Body)
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		fmt.Fprintf(h, " %q %q", name, r.Headers[name])
	}
	copy(f[:], h.Sum(nil))
	return f
}

// first notes the request that a series begins with.
func (g *guard) first(r *hook.Request) {
	g.request = hashRequest(r)
	g.seen = map[requestHash]struct{}{}
	g.note(g.request)
}

func (g *guard) note(f requestHash) {
	g.seen[f] = struct{}{}
	g.order = append(g.order, f)
}

// keptSeen is how many of the last requests a snapshot remembers: a series that
// goes in longer circles is noticed one round later.
const keptSeen = 32

// onRepeat says what happens where a series goes in circles.
func (s *Series) onRepeat() string {
	if p := s.r.paginator; p != nil && p.OnRepeat == "stop" {
		return "stop"
	}
	return "error"
}

// repeats reports a page whose body is the last one's again. It does not count.
func (s *Series) repeats(a *received) (bool, error) {
	if len(a.records) == 0 {
		return false, nil
	}
	if again, err := s.firstPageAgain(a); again || err != nil {
		return again, err
	}
	if a.hash != s.guard.body {
		s.guard.body = a.hash
		return false, nil
	}
	if s.onRepeat() == "stop" {
		s.done = true
		return true, nil
	}
	if p := s.r.paginator; p != nil && (p.MaximumPage != nil || p.MaximumOffset != nil) {
		return false, nil // the script says where the end is: it comes, whatever the pages are
	}
	reason := "the API gives the same page again and again"
	if p := s.paginator.param(); p != "" {
		reason = fmt.Sprintf("does the API ignore %q, or repeat its last page?", p)
	}
	return false, fmt.Errorf("paginator %s: this page is the same as the one before it: %s (paginator.on_repeat = \"stop\" ends the series here)", s.kind(), reason)
}

// firstPageAgain recognises an API that counts pages from 1 where the paginator
// was detected (AUTO-18): it was asked for its first page without a number, and
// the answer to page=1 is that page again. It is dropped, and the series goes on
// with page 2 up to and including the total.
func (s *Series) firstPageAgain(a *received) (bool, error) {
	p, ok := s.paginator.(*pageNumber)
	if !ok || s.detected == nil {
		return false, nil
	}
	hash := hashRecords(a.records)
	if s.number == 0 {
		s.guard.firstRecords = &hash
	}
	if s.number != 1 || s.guard.firstRecords == nil || *s.guard.firstRecords != hash {
		return false, nil
	}
	s.guard.firstRecords = nil
	p.base = 1
	if !p.within(p.value, 1) {
		s.done = true
		return true, nil
	}
	p.value++
	s.request = cloneRequest(s.request)
	if err := p.set(s.request, p.value); err != nil {
		return false, err
	}
	return true, s.checkNext()
}

func hashRecords(records [][]byte) (h bodyHash) {
	for _, r := range records {
		h.Length += len(r) + 1
		h.A = crc32.Update(h.A, castagnoli, r)
		h.B = crc32.Update(h.B, crc32.IEEETable, r)
	}
	return h
}

// checkNext looks whether the next request was made before. Numbers that only
// grow cannot repeat.
func (s *Series) checkNext() error {
	switch s.paginator.(type) {
	case *offset, *pageNumber:
		return nil
	}
	f := hashRequest(s.request)
	_, seen := s.guard.seen[f]
	again := f == s.guard.request
	s.guard.request = f
	if !seen {
		s.guard.note(f)
		return nil
	}
	if s.onRepeat() == "stop" {
		s.done = true
		return nil
	}
	when := "earlier in this series"
	if again {
		when = "for this very page"
	}
	return fmt.Errorf("paginator %s: the next request was made already %s: %s (paginator.on_repeat = \"stop\" ends the series here)", s.kind(), when, s.describe(s.request))
}

// describe shows what leads to the next page: the URL, with the parameter or
// body that the paginator sets.
func (s *Series) describe(r *hook.Request) string {
	var b strings.Builder
	b.WriteString(r.Method + " " + s.r.mask(withParams(r)))
	if r.JSON != nil {
		b.WriteString(" with the body " + excerpt(bytes.TrimSpace(r.JSON), 200))
	}
	return b.String()
}
