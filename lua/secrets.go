package lua

import (
	"strings"

	"github.com/restlua/restlua/engine/hook"
)

// secrets remembers what the secrets module handed out, so that the config can
// mark it (Node.Secret).
type secrets struct {
	lookup hook.Lookup
	given  map[string]bool
}

func newSecrets(lookup hook.Lookup) *secrets {
	return &secrets{lookup: lookup, given: map[string]bool{}}
}

// get is the Lookup of modules.
func (s *secrets) get(path string) (value any, ok bool, places []string, err error) {
	value, ok, places, err = s.lookup(path)
	if ok && err == nil {
		s.note(value)
	}
	return value, ok, places, err
}

func (s *secrets) note(v any) {
	switch v := v.(type) {
	case string:
		if v != "" {
			s.given[v] = true
		}
	case []any:
		for _, e := range v {
			s.note(e)
		}
	case map[string]any:
		for _, e := range v {
			s.note(e)
		}
	}
}

// minSecret is how long a secret must be to be found inside other text; a
// shorter one would mark words by chance.
const minSecret = 6

// in reports whether text is a secret or contains one.
func (s *secrets) in(text string) bool {
	if s.given[text] {
		return true
	}
	for secret := range s.given {
		if len(secret) >= minSecret && strings.Contains(text, secret) {
			return true
		}
	}
	return false
}
