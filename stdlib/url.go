package stdlib

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/engine/hook"
)

func urlModule() Module {
	return newModule("url", "URLs (RFC 3986) and their parts.",
		Function{
			Name: "parse", Params: "text: string", Returns: "table",
			Doc: "The parts of a URL: scheme, user, password, host, port (a number), path (decoded), query and fragment; what is not there is nil. " +
				"query is a table of decoded values; a name that stands several times has a list of them.",
			Example: `local u = url.parse("https://api.example:8443/v1/items?page=2&tag=a&tag=b#top")
assert(u.host == "api.example" and u.port == 8443 and u.path == "/v1/items")
assert(u.query.page == "2" and u.query.tag[2] == "b")`,
			run: urlParse,
		},
		Function{
			Name: "build", Params: "parts: table", Returns: "string",
			Doc:     "The URL of parts as url.parse gives them. query may also be text that is encoded already.",
			Example: `assert(url.build{ scheme = "https", host = "api.example", path = "/a b", query = { page = 2 } } == "https://api.example/a%20b?page=2")`,
			run:     urlBuild,
		},
		Function{
			Name: "join", Params: "base: string, reference: string", Returns: "string",
			Doc: "The URL that a reference means on the page base, as a browser sees it (RFC 3986, 5): \"/x\" starts at the host, \"x\" replaces what follows the last slash of base.",
			Example: `assert(url.join("https://api.example/v1/items", "other?page=2") == "https://api.example/v1/other?page=2")
assert(url.join("https://api.example/v1/items", "/v2") == "https://api.example/v2")`,
			run: urlJoin,
		},
		Function{
			Name: "encode", Params: "text: string|number", Returns: "string",
			Doc:     "The text with everything but letters, digits and -._~ as %XX, to stand as one part of a path or query.",
			Example: `assert(url.encode("a b/c&d") == "a%20b%2Fc%26d")`,
			run: func(c *call) int {
				text := c.scalar(1)
				c.bound(3 * len(text))
				return c.pushText(percentEncode(text))
			},
		},
		Function{
			Name: "decode", Params: "text: string", Returns: "string",
			Doc:     "The text with each %XX decoded. A plus sign stays one; url.parse decodes queries, where it is a space.",
			Example: `assert(url.decode("a%20b%2Fc") == "a b/c")`,
			run: func(c *call) int {
				text, err := url.PathUnescape(c.text(1))
				if bad, ok := err.(url.EscapeError); ok {
					c.fail("unexpected %q", string(bad))
				}
				return c.pushText(text)
			},
		},
		Function{
			Name: "query", Params: "params: table", Returns: "string",
			Doc: "The encoded query of a table, names sorted. A list as value gives its name several times; json.null and false stay, as null and false. " +
				"A list of { name, value } pairs keeps its order.",
			Example: `assert(url.query{ page = 2, tag = { "a", "b c" } } == "page=2&tag=a&tag=b%20c")
assert(url.query{ { "z", 1 }, { "a", 2 } } == "z=1&a=2")`,
			run: func(c *call) int {
				if !isTable(c.L.Get(1)) {
					c.failArgument(1, "a table")
				}
				return c.pushText(encodePairs(c.pairs("argument 1", c.L.Get(1))))
			},
		},
	)
}

// parseURL says what is wrong with a URL without naming Go's functions.
func (c *call) parseURL(n int) *url.URL {
	text := c.text(n)
	u, err := url.Parse(text)
	if e, ok := err.(*url.Error); ok {
		c.fail("argument %d: %q is no URL: %v", n, shorten(text), e.Err)
	}
	return u
}

func urlParse(c *call) int {
	u := c.parseURL(1)
	t := c.L.NewTable()
	set := func(name, value string) {
		if value != "" {
			t.RawSetString(name, lua.LString(value))
		}
	}
	set("scheme", u.Scheme)
	set("host", u.Hostname())
	if u.User != nil {
		password, _ := u.User.Password()
		set("user", u.User.Username())
		set("password", password)
	}
	if port, err := strconv.Atoi(u.Port()); err == nil {
		t.RawSetString("port", lua.LNumber(port))
	}
	set("path", u.Path)
	if u.Opaque != "" {
		set("path", u.Opaque)
	}
	set("fragment", u.Fragment)
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		c.fail("argument 1: the query %q is not encoded well", shorten(u.RawQuery))
	}
	if len(values) > 0 {
		t.RawSetString("query", c.queryTable(values))
	}
	c.L.Push(t)
	return 1
}

func (c *call) queryTable(values url.Values) *lua.LTable {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	t := c.L.CreateTable(0, len(names))
	for _, name := range names {
		if v := values[name]; len(v) > 1 {
			t.RawSetString(name, c.list(v))
		} else {
			t.RawSetString(name, lua.LString(v[0]))
		}
	}
	return t
}

func urlBuild(c *call) int {
	parts := c.table(1, "scheme", "user", "password", "host", "port", "path", "query", "fragment")
	u := url.URL{
		Scheme:   parts.text("scheme", ""),
		Host:     parts.text("host", ""),
		Path:     parts.text("path", ""),
		Fragment: parts.text("fragment", ""),
	}
	if strings.Contains(u.Host, ":") && !strings.HasPrefix(u.Host, "[") {
		u.Host = "[" + u.Host + "]" // an IPv6 address, as url.parse gives it
	}
	if port, ok := scalarText(parts.get("port")); ok {
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 {
			c.fail("argument 1: port: expected a number from 1 to 65535, got %q", port)
		}
		u.Host += ":" + port
	}
	if u.Host != "" && u.Path != "" && u.Path[0] != '/' {
		u.Path = "/" + u.Path
	}
	if parts.has("password") {
		u.User = url.UserPassword(parts.text("user", ""), parts.text("password", ""))
	} else if parts.has("user") {
		u.User = url.User(parts.text("user", ""))
	}
	if text, ok := parts.get("query").(lua.LString); ok {
		u.RawQuery = strings.TrimPrefix(string(text), "?")
	} else if parts.has("query") {
		u.RawQuery = encodePairs(c.pairs("argument 1: query", parts.get("query")))
	}
	return c.pushText(u.String())
}

func urlJoin(c *call) int {
	return c.pushText(c.parseURL(1).ResolveReference(c.parseURL(2)).String())
}

// pairs are the names and values of a query or form: of a table with its names
// sorted, of a list of pairs in its order.
func (c *call) pairs(where string, v lua.LValue) []hook.Pair {
	if v == lua.LNil {
		return nil
	}
	if !isTable(v) {
		c.fail("%s: expected a table, got %s", where, kind(v))
	}
	var pairs []hook.Pair
	listed := false
	each(c.L, v, func(key, value lua.LValue) {
		if _, ok := key.(lua.LNumber); ok {
			listed = true
			if !isTable(value) {
				c.fail("%s: expected pairs of name and value, got %s", where, kind(value))
			}
			name, value := c.L.GetTable(value, lua.LNumber(1)), c.L.GetTable(value, lua.LNumber(2))
			pairs = c.appendPair(pairs, where, name, value)
			return
		}
		pairs = c.appendPair(pairs, where, key, value)
	})
	if !listed {
		slices.SortStableFunc(pairs, func(a, b hook.Pair) int { return strings.Compare(a.Name, b.Name) })
	}
	return pairs
}

func (c *call) appendPair(pairs []hook.Pair, where string, key, value lua.LValue) []hook.Pair {
	name, ok := scalarText(key)
	if !ok {
		c.fail("%s: expected pairs of name and value, got %s", where, kind(key))
	}
	if text, ok := scalarText(value); ok {
		return append(pairs, hook.Pair{Name: name, Value: text})
	}
	switch kind(value) {
	case "json.null":
		return append(pairs, hook.Pair{Name: name, Value: "null"})
	case "a table":
		each(c.L, value, func(index, element lua.LValue) {
			text, ok := scalarText(element)
			if _, isList := index.(lua.LNumber); !ok || !isList {
				c.fail("%s: %s: expected text, a number or a list of them", where, name)
			}
			pairs = append(pairs, hook.Pair{Name: name, Value: text})
		})
		return pairs
	}
	c.fail("%s: %s: expected text, a number or a list of them, got %s", where, name, kind(value))
	return nil
}

func encodePairs(pairs []hook.Pair) string {
	var out strings.Builder
	for i, p := range pairs {
		if i > 0 {
			out.WriteByte('&')
		}
		out.WriteString(percentEncode(p.Name))
		out.WriteByte('=')
		out.WriteString(percentEncode(p.Value))
	}
	return out.String()
}

// percentEncode encodes all but the unreserved characters of RFC 3986.
func percentEncode(text string) string {
	const hexDigits = "0123456789ABCDEF"
	var out strings.Builder
	out.Grow(len(text))
	for i := 0; i < len(text); i++ {
		if b := text[i]; unreserved(b) {
			out.WriteByte(b)
		} else {
			out.WriteByte('%')
			out.WriteByte(hexDigits[b>>4])
			out.WriteByte(hexDigits[b&15])
		}
	}
	return out.String()
}

func unreserved(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-' || b == '.' || b == '_' || b == '~'
}
