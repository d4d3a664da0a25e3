package rest

import (
	"context"
	"strings"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

// headerLink follows the link of one relation in the Link header (RFC 8288):
//
//	Link: <https://api.example.com/items?page=2>; rel="next", </items?page=9>; rel="last"
type headerLink struct {
	linked
	rel string
}

func newHeaderLink(p *config.Paginator, _ hook.World) (paginator, error) {
	return &headerLink{rel: p.LinksNextKey}, nil
}

func (h *headerLink) next(_ context.Context, r *hook.Request, p *received) (bool, error) {
	link := findLink(p.response.Headers.Values("Link"), h.rel)
	if link == "" {
		return false, nil
	}
	return true, h.follow(r, p.url, link)
}

// findLink returns the target of the last link with the relation rel; names of
// relations are compared without regard to case.
func findLink(headers []string, rel string) (target string) {
	for _, h := range headers {
		for rest := h; rest != ""; {
			var l link
			var ok bool
			if l, rest, ok = parseLink(rest); !ok {
				break
			}
			for _, name := range strings.Fields(l.rel) {
				if strings.EqualFold(name, rel) {
					target = l.target
				}
			}
		}
	}
	return target
}

// link is one entry of a Link header.
type link struct{ target, rel string }

const blanks = " \t"

// parseLink reads the first entry of a Link header by RFC 8288, appendix B.2:
// the target may hold commas and semicolons, parameter values may be quoted and
// hold anything, of several rel parameters the first counts. Some APIs forget a
// bracket or both; the target then ends at its first parameter. An entry that
// were passed over would end the pages in silence.
func parseLink(s string) (l link, rest string, ok bool) {
	s = strings.TrimLeft(s, blanks+",")
	if s == "" {
		return l, "", false
	}
	end := strings.IndexByte(s, '>')
	if s[0] == '<' && end > 0 && !strings.Contains(s[1:end], "<") {
		l.target, s = strings.TrimSpace(s[1:end]), strings.TrimLeft(s[end+1:], blanks)
	} else {
		if end = strings.IndexAny(s, ";,"); end < 0 {
			return l, "", false
		}
		l.target, s = strings.Trim(s[:end], blanks+"<>"), s[end:]
	}
	hasRel := false
	for strings.HasPrefix(s, ";") {
		var name, value string
		name, value, s = parseLinkParam(strings.TrimLeft(s[1:], blanks))
		if !hasRel && strings.EqualFold(name, "rel") {
			l.rel, hasRel = value, true
		}
	}
	// What stands before the next comma belongs to no parameter.
	if comma := strings.IndexByte(s, ','); comma >= 0 {
		return l, s[comma+1:], true
	}
	return l, "", true
}

// parseLinkParam reads `name`, `name=token` or `name="text"`. Some APIs write
// 'text', which is no quoting by the RFC.
func parseLinkParam(s string) (name, value, rest string) {
	end := strings.IndexAny(s, "=;,")
	if end < 0 {
		return strings.Trim(s, blanks), "", ""
	}
	name = strings.Trim(s[:end], blanks)
	if s[end] != '=' {
		return name, "", s[end:]
	}
	s = strings.TrimLeft(s[end+1:], blanks)
	if !strings.HasPrefix(s, `"`) {
		if end = strings.IndexAny(s, ";,"); end < 0 {
			end = len(s)
		}
		return name, strings.Trim(s[:end], blanks+"'"), s[end:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return name, b.String(), strings.TrimLeft(s[i+1:], blanks)
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return name, b.String(), "" // the closing quote is missing
}
