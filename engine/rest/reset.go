package rest

import (
	"bytes"
	"context"
	"fmt"
	"math/big"
	"strings"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/jsonpath"
	"github.com/restlua/restlua/engine/rawjson"
)

// resetRule is paginator.reset made ready (OPR-21): for APIs that end at N
// results, the series starts again from the largest value seen.
type resetRule struct {
	after int64
	path  *jsonpath.Path
	param string
}

func newResetRule(r *config.PaginatorReset) (*resetRule, error) {
	if r == nil {
		return nil, nil
	}
	if r.AfterRecords <= 0 || r.StartParam == "" {
		return nil, fmt.Errorf("after_records (over 0), cursor_path and start_param are needed")
	}
	path, err := jsonpath.Parse(r.CursorPath)
	if err != nil {
		return nil, fmt.Errorf("cursor_path: %w", err)
	}
	return &resetRule{r.AfterRecords, path, r.StartParam}, nil
}

// restart is the state of a reset rule in one series.
type restart struct {
	rule    *resetRule
	count   int64  // records as received since the last start
	largest []byte // value seen, JSON text; nil: none
	started []byte // value that the series started from last; nil: none
	// edge are the records at the largest value: an API whose start parameter
	// includes the value itself gives them again.
	edge map[bodyHash]struct{}
}

// look notes the records of a page and drops those that stood at the border
// before the last start.
func (t *restart) look(records [][]byte) ([][]byte, error) {
	kept := records[:0]
	for _, r := range records {
		t.count++
		value, ok := t.rule.path.First(r)
		if !ok || rawjson.IsNull(value) {
			return nil, fmt.Errorf("paginator.reset: the field %q is not in the record %s", t.rule.path, excerpt(r, 200))
		}
		order := 1
		if t.largest != nil {
			var err error
			if order, err = compareScalars(value, t.largest); err != nil {
				return nil, fmt.Errorf("paginator.reset: field %q: %w", t.rule.path, err)
			}
		}
		hash := hashRecords([][]byte{r})
		switch {
		case order > 0:
			t.largest, t.edge = bytes.Clone(value), map[bodyHash]struct{}{hash: {}}
		case order == 0:
			if _, again := t.edge[hash]; again && t.started != nil {
				continue
			}
			t.edge[hash] = struct{}{}
		}
		kept = append(kept, r)
	}
	return kept, nil
}

// due reports whether the API has given as many records as it ever does.
func (t *restart) due() bool { return t.count >= t.rule.after }

// startAgain makes the series ask from the largest value on.
func (s *Series) startAgain(ctx context.Context) (err error) {
	t := s.restart
	if t.started != nil && bytes.Equal(t.started, t.largest) {
		return fmt.Errorf("paginator.reset: %d records came with the same value %s of %q, so the series cannot get past it", t.count, excerpt(t.largest, 60), t.rule.path)
	}
	t.started, t.count = t.largest, 0
	if s.request, err = s.scope.first(); err != nil {
		return err
	}
	setParam(s.request, t.rule.param, scalarText(t.largest))
	if err := s.paginator.start(ctx, s.request); err != nil {
		return err
	}
	return s.checkNext()
}

// savedRestart is a restart in a snapshot.
type savedRestart struct {
	Count   int64      `json:"count"`
	Largest []byte     `json:"largest,omitempty"`
	Started []byte     `json:"started,omitempty"`
	Edge    []bodyHash `json:"edge,omitempty"`
}

func (t *restart) save() *savedRestart {
	x := &savedRestart{Count: t.count, Largest: t.largest, Started: t.started}
	for h := range t.edge {
		x.Edge = append(x.Edge, h)
	}
	return x
}

func (t *restart) load(x *savedRestart) {
	t.count, t.largest, t.started, t.edge = x.Count, x.Largest, x.Started, map[bodyHash]struct{}{}
	for _, h := range x.Edge {
		t.edge[h] = struct{}{}
	}
}

// compareScalars orders two numbers by value, or two texts by code point.
func compareScalars(a, b []byte) (int, error) {
	if a[0] == '"' && b[0] == '"' {
		return strings.Compare(scalarText(a), scalarText(b)), nil
	}
	x, okX := new(big.Rat).SetString(string(a))
	y, okY := new(big.Rat).SetString(string(b))
	if !okX || !okY {
		return 0, fmt.Errorf("%s and %s cannot be compared", excerpt(a, 60), excerpt(b, 60))
	}
	return x.Cmp(y), nil
}
