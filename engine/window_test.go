package engine

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/restlua/restlua/engine/config"
)

func testCursor(t *testing.T, inc config.Incremental) *cursor {
	t.Helper()
	if inc.LastValueFunc == "" {
		inc.LastValueFunc = "max"
	}
	inc.CursorPath = "u"
	c, err := newCursor(&config.Resource{Name: "x", Endpoint: &config.Endpoint{Incremental: &inc}}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// OPR-34: a range is cut into windows, in the form in which the cursor's values
// are written.
func TestWindows(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, 1, 10, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, initial, end string
		length             time.Duration
		want               string
	}{
		{"OPR-34 times with Z", `"2024-01-09T00:00:00Z"`, "", 24 * time.Hour, `"2024-01-09T00:00:00Z".."2024-01-10T00:00:00Z" "2024-01-10T00:00:00Z".."2024-01-10T12:00:00Z"`},
		{"OPR-34 dates", `"2024-01-01"`, `"2024-01-15"`, 7 * 24 * time.Hour, `"2024-01-01".."2024-01-08" "2024-01-08".."2024-01-15"`},
		{"OPR-34 an offset stays", `"2024-01-09T00:00:00+02:00"`, `"2024-01-09T02:00:00+02:00"`, time.Hour, `"2024-01-09T00:00:00+02:00".."2024-01-09T01:00:00+02:00" "2024-01-09T01:00:00+02:00".."2024-01-09T02:00:00+02:00"`},
		{"OPR-34 +00:00 stays", `"2024-01-09T00:00:00+00:00"`, `"2024-01-09T01:00:00+00:00"`, time.Hour, `"2024-01-09T00:00:00+00:00".."2024-01-09T01:00:00+00:00"`},
		{"OPR-34 a fraction has six digits", `"2024-01-09T00:00:00.5Z"`, `"2024-01-09T00:00:01Z"`, time.Hour, `"2024-01-09T00:00:00.500000Z".."2024-01-09T00:00:01.000000Z"`},
		{"OPR-34 seconds", `1704067200`, `1704067260`, 30 * time.Second, `1704067200..1704067230 1704067230..1704067260`},
		{"API-23 milliseconds", `1704067200000`, `1704067260000`, 30 * time.Second, `1704067200000..1704067230000 1704067230000..1704067260000`},
		{"OPR-34 a start that is not before now has nothing to ask", `"2025-01-01"`, "", time.Hour, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			inc := config.Incremental{InitialValue: []byte(c.initial), Window: c.length}
			if c.end != "" {
				inc.EndValue = []byte(c.end)
			}
			windows, err := testCursor(t, inc).windows(context.Background(), now)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range windows {
				got = append(got, string(w.Start)+".."+string(w.End))
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("got  %s\nwant %s", s, c.want)
			}
		})
	}
	for name, inc := range map[string]config.Incremental{
		"needs a start":         {Window: time.Hour},
		"is no date":            {Window: time.Hour, InitialValue: []byte(`"abc"`)},
		"a whole number of":     {Window: time.Hour, InitialValue: []byte(`1.5`)},
		"into more than 100000": {Window: time.Second, InitialValue: []byte(`"1990-01-01"`)},
	} {
		if _, err := testCursor(t, inc).windows(context.Background(), now); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if w, err := testCursor(t, config.Incremental{}).windows(context.Background(), now); w != nil || err != nil {
		t.Errorf("without a window: %v, %v", w, err)
	}
}

// Section 17.7 of the source's rules.
func TestLag(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, last, initial, lag, function, want string }{
		{"INC-40 seconds", `"2024-01-05T10:00:00Z"`, `"2024-01-01T00:00:00Z"`, "3600", "max", `"2024-01-05T09:00:00Z"`},
		{"INC-40 days", `"2024-01-05"`, `"2024-01-01"`, "2", "max", `"2024-01-03"`},
		{"INC-40 numbers", "50", "1", "2", "max", "48"},
		{"INC-40 a fraction", `"2024-01-05T10:00:00.5Z"`, `""`, "1", "max", `"2024-01-05T09:59:59.500000Z"`},
		{"INC-40 an offset", `"2024-01-05T10:00:00+02:00"`, `""`, "60", "max", `"2024-01-05T09:59:00+02:00"`},
		{"INC-41 min adds", "30", "99", "5", "min", "35"},
		{"INC-42 not beyond the initial value", "11", "10", "2", "max", "10"},
		{"INC-42 not beyond the initial value, min", "8", "10", "5", "min", "10"},
		{"INC-44 no lag", "50", "1", "0", "max", "50"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			last, err := parseScalar([]byte(c.last))
			if err != nil {
				t.Fatal(err)
			}
			initial, err := parseScalar([]byte(c.initial))
			if err != nil {
				t.Fatal(err)
			}
			got, err := applyLag(&config.Incremental{Lag: []byte(c.lag), LastValueFunc: c.function}, &last, &initial)
			if err != nil {
				t.Fatal(err)
			}
			if string(got.raw) != c.want {
				t.Errorf("got %s, want %s", got.raw, c.want)
			}
		})
	}
	last, _ := parseScalar([]byte(`"abc"`))
	if _, err := applyLag(&config.Incremental{Lag: []byte("1"), LastValueFunc: "max"}, &last, nil); err == nil { // INC-46
		t.Error("text that is no time is moved")
	}
}

// OPR-22.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	d := newDuplicates([]string{"id", "meta.n"})
	for _, r := range []string{`{"id":1,"meta":{"n":1}}`, `{"id":1,"meta":{"n":2}}`, `{"meta":{"n":1},"id":1}`, `{"id":1}`} {
		d.look([]byte(r))
	}
	if got, want := d.remark(), "1 of 3 keys came twice: the data changed while paging, so others may be missing; ask for what does not move: incremental.window, a cursor paginator, or a fixed sort order"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	d.begin()
	d.look([]byte(`{"id":1,"meta":{"n":1}}`))
	if d.twice != 1 {
		t.Error("another series counts anew")
	}
	none := newDuplicates(nil)
	none.begin()
	none.look([]byte(`{}`))
	if none.remark() != "" {
		t.Error("without a key nothing is watched")
	}
}
