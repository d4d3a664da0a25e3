package rest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
)

// mask stands where a secret was.
const mask = "***"

// Redactor knows the secrets of a run and masks them in text (OPR-64). It may be
// used from several goroutines.
type Redactor struct {
	mu       sync.Mutex
	secrets  map[string]bool                  // every form that is masked
	replacer atomic.Pointer[strings.Replacer] // of the secrets known so far; nil: none
}

// NewRedactor returns a redactor that knows nothing.
func NewRedactor() *Redactor { return &Redactor{secrets: map[string]bool{}} }

// leastSecret is the length from which a secret is masked wherever it stands: a
// shorter one is part of too many words.
const leastSecret = 4

// Add makes a secret known: as it is, url-encoded, base64-encoded and as JSON
// writes it. A secret of less than 4 bytes is masked only where its name tells,
// in URLs and headers.
func (r *Redactor) Add(secret string) {
	if len(secret) < leastSecret {
		return
	}
	forms := []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawStdEncoding.EncodeToString([]byte(secret)),
		base64.URLEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
	}
	if quoted, err := json.Marshal(secret); err == nil {
		forms = append(forms, string(quoted[1:len(quoted)-1]))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.secrets[secret] {
		return
	}
	for _, f := range forms {
		r.secrets[f] = true
	}
	// A secret may be part of another one: the longest is tried first.
	all := make([]string, 0, len(r.secrets))
	for f := range r.secrets {
		all = append(all, f)
	}
	sort.Slice(all, func(i, j int) bool {
		if len(all[i]) != len(all[j]) {
			return len(all[i]) > len(all[j])
		}
		return all[i] < all[j]
	})
	pairs := make([]string, 0, 2*len(all))
	for _, f := range all {
		pairs = append(pairs, f, mask)
	}
	r.replacer.Store(strings.NewReplacer(pairs...))
}

// Text returns text with every secret masked.
func (r *Redactor) Text(text string) string {
	if p := r.replacer.Load(); p != nil {
		return p.Replace(text)
	}
	return text
}

// Value returns a value as package json decodes it with every secret in its texts
// and names masked.
func (r *Redactor) Value(value any) any {
	switch v := value.(type) {
	case string:
		return r.Text(v)
	case []any:
		shown := make([]any, len(v))
		for i, x := range v {
			shown[i] = r.Value(x)
		}
		return shown
	case map[string]any:
		shown := make(map[string]any, len(v))
		for k, x := range v {
			shown[r.Text(k)] = r.Value(x)
		}
		return shown
	}
	return value
}

// holds reports whether text has a secret in it.
func (r *Redactor) holds(text string) bool { return r.Text(text) != text }

// secretParams are the query parameters whose values are never shown (RED-01,
// RED-02), in lower case.
var secretParams = map[string]bool{
	"api_key": true, "token": true, "key": true, "access_token": true, "apikey": true, "api-key": true,
	"access-token": true, "secret": true, "password": true, "pwd": true, "client_secret": true,
	"username": true, "client_id": true, "refresh_token": true, "assertion": true, "signature": true,
	"x-amz-signature": true, "x-amz-credential": true, "x-amz-security-token": true, "sig": true,
}

// URL returns a URL with secrets, its user and the values of secret query
// parameters masked (RED-01). The order of the query stays, its values are
// encoded anew (RED-03).
func (r *Redactor) URL(raw string) string {
	head, fragment, hasFragment := strings.Cut(raw, "#")
	head, query, hasQuery := strings.Cut(head, "?")
	if scheme, rest, ok := strings.Cut(head, "://"); ok {
		host, path, slash := strings.Cut(rest, "/")
		if i := strings.LastIndexByte(host, '@'); i >= 0 {
			host = mask + host[i:]
		}
		head = scheme + "://" + host
		if slash {
			head += "/" + path
		}
	}
	var b strings.Builder
	b.WriteString(r.Text(head))
	if hasQuery {
		b.WriteByte('?')
		for i, pair := range strings.Split(query, "&") {
			if i > 0 {
				b.WriteByte('&')
			}
			b.WriteString(r.queryPair(pair))
		}
	}
	if hasFragment {
		b.WriteString("#" + r.Text(fragment))
	}
	return b.String()
}

func (r *Redactor) queryPair(pair string) string {
	name, value, ok := strings.Cut(pair, "=")
	plain, err := url.QueryUnescape(name)
	if err != nil {
		plain = name
	}
	shown := r.queryText(name)
	switch {
	case !ok:
		return shown
	case secretParams[strings.ToLower(plain)]:
		return shown + "=" + mask
	}
	return shown + "=" + r.queryText(value)
}

// queryText masks one encoded name or value; text that cannot be decoded stays
// as it is.
func (r *Redactor) queryText(encoded string) string {
	plain, err := url.QueryUnescape(encoded)
	if err != nil {
		return r.Text(encoded)
	}
	return strings.ReplaceAll(url.QueryEscape(r.Text(plain)), "%2A", "*")
}

// Headers returns a copy of h for people to read: the values of headers that
// carry credentials are masked, secrets in the others too.
func (r *Redactor) Headers(h http.Header) http.Header {
	shown := make(http.Header, len(h))
	for name, values := range h {
		for _, v := range values {
			if credentialHeader(name) {
				v = mask
			}
			shown[name] = append(shown[name], r.Text(v))
		}
	}
	return shown
}

// credentialWords in the name of a header tell that its value is a credential.
var credentialWords = []string{"authorization", "cookie", "token", "secret", "password", "apikey", "api-key", "api_key", "signature", "x-auth", "session"}

// credentialHeader reports whether a header carries a credential by its name.
func credentialHeader(name string) bool {
	name = strings.ToLower(name)
	for _, w := range credentialWords {
		if strings.Contains(name, w) {
			return true
		}
	}
	return strings.HasSuffix(name, "-key") || name == "key"
}
