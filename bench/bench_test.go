package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// The data sets must be what performance.md describes, or ratios mean nothing.
func TestRecords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		record   func(*strings.Builder, int)
		min, max int
	}{{"issues", issue, 2000, 2600}, {"small", small, 130, 190}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			total := 0
			for i := range 500 {
				var b strings.Builder
				c.record(&b, i)
				if !json.Valid([]byte(b.String())) {
					t.Fatalf("record %d is no JSON: %s", i, b.String())
				}
				total += b.Len()
			}
			if mean := total / 500; mean < c.min || mean > c.max {
				t.Errorf("mean size %d B, want %d to %d", mean, c.min, c.max)
			}
		})
	}
}
