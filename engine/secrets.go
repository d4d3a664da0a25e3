package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/restlua/restlua/engine/hook"
)

// SecretsFile looks a secret up in the environment ("github.token" is
// GITHUB__TOKEN), then in the TOML file at path. An empty path means
// ./secrets.toml and then secrets.toml in restlua's folder of the user's
// configuration; files that are not there are passed over, but not a path that
// was given. Files are read at the first question, once.
func SecretsFile(path string) hook.Lookup { return lookup(files(path, "secrets.toml")) }

// ConfigFile looks a setting up in set (by dotted path), then in the
// environment, then in the TOML file at path, in the manner of SecretsFile with
// the file name config.toml.
func ConfigFile(path string, set map[string]string) hook.Lookup {
	below := lookup(files(path, "config.toml"))
	set = maps.Clone(set)
	return func(path string) (any, bool, []string, error) {
		if v, ok := set[path]; ok {
			return v, true, nil, nil
		}
		v, ok, places, err := below(path)
		return v, ok, append([]string{"--set " + path + "=..."}, places...), err
	}
}

// SecretsMap gives the secrets of a map by dotted path, and nothing else.
func SecretsMap(m map[string]string) hook.Lookup {
	m = maps.Clone(m)
	return func(path string) (any, bool, []string, error) {
		if v, ok := m[path]; ok {
			return v, true, nil, nil
		}
		return nil, false, []string{"the secrets that the program gave"}, nil
	}
}

// SecretsWarnings says which of the files that SecretsFile(path) reads can be
// read by other users of the machine.
func SecretsWarnings(path string) []string {
	if runtime.GOOS == "windows" {
		return nil // permissions are no bits there
	}
	var warnings []string
	for _, f := range files(path, "secrets.toml") {
		if info, err := os.Stat(f.path); err == nil && info.Mode().Perm()&0o044 != 0 {
			warnings = append(warnings, fmt.Sprintf("%s can be read by other users (hint: chmod 600 %s)", f.path, f.path))
		}
	}
	return warnings
}

// settingsFile is a TOML file that a lookup reads when it is first asked.
type settingsFile struct {
	path   string
	needed bool // it was named, so it must be there
	once   sync.Once
	values map[string]any
	text   string
	err    error
}

func files(path, name string) []*settingsFile {
	if path != "" {
		return []*settingsFile{{path: path, needed: true}}
	}
	out := []*settingsFile{{path: name}}
	if dir, err := os.UserConfigDir(); err == nil {
		out = append(out, &settingsFile{path: filepath.Join(dir, "restlua", name)})
	}
	return out
}

func (f *settingsFile) read() (map[string]any, error) {
	f.once.Do(func() {
		text, err := os.ReadFile(f.path)
		if errors.Is(err, fs.ErrNotExist) && !f.needed {
			return
		}
		if err != nil {
			f.err = err
			return
		}
		f.text = string(text)
		if err := toml.Unmarshal(text, &f.values); err != nil {
			f.err = tomlError(f.path, f.text, err)
		}
	})
	return f.values, f.err
}

// tomlError shows the place of a syntax error with a caret. Values are not
// shown: they may be secrets.
func tomlError(path, text string, err error) error {
	var parse toml.ParseError
	if !errors.As(err, &parse) {
		return fmt.Errorf("%s: %w", path, err)
	}
	line, column := parse.Position.Line, max(1, parse.Position.Col)
	lines := strings.Split(text, "\n")
	if line < 1 || line > len(lines) {
		return fmt.Errorf("%s: %s", path, maskQuoted(parse.Message))
	}
	shown := strings.TrimRight(lines[line-1], "\r")
	if i := strings.IndexByte(shown, '='); i >= 0 {
		shown = shown[:i+1] + " ***"
	} else if !strings.HasPrefix(strings.TrimSpace(shown), "[") {
		shown = "***"
	}
	number := fmt.Sprint(line)
	caret := strings.Repeat(" ", len(number)+3+min(column, len(shown)+1)-1)
	return fmt.Errorf("%s:%d:%d: %s\n%s | %s\n%s^", path, line, column, maskQuoted(parse.Message), number, shown, caret)
}

// maskQuoted hides what the parser quotes of the file.
func maskQuoted(message string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(message, `"`)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		_, after, closed := strings.Cut(rest, `"`)
		b.WriteString("***")
		if !closed {
			return b.String()
		}
		message = after
	}
}

// environmentName is the variable that holds the value of a dotted path.
func environmentName(path string) string {
	name := strings.ReplaceAll(strings.ToUpper(path), ".", "__")
	return strings.Map(func(r rune) rune {
		if r == '_' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, name)
}

// lookup asks the environment and then the files, in order.
func lookup(files []*settingsFile) hook.Lookup {
	return func(path string) (any, bool, []string, error) {
		variable := environmentName(path)
		if v := os.Getenv(variable); v != "" { // an empty one is as good as none, as CI systems set them
			return v, true, nil, nil
		}
		places := []string{"environment variable " + variable}
		for _, f := range files {
			values, err := f.read()
			if err != nil {
				return nil, false, nil, err
			}
			if v, ok := dig(values, path); ok {
				return v, true, nil, nil
			}
			places = append(places, f.place(path))
		}
		return nil, false, places, nil
	}
}

// place names the file, and a key of it that may be the one that was meant.
func (f *settingsFile) place(path string) string {
	if f.values == nil {
		return f.path + " (there is no such file)"
	}
	parent, last := "", path
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		parent, last = path[:i], path[i+1:]
	}
	table := f.values
	if parent != "" {
		v, _ := dig(f.values, parent)
		table, _ = v.(map[string]any)
	}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if near(key, last) {
			if parent != "" {
				key = parent + "." + key
			}
			return fmt.Sprintf("%s (it has %s)", f.path, key)
		}
	}
	return f.path
}

// near reports whether two keys differ by case, by - and _, or by one letter.
func near(a, b string) bool {
	plain := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "-", "_") }
	a, b = plain(a), plain(b)
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return i == len(a) || a[i+1:] == b[i+1:] || i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
	}
	return a[i:] == b[i+1:]
}

// dig follows a dotted path through tables.
func dig(values map[string]any, path string) (any, bool) {
	for {
		if v, ok := values[path]; ok {
			return plainValue(v), true
		}
		key, rest, more := strings.Cut(path, ".")
		below, ok := values[key].(map[string]any)
		if !more || !ok {
			return nil, false
		}
		values, path = below, rest
	}
}

// plainValue brings what TOML knows to what a Lookup gives: times become text.
func plainValue(v any) any {
	switch v := v.(type) {
	case string, bool, int64, float64:
		return v
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plainValue(v[i])
		}
		return out
	case []map[string]any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plainValue(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = plainValue(v[k])
		}
		return out
	}
	if t, ok := v.(time.Time); ok {
		switch t.Location().String() {
		case "datetime-local":
			return t.Format("2006-01-02T15:04:05.999999999")
		case "date-local":
			return t.Format(time.DateOnly)
		case "time-local":
			return t.Format("15:04:05.999999999")
		}
		return t.Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v)
}
