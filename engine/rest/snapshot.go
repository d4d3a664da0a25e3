package rest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/restlua/restlua/engine/config"
)

// snapshot is a series between two pages, as JSON.
type snapshot struct {
	Started   bool              `json:"started,omitempty"` // false: nothing was asked yet
	Page      int               `json:"page"`
	Records   int64             `json:"records"`
	Done      bool              `json:"done,omitempty"`
	Selected  bool              `json:"selected,omitempty"`
	Names     []string          `json:"names,omitempty"` // of a detected selector
	Detected  *config.Paginator `json:"detected,omitempty"`
	Paginator json.RawMessage   `json:"paginator,omitempty"`
	Seen      []byte            `json:"seen,omitempty"` // hashes of requests, one behind the other
	Body      bodyHash          `json:"body"`
	First     *bodyHash         `json:"first,omitempty"`
	Restart   *savedRestart     `json:"restart,omitempty"`
	Part      int64             `json:"part,omitempty"` // records given out of the response under way
}

// Snapshot returns what a series of the same resource and binding needs to go
// on behind the page that Next returned last, as JSON. ok is false where it
// cannot go on elsewhere: after an error, where the state of a custom paginator
// is no JSON, or where the next request has a secret in it that the API or a
// function put there, as snapshots are kept in files.
func (s *Series) Snapshot() (text []byte, ok bool) {
	if s.err != nil {
		return nil, false
	}
	if !s.started {
		return []byte("{}"), true
	}
	x := snapshot{
		Started: true, Page: s.number, Records: s.records, Done: s.done, Detected: s.detected, Body: s.guard.body,
		First: s.guard.firstRecords,
	}
	if s.open != nil {
		// The same request is made again, whose page must not pass for a repeated one.
		x.Part, x.Body = s.open.before, bodyHash{}
	}
	if s.paginator != nil {
		var ok bool
		if x.Paginator, ok = s.paginator.save(); !ok {
			return nil, false
		}
	}
	if s.r.selection.detected() && s.selected {
		x.Selected, x.Names = true, s.selection.names
	}
	seen := s.guard.order[max(0, len(s.guard.order)-keptSeen):]
	x.Seen = make([]byte, 0, len(seen)*len(requestHash{}))
	for _, f := range seen {
		x.Seen = append(x.Seen, f[:]...)
	}
	if s.restart != nil {
		x.Restart = s.restart.save()
	}
	text, err := json.Marshal(x)
	return text, err == nil && s.r.hide(string(text)) == string(text)
}

// Restore makes a fresh series go on where the one of the snapshot was.
func (s *Series) Restore(text []byte) (err error) {
	if s.started {
		return errors.New("a series that is under way cannot be restored")
	}
	var x snapshot
	if err := json.Unmarshal(text, &x); err != nil {
		return fmt.Errorf("%s: the saved state of the series cannot be read: %w", s.r.name, err)
	}
	if !x.Started {
		return nil
	}
	if s.paginator == nil && x.Detected != nil {
		if s.paginator, err = s.detectedPaginator(x.Detected); err != nil {
			return fmt.Errorf("%s: %w", s.r.name, err)
		}
		s.detected = x.Detected
	}
	if x.Selected {
		s.selected, s.selection.names = true, x.Names
	}
	size := len(requestHash{})
	if len(x.Seen)%size != 0 {
		return fmt.Errorf("%s: the saved state of the series cannot be read", s.r.name)
	}
	s.guard = guard{seen: make(map[requestHash]struct{}, len(x.Seen)/size), body: x.Body, firstRecords: x.First}
	for hash := range slices.Chunk(x.Seen, size) {
		s.guard.note(requestHash(hash))
	}
	if s.restart != nil && x.Restart != nil {
		s.restart.load(x.Restart)
		if t := s.restart; t.started != nil {
			setParam(s.request, t.rule.param, scalarText(t.started))
		}
	}
	if s.paginator != nil && !x.Done {
		if err := s.paginator.restore(x.Paginator, s.request); err != nil {
			return fmt.Errorf("%s: paginator: %w", s.r.name, err)
		}
	}
	s.guard.request = hashRequest(s.request)
	s.number, s.records, s.done, s.started, s.skip = x.Page, x.Records, x.Done, true, x.Part
	return nil
}
