package console

import (
	"regexp"
	"slices"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/rawjson"
	"github.com/restlua/restlua/lua"
)

var chainRE = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*(\[[0-9]+\])?((\.)[A-Za-z_][A-Za-z0-9_]*(\[[0-9]+\])?)*\.?$`)

// Complete lists how the last word of an input may go on: what stands before
// it, and the whole words.
func (s *Session) Complete(input string) (before string, words []string) {
	chain := chainRE.FindString(input)
	if chain == "" && input != "" {
		return input, nil
	}
	path, word := "", chain
	if i := strings.LastIndexByte(chain, '.'); i >= 0 {
		path, word = chain[:i], chain[i+1:]
	}
	var keys []string
	if path == "" {
		keys = s.keys(s.tool.LState().G.Global)
	} else if v, err := s.tool.Eval(s.ctx, evalTimeout, "input", path); err == nil {
		keys = s.keys(v)
	}
	for _, k := range keys {
		if strings.HasPrefix(k, word) {
			words = append(words, k)
		}
	}
	return input[:len(input)-len(word)], words
}

var nameRE = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// keys are the names that may follow a value and a dot, sorted.
func (s *Session) keys(v glua.LValue) []string {
	var out []string
	add := func(k string) {
		if nameRE.MatchString(k) {
			out = append(out, k)
		}
	}
	switch v := v.(type) {
	case *glua.LTable:
		for k, _ := v.Next(glua.LNil); k != glua.LNil; k, _ = v.Next(k) {
			if name, ok := k.(glua.LString); ok {
				add(string(name))
			}
		}
	case *glua.LUserData:
		if v == s.tool.LState().GetGlobal("response") {
			for _, c := range lua.Classes() {
				for _, f := range c.Fields {
					if c.Name == "response" {
						add(f.Name)
					}
				}
			}
			break
		}
		raw, err := s.tool.JSON(v)
		if err != nil || len(raw) == 0 || raw[0] != '{' {
			return nil
		}
		err = rawjson.Fields(raw, func(key, _ []byte) bool {
			if name, err := rawjson.Unquote(key); err == nil {
				add(name)
			}
			return true
		})
		if err != nil {
			return nil
		}
	}
	slices.Sort(out)
	return out
}
