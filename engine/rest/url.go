package rest

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/restlua/restlua/engine/hook"
)

// joinURL puts path behind base with exactly one slash between them (section
// 4). A path that begins with http:// or https:// stands alone.
func joinURL(base, path string) string {
	lower := strings.ToLower(path[:min(len(path), len("https://"))])
	switch {
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"), base == "":
		return path
	case path == "":
		return base
	}
	return strings.TrimRight(base, "/") + "/" + strings.TrimLeft(path, "/")
}

const (
	hexDigits = "0123456789ABCDEF"
	// urlSigns are the signs of RFC 3986 that stand in URLs as they are.
	urlSigns = "-._~:/?#[]@!$&'()*+,;="
)

// escapeURL escapes what may not stand in a URL and leaves the rest alone, so
// that values in a path may hold slashes, queries and escapes of their own
// (PLH-15): a blank becomes %20, an existing %20 stays, a lone % becomes %25.
func escapeURL(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9',
			strings.IndexByte(urlSigns, c) >= 0,
			c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String()
}

// withoutDots takes "." and ".." out of the path of an absolute URL, as browsers
// and other clients do.
func withoutDots(rawURL string) string {
	if !strings.Contains(rawURL, "/.") {
		return rawURL
	}
	u, err := url.Parse(rawURL)
	if err != nil || !u.IsAbs() {
		return rawURL
	}
	return u.ResolveReference(u).String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// withParams is the URL of a request with its query, for messages.
func withParams(r *hook.Request) string {
	if len(r.Params) == 0 {
		return r.URL
	}
	rest, fragment, hasFragment := strings.Cut(r.URL, "#")
	var b strings.Builder
	b.WriteString(rest)
	sign := byte('?')
	if strings.Contains(rest, "?") {
		sign = '&'
	}
	for _, p := range r.Params {
		b.WriteByte(sign)
		b.WriteString(url.QueryEscape(p.Name) + "=" + url.QueryEscape(p.Value))
		sign = '&'
	}
	if hasFragment {
		b.WriteString("#" + fragment)
	}
	return b.String()
}

// resolveURL resolves a link against the URL of the page that it stands on
// (RFC 3986, section 5). An absolute link is used as it is written.
func resolveURL(page, link string) (string, error) {
	link = escapeURL(strings.TrimSpace(link))
	ref, err := url.Parse(link)
	if err != nil {
		return "", fmt.Errorf("the next URL %q cannot be read", link)
	}
	if ref.IsAbs() {
		if ref.Scheme != "http" && ref.Scheme != "https" || ref.Host == "" {
			return "", fmt.Errorf("the next URL %q is not an http or https URL", link)
		}
		return withoutDots(link), nil
	}
	base, err := url.Parse(page)
	if err != nil {
		return "", fmt.Errorf("the page's URL cannot be read: %w", err)
	}
	base.RawQuery, base.ForceQuery = "", false // never the page's, not even for a link such as #x
	return base.ResolveReference(ref).String(), nil
}
