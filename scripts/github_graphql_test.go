package scripts_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// graphqlAPI models GitHub's GraphQL API: it checks queries as far as this needs
// no parser, and knows the connections that the script asks for.
type graphqlAPI struct {
	*api
	issues, pulls []graphqlNode
}

type graphqlNode struct {
	number   int
	updated  time.Time
	comments int
}

type graphqlBody struct {
	Query     string
	Variables map[string]any
}

var (
	declaration = regexp.MustCompile(`^\s*query\(([^)]*)\)`)
	variable    = regexp.MustCompile(`\$(\w+)`)
	required    = regexp.MustCompile(`\$(\w+): \w+!`)
	firstArg    = regexp.MustCompile(`\b(issues|comments|pullRequests|labels|assignees)(\(first: (\d+))?`)
)

// wrongQuery says what GitHub has against a query.
func wrongQuery(b graphqlBody) string {
	head := declaration.FindStringSubmatch(b.Query)
	switch {
	case head == nil:
		return "Parse error on the first line"
	case strings.Count(b.Query, "{") != strings.Count(b.Query, "}") || strings.Contains(b.Query, "{{"):
		return "Parse error: braces"
	}
	rest := b.Query[len(head[0]):]
	for _, v := range variable.FindAllStringSubmatch(head[1], -1) {
		if !strings.Contains(rest, v[0]) {
			return "Variable " + v[0] + " is declared but not used"
		}
	}
	for _, v := range variable.FindAllStringSubmatch(rest, -1) {
		if !strings.Contains(head[1], v[0]) {
			return "Variable " + v[0] + " is used but not declared"
		}
	}
	for _, v := range required.FindAllStringSubmatch(head[1], -1) {
		if b.Variables[v[1]] == nil {
			return "Variable $" + v[1] + " was provided invalid value"
		}
	}
	for _, m := range firstArg.FindAllStringSubmatch(rest, -1) {
		if n, err := strconv.Atoi(m[3]); err != nil || n < 1 || n > 100 {
			return "You must provide a `first` of 1 to 100 for the connection " + m[1]
		}
	}
	return ""
}

func newGraphQL(t *testing.T) *graphqlAPI {
	a := &graphqlAPI{}
	a.api = serve(t, func(r *http.Request) (int, string) {
		if r.Header.Get("Authorization") != "Bearer ghp_x" {
			return http.StatusUnauthorized, "This endpoint requires you to be authenticated."
		}
		return 0, ""
	})
	a.mux.HandleFunc("POST /graphql", func(w http.ResponseWriter, r *http.Request) {
		var body graphqlBody
		if err := decode(r, &body); err != nil {
			a.refuse(w, r, http.StatusBadRequest, err.Error())
			return
		}
		why := wrongQuery(body)
		if why != "" {
			t.Errorf("the query is refused: %s", why)
			reply(w, http.StatusOK, object{"errors": []object{{"message": why}}})
			return
		}
		if body.Variables["after"] != nil && a.once("limit") {
			w.Header().Set("X-RateLimit-Remaining", "0")
			w.Header().Set("Retry-After", "5")
			reply(w, http.StatusOK, object{"errors": []object{{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}}})
			return
		}
		data, why := a.answer(body)
		if why != "" {
			reply(w, http.StatusOK, object{"data": nil, "errors": []object{{"type": "NOT_FOUND", "message": why}}})
			return
		}
		reply(w, http.StatusOK, object{"data": data})
	})
	return a
}

func (a *graphqlAPI) answer(b graphqlBody) (object, string) {
	after := 0
	if text, ok := b.Variables["after"].(string); ok {
		var err error
		if after, err = strconv.Atoi(strings.TrimPrefix(text, "Y3Vyc29y")); err != nil {
			return nil, "`" + text + "` does not appear to be a valid cursor."
		}
	}
	if id, ok := b.Variables["issue"].(string); ok {
		i := slices.IndexFunc(a.issues, func(n graphqlNode) bool { return fmt.Sprint("I_", n.number) == id })
		if i < 0 {
			return nil, "Could not resolve to a node with the global id of '" + id + "'."
		}
		var nodes []graphqlNode
		for c := range a.issues[i].comments {
			nodes = append(nodes, graphqlNode{number: a.issues[i].number*1000 + c})
		}
		return object{"node": object{"comments": graphqlPage("C_", nodes, after)}}, ""
	}
	if b.Variables["owner"] != "acme" || b.Variables["name"] != "app" {
		return nil, fmt.Sprintf("Could not resolve to a Repository with the name '%v/%v'.", b.Variables["owner"], b.Variables["name"])
	}
	field, prefix, nodes := "pullRequests", "PR_", slices.Clone(a.pulls)
	descending := true
	if strings.Contains(b.Query, "issues(") {
		since, err := time.Parse(time.RFC3339, fmt.Sprint(b.Variables["since"]))
		if err != nil {
			return nil, "since is no DateTime"
		}
		field, prefix, descending = "issues", "I_", false
		nodes = slices.DeleteFunc(slices.Clone(a.issues), func(n graphqlNode) bool { return n.updated.Before(since) })
	}
	slices.SortStableFunc(nodes, func(x, y graphqlNode) int { return x.updated.Compare(y.updated) })
	if descending {
		slices.Reverse(nodes)
	}
	return object{"repository": object{field: graphqlPage(prefix, nodes, after)}}, ""
}

func graphqlPage(prefix string, all []graphqlNode, after int) object {
	nodes := []object{}
	last := min(after+100, len(all))
	for _, n := range all[min(after, last):last] {
		nodes = append(nodes, object{
			"id": fmt.Sprint(prefix, n.number), "number": n.number, "updatedAt": n.updated, "author": nil,
			"labels": object{"nodes": []object{{"name": "bug"}}},
		})
	}
	return object{"nodes": nodes, "pageInfo": object{"hasNextPage": last < len(all), "endCursor": fmt.Sprint("Y3Vyc29y", last)}}
}

// github_graphql.lua against a model of the API: everything, then what changed.
func TestGitHubGraphQL(t *testing.T) {
	t.Parallel()
	a := newGraphQL(t)
	start := time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := 1; i <= 250; i++ {
		n := graphqlNode{i, start.Add(time.Duration(i) * time.Minute), i % 2}
		if i == 7 {
			n.comments = 130 // more than a page
		}
		a.issues, a.pulls = append(a.issues, n), append(a.pulls, n)
	}
	dir := filepath.Join(t.TempDir(), "github_graphql")
	s := settings{secrets: map[string]string{"github.token": "ghp_x"}, config: map[string]string{"github.url": a.url, "github.repository": "acme/app"}}
	first, waited := load(t, "github_graphql", dir, s)
	wantRows(t, first, "issues", 250, 0, 0, 250)
	wantRows(t, first, "pull_requests", 250, 0, 0, 250)
	wantRows(t, first, "comments", 124+130, 0, 0, 254)
	if first.Retries != 1 || waited < 5*time.Second {
		t.Errorf("%d retries in %v, want 1 of 5s", first.Retries, waited)
	}
	later := start.Add(1000 * time.Minute)
	a.issues[7].updated, a.issues[7].comments = later, 1
	a.pulls[7].updated = later
	a.issues = append(a.issues, graphqlNode{251, later, 0})
	a.requests()
	second, _ := load(t, "github_graphql", dir, s)
	wantRows(t, second, "issues", 1, 1, 0, 251)
	wantRows(t, second, "pull_requests", 0, 1, 0, 250)
	if n := len(a.requests()); n != 1+2+1 {
		t.Errorf("the second run made %d requests, want one page of issues, the comments of two and one page of pull requests", n)
	}
	s.config["github.repository"] = "acme/other"
	if _, _, err := try(t, "github_graphql", dir, s); err == nil || !strings.Contains(err.Error(), "GitHub says: Could not resolve to a Repository with the name 'acme/other'.") {
		t.Errorf("of a repository that is not there: %v", err)
	}
}
