package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/restlua/restlua/engine"
)

// lineHandler writes records as lines for people: "restlua: issues: page 2 ...".
// The engine's messages become sentences; what progress and report show anyway is
// left out.
type lineHandler struct {
	t         *terminal
	level     slog.Level // the least that is shown
	resources bool       // the end of each resource is shown
	attrs     []slog.Attr
	group     string // in front of the names of attributes
}

func (h *lineHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

func (h *lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.attrs = slices.Clone(h.attrs)
	for _, a := range attrs {
		with.attrs = appendFlat(with.attrs, h.group, a)
	}
	return &with
}

func (h *lineHandler) WithGroup(name string) slog.Handler {
	with := *h
	if name != "" {
		with.group += name + "."
	}
	return &with
}

func (h *lineHandler) Handle(_ context.Context, r slog.Record) error {
	attrs := slices.Clone(h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		attrs = appendFlat(attrs, h.group, a)
		return true
	})
	v := valuesOf(attrs)
	if v.text("from") != "script" {
		if sentence, ok := sentences[r.Message]; ok {
			if text := sentence(v); text != "" && (h.resources || r.Message != engine.LogResourceDone) {
				h.t.lines(text)
			}
			return nil
		}
	}
	text := r.Message
	for _, a := range attrs {
		if a.Key != "resource" && a.Key != "from" {
			text += " " + strings.TrimPrefix(a.Key, "fields.") + "=" + inWords(a.Value)
		}
	}
	text = named(v.text("resource"), text)
	switch {
	case r.Level >= slog.LevelError:
		text = "error: " + text
	case r.Level >= slog.LevelWarn:
		text = "warning: " + text
	}
	h.t.lines(text)
	return nil
}

// inWords is a value as text: lists and tables as JSON.
func inWords(v slog.Value) string {
	if v.Kind() == slog.KindAny {
		switch reflect.ValueOf(v.Any()).Kind() {
		case reflect.Map, reflect.Slice:
			if text, err := json.Marshal(v.Any()); err == nil {
				return string(text)
			}
		}
	}
	return v.String()
}

// appendFlat appends an attribute, or those of a group with its name in front.
func appendFlat(attrs []slog.Attr, prefix string, a slog.Attr) []slog.Attr {
	a.Value = a.Value.Resolve()
	if a.Equal(slog.Attr{}) {
		return attrs
	}
	if a.Value.Kind() != slog.KindGroup {
		return append(attrs, slog.Attr{Key: prefix + a.Key, Value: a.Value})
	}
	if a.Key != "" {
		prefix += a.Key + "."
	}
	for _, inner := range a.Value.Group() {
		attrs = appendFlat(attrs, prefix, inner)
	}
	return attrs
}

// values are the attributes of one record by name.
type values map[string]slog.Value

func valuesOf(attrs []slog.Attr) values {
	v := make(values, len(attrs))
	for _, a := range attrs {
		v[a.Key] = a.Value
	}
	return v
}

// text is an attribute as text; empty where there is none.
func (v values) text(name string) string {
	if x, ok := v[name]; ok {
		return x.String()
	}
	return ""
}

// number is an attribute that is a whole number; 0 where there is none.
func (v values) number(name string) int64 {
	if x := v[name]; x.Kind() == slog.KindInt64 {
		return x.Int64()
	}
	return 0
}

func (v values) duration(name string) time.Duration {
	if x := v[name]; x.Kind() == slog.KindDuration {
		return x.Duration()
	}
	return 0
}

// sentences are the engine's messages in words; empty ones are not shown.
var sentences = map[string]func(v values) string{
	engine.LogBegan:   nothing,
	engine.LogResumed: resumed,
	engine.LogRequest: func(v values) string {
		what := v.text("status") + ", " + size(v.number("bytes"))
		if failed := v.text("error"); failed != "" {
			what = failed
		}
		line := fmt.Sprintf("%s %s: %s in %s", v.text("method"), v.text("url"), what, human(v.duration("elapsed")))
		return strings.Join(append([]string{named(v.text("resource"), line)}, requestDetails(v)...), "\n")
	},
	engine.LogRetry: func(v values) string {
		return named(v.text("resource"), fmt.Sprintf("attempt %s: %s; next in %s: %s", v.text("attempt"), v.text("reason"), human(v.duration("wait")), v.text("url")))
	},
	engine.LogDetected: func(v values) string { return named(v.text("resource"), "detected "+v.text("found")) },
	engine.LogPage: func(v values) string {
		return fmt.Sprintf("%s: page %s: %s, %s so far", v.text("resource"), v.text("page"), count(v.number("records"), "record"), count(v.number("rows"), "row"))
	},
	engine.LogResourceDone: func(v values) string {
		return fmt.Sprintf("%s: %s, %s, %s in %s", v.text("resource"), count(v.number("pages"), "page"), count(v.number("rows"), "row"), size(v.number("bytes")), human(v.duration("elapsed")))
	},
	engine.LogFailure:   nothing,
	engine.LogCommitted: nothing,
	engine.LogDryRun:    nothing,
	engine.LogFailed:    nothing,
	logProgressed: func(v values) string {
		parts := []string{count(v.number("pages"), "page"), count(v.number("rows"), "row")}
		if r := perSecond(v.number("rows_per_second")); r != "" {
			parts = append(parts, r)
		}
		parts = append(parts, size(v.number("bytes")))
		if d := v.duration("waiting"); d > 0 {
			parts = append(parts, "waiting "+human(d))
		}
		return v.text("resource") + ": " + strings.Join(parts, ", ")
	},
}

func nothing(values) string { return "" }

// resumed says where a load goes on (OPR-41): "resuming load of 10:02: issues
// from page 41 (4,000 rows kept)".
func resumed(v values) string {
	pages, _ := v["pages"].Any().(map[string]int64)
	rows, _ := v["rows"].Any().(map[string]int64)
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		parts = append(parts, fmt.Sprintf("%s from page %s (%s kept)", name, group(pages[name]+1), count(rows[name], "row")))
	}
	started, _ := v["started_at"].Any().(time.Time)
	return fmt.Sprintf("resuming load of %s: %s", started.Local().Format("15:04"), strings.Join(parts, ", "))
}

// requestDetails are headers and the beginning of the body, where the engine was
// asked for them.
func requestDetails(v values) []string {
	var lines []string
	for _, h := range []struct{ mark, name string }{{">", "request_headers"}, {"<", "response_headers"}} {
		headers, _ := v[h.name].Any().(http.Header)
		for _, name := range slices.Sorted(maps.Keys(headers)) {
			for _, value := range headers[name] {
				lines = append(lines, printable("  "+h.mark+" "+name+": "+value))
			}
		}
	}
	body := v.text("body")
	if body == "" {
		return lines
	}
	for line := range strings.SplitSeq(strings.TrimRight(body, "\r\n"), "\n") {
		lines = append(lines, printable("  "+strings.TrimRight(line, "\r")))
	}
	return lines
}
