package stdlib

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

func reModule() Module {
	m := newModule("re", "Regular expressions in the syntax of RE2, which takes time in proportion to the text, whatever the pattern.",
		Function{
			Name: "match", Params: "text: string, pattern: string", Returns: "string?...",
			Doc: "The groups of the first match, or the whole match if the pattern has no groups, as string.match gives them; nil if there is none.",
			Example: `local year, month = re.match("on 2024-02-01", "(\\d+)-(\\d+)")
assert(year == "2024" and month == "02")
assert(re.match("abc", "\\d") == nil)`,
			run: reMatch,
		},
		Function{
			Name: "find", Params: "text: string, pattern: string", Returns: "re.Match?",
			Doc: "The first match, or nil.",
			Example: `local m = re.find("id=42;", "id=(?P<id>\\d+)")
assert(m.text == "id=42" and m.first == 1 and m.last == 5 and m[1] == "42" and m.id == "42")`,
			run: reFind,
		},
		Function{
			Name: "find_all", Params: "text: string, pattern: string, limit?: integer", Returns: "re.Match[]",
			Doc: "All matches that do not overlap, at most limit of them.",
			Example: `local all = re.find_all("a1 b22", "[a-z](\\d+)")
assert(#all == 2 and all[2].text == "b22" and all[2][1] == "22")`,
			run: reFindAll,
		},
		Function{
			Name: "replace", Params: "text: string, pattern: string, replacement: string|function, limit?: integer", Returns: "string",
			Doc: "The text with its matches replaced, all or the first limit of them. In a replacement text $1 and ${name} are groups and $$ is a dollar sign; " +
				"a function gets the match and returns the text, or nil to leave it as it is.",
			Example: `assert(re.replace("John Smith", "(\\w+) (\\w+)", "$2, $1") == "Smith, John")
assert(re.replace("a1b2", "\\d", function(m) return "<" .. m.text .. ">" end) == "a<1>b<2>")`,
			run: reReplace,
		},
		Function{
			Name: "split", Params: "text: string, pattern: string, limit?: integer", Returns: "string[]",
			Doc: "The pieces of the text between the matches; with a limit at most so many, the last of which is the rest.",
			Example: `local parts = re.split("a, b ;c", "\\s*[,;]\\s*")
assert(#parts == 3 and parts[2] == "b")`,
			run: reSplit,
		},
	)
	m.Classes = []Class{{
		Name: "re.Match",
		Doc:  "A match: a table that also has named groups (?P<name>...) by their names. A group that took no part is nil.",
		Fields: []Field{
			{"text", "string", "The whole match."},
			{"first", "integer", "The place of its first byte, from 1."},
			{"last", "integer", "The place of its last byte; first - 1 for an empty match."},
			{"[integer]", "string?", "The groups, from 1."},
		},
	}}
	return m
}

func reMatch(c *call) int {
	text := c.text(1)
	loc := c.pattern(2).find(c, text, 0)
	if loc == nil {
		c.L.Push(lua.LNil)
		return 1
	}
	if len(loc) == 2 {
		return c.pushText(text[loc[0]:loc[1]])
	}
	for i := 2; i < len(loc); i += 2 {
		c.L.Push(group(text, loc, i/2))
	}
	return len(loc)/2 - 1
}

func group(text string, loc []int, n int) lua.LValue {
	if loc[2*n] < 0 {
		return lua.LNil
	}
	return lua.LString(text[loc[2*n]:loc[2*n+1]])
}

// matchTable makes the table of one match.
func (c *call) matchTable(p *pattern, text string, loc []int) *lua.LTable {
	t := c.L.CreateTable(len(loc)/2-1, 3)
	t.RawSetString("text", lua.LString(text[loc[0]:loc[1]]))
	t.RawSetString("first", lua.LNumber(loc[0]+1))
	t.RawSetString("last", lua.LNumber(loc[1]))
	for n, name := range p.re.SubexpNames() {
		if n == 0 {
			continue
		}
		t.RawSetInt(n, group(text, loc, n))
		if name != "" {
			t.RawSetString(name, group(text, loc, n))
		}
	}
	return t
}

func reFind(c *call) int {
	text, p := c.text(1), c.pattern(2)
	loc := p.find(c, text, 0)
	if loc == nil {
		c.L.Push(lua.LNil)
		return 1
	}
	c.L.Push(c.matchTable(p, text, loc))
	return 1
}

func reFindAll(c *call) int {
	text, p := c.text(1), c.pattern(2)
	limit := c.optInteger(3, 0, maxMatches, maxMatches)
	groups := p.re.NumSubexp() + 1
	t := c.L.NewTable()
	for loc := range p.all(c, text) {
		if t.Len() == limit && !c.missing(3) {
			break
		}
		if t.Len() >= maxMatches/groups {
			c.fail("more than %d matches; give a limit", maxMatches/groups)
		}
		t.Append(c.matchTable(p, text, loc))
	}
	c.L.Push(t)
	return 1
}

func reReplace(c *call) int {
	text, p := c.text(1), c.pattern(2)
	replacement := c.L.Get(3)
	template, isText := replacement.(lua.LString)
	if _, isFunction := replacement.(*lua.LFunction); !isText && !isFunction {
		c.failArgument(3, "text or a function")
	}
	limit := c.optInteger(4, 0, maxText, maxText+1)
	groups := strings.Count(string(template), "$")
	var out []byte
	end := 0
	for loc := range p.all(c, text) {
		if limit == 0 {
			break
		}
		limit--
		out = append(out, text[end:loc[0]]...)
		if isText {
			// Each group is at most as long as the match.
			c.bound(len(out) + len(template) + groups*(loc[1]-loc[0]))
			out = p.re.ExpandString(out, string(template), text, loc)
		} else {
			out = append(out, c.replaced(p, text, loc)...)
		}
		end = loc[1]
		c.bound(len(out))
	}
	c.bound(len(out) + len(text) - end)
	return c.pushText(string(append(out, text[end:]...)))
}

// replaced asks the function in argument 3 what stands for a match.
func (c *call) replaced(p *pattern, text string, loc []int) string {
	c.L.Push(c.L.Get(3))
	c.L.Push(c.matchTable(p, text, loc))
	c.L.Call(1, 1)
	v := c.L.Get(-1)
	c.L.Pop(1)
	if v == lua.LNil {
		return text[loc[0]:loc[1]]
	}
	s, ok := scalarText(v)
	if !ok {
		c.fail("argument 3: the function must return text or nil, got %s", kind(v))
	}
	return s
}

func reSplit(c *call) int {
	text, p := c.text(1), c.pattern(2)
	limit := c.optInteger(3, 1, maxMatches, maxMatches+1)
	var parts []string
	start := 0
	for loc := range p.all(c, text) {
		if loc[1] == 0 || loc[0] == len(text) && loc[0] == loc[1] {
			continue // nothing at either end parts nothing
		}
		if len(parts) == limit-1 {
			break
		}
		parts = append(parts, text[start:loc[0]])
		start = loc[1]
	}
	parts = append(parts, text[start:])
	if len(parts) > maxMatches {
		c.fail("more than %d pieces; give a limit", maxMatches)
	}
	c.L.Push(c.list(cloneShort(parts, len(text))))
	return 1
}

// cloneShort copies pieces of a long text, so that keeping one does not keep
// the whole.
func cloneShort(parts []string, whole int) []string {
	if whole < 4096 {
		return parts
	}
	for i, p := range parts {
		parts[i] = strings.Clone(p)
	}
	return parts
}
