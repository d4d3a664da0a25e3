// Package har reads a recording of an API's use (HAR 1.2), as browsers, proxies
// and restlua run --record write it, into draft.API. Requests that differ in
// ids and in the places of pages are one endpoint. Values of credentials never
// leave this package.
package har

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/restlua/restlua/cmd/restlua/internal/draft"
	"github.com/restlua/restlua/engine/har"
)

// Filter says which requests are taken; zero takes those to the host with the
// most JSON.
type Filter struct {
	Host  string
	Paths []string // patterns as draft.MatchPath has them; one has to match
}

// exchange is a request that asked an API for JSON and got it.
type exchange struct {
	har.Exchange
	url  *url.URL
	body []byte
}

// noise are parts of the names of hosts that are not the API that somebody
// wants.
var noise = []string{"google-analytics", "googletagmanager", "doubleclick", "googleapis.com/identitytoolkit", "analytics.", "segment.io", "segment.com", "sentry", "hotjar", "mixpanel", "amplitude", "intercom", "datadoghq", "nr-data", "newrelic", "fullstory", "launchdarkly", "optimizely", "facebook.", "clarity.ms", "bugsnag", "cookielaw", "onetrust", "statsig", "posthog", "telemetry", "metrics.", "beacon"}

// Read reads the recording at path. Errors name the file.
func Read(path string, f Filter) (api *draft.API, warnings []string, err error) {
	all, err := har.Read(path)
	if err != nil {
		return nil, nil, err
	}
	hosts := map[string]int{} // bytes of JSON
	var taken []exchange
	posts := map[string]bool{}
	for _, e := range all {
		x, ok := answered(e)
		if !ok {
			continue
		}
		if e.Method == "GET" {
			hosts[x.url.Host] += len(x.body)
			taken = append(taken, x)
		} else if e.Method == "POST" && hasList(x.body) {
			posts[x.url.Host+" "+x.url.Path] = true
		}
	}
	host, others, err := choose(path, hosts, f.Host, len(all))
	if err != nil {
		return nil, nil, err
	}
	r := &reader{values: map[string][]source{}, secrets: map[string]bool{}}
	for _, x := range taken {
		if x.url.Host == host && draft.MatchPath(f.Paths, x.url.Path) {
			r.all = append(r.all, x)
		}
	}
	slices.SortStableFunc(r.all, func(a, b exchange) int { return a.Started.Compare(b.Started) })
	api = &draft.API{Title: host, Intro: fmt.Sprintf("made from %s, a recording of %s", filepath.Base(path), requests(len(r.all)))}
	if len(others) > 0 {
		api.Notes = append(api.Notes, "The recording has JSON from other hosts too (--host): "+strings.Join(others, ", ")+".")
	}
	r.auth(api)
	r.group()
	r.endpoints(api)
	for at := range posts {
		if h, p, _ := strings.Cut(at, " "); h == host && draft.MatchPath(f.Paths, p) {
			api.Left = append(api.Left, draft.Left{Method: "POST", Path: r.masked(p), Why: "asks with a body: write it by hand (method, json)"})
		}
	}
	return api, nil, nil
}

func requests(n int) string {
	if n == 1 {
		return "1 request"
	}
	return fmt.Sprintf("%d requests", n)
}

// answered is an exchange of the kind that is wanted: an answer in JSON to a
// request that went well.
func answered(e har.Exchange) (exchange, bool) {
	if e.Method != "GET" && e.Method != "POST" || e.Status < 200 || e.Status > 299 {
		return exchange{}, false
	}
	u, err := url.Parse(e.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return exchange{}, false
	}
	for _, n := range noise {
		if strings.Contains(strings.ToLower(u.Host), n) {
			return exchange{}, false
		}
	}
	body := bytes.TrimSpace(bytes.TrimPrefix(e.Body, []byte("\xef\xbb\xbf")))
	if len(body) == 0 || body[0] != '{' && body[0] != '[' || !json.Valid(body) {
		return exchange{}, false
	}
	for _, ending := range []string{".map", "manifest.json", ".webmanifest", ".js"} {
		if strings.HasSuffix(u.Path, ending) {
			return exchange{}, false
		}
	}
	return exchange{e, u, body}, true
}

// choose finds the host that is asked for, or the one with the most JSON.
func choose(path string, hosts map[string]int, wanted string, n int) (host string, others []string, err error) {
	var names []string
	for h := range hosts {
		names = append(names, h)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(hosts[b], hosts[a]), strings.Compare(a, b))
	})
	switch {
	case len(names) == 0:
		return "", nil, fmt.Errorf("%s has %s, but none of them got JSON from an API by GET (hint: open the browser's network tools before the page, go through its lists, then save the recording with its contents)", path, requests(n))
	case wanted == "":
		return names[0], names[1:], nil
	}
	for _, h := range names {
		if strings.EqualFold(h, wanted) || strings.EqualFold(strings.Split(h, ":")[0], wanted) {
			return h, nil, nil
		}
	}
	return "", nil, fmt.Errorf("%s has no JSON from the host %q (hint: it has some from %s)", path, wanted, strings.Join(names, ", "))
}

// hasList reports whether a body holds a list of objects near its top.
func hasList(body []byte) bool {
	s := &seen{}
	s.add(decode(body), 0)
	if s.list > 0 {
		return s.items != nil && s.items.object > 0
	}
	for _, f := range s.fields {
		if f.list > 0 && f.items != nil && f.items.object > 0 {
			return true
		}
		for _, g := range f.fields {
			if g.list > 0 && g.items != nil && g.items.object > 0 {
				return true
			}
		}
	}
	return false
}
