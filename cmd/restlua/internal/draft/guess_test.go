package draft

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestNameResources(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ paths, want string }{
		{"/users", "users"},
		{"/api/v2/users", "users"},
		{"/2010-04-01/Accounts.json", "accounts"},
		{"/users /users/{id}/posts /posts", "users user_posts posts"},
		{"/users/{id}/posts", "posts"},
		{"/a/list /b/list", "a_list b_list"},
		{"/teams/all", "teams_all"},
		{"/pet/findByStatus", "pet_find_by_status"},
		{"/apps /add-ons/apps", "apps add_ons_apps"},
		{"/conversations.list", "conversations_list"},
		{"/a/{x}/items /a/{x}/{y}/items", "a_items a_items_2"},
		{"/items /items/", "items items_2"},
		{"/{id} /", "records_2 records"},
		{"/projectsV2 /HTTPLogs /ünïted", "projects_v2 http_logs united"},
		{"https://other.example/v1/models /models", "models models_2"},
		{"/日本", "records"},
		{"/categories/{id}/boxes/{id}/lines /lines", "box_lines lines"},
	} {
		var paths []Path
		for p := range strings.FieldsSeq(c.paths) {
			paths = append(paths, ParsePath(p))
		}
		if got := strings.Join(nameResources(paths), " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.paths, got, c.want)
		}
	}
}

func TestSourceName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Shop API": "shop", "Swagger Petstore - OpenAPI 3.0": "petstore", "GitHub v3 REST API": "git_hub", "": "api", "The API": "api",
		"api.shop.example": "shop_example", "www.acme.com": "acme", "1Password Connect": "api_1_password_connect", "日本": "api", "x: y\n]]": "x_y",
	} {
		if got := SourceName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// The largest page is taken from the limits of a parameter, or from the ways in
// which descriptions state them.
func TestLargestPage(t *testing.T) {
	t.Parallel()
	max := func(v float64) *float64 { return &v }
	for _, c := range []struct {
		p    Param
		want int
	}{
		{Param{Max: max(250)}, 250},
		{Param{Max: max(2147483647)}, 1000},
		{Param{Max: max(0), About: "max 7"}, 7},
		{Param{Enum: []string{"10", "25", "x"}}, 25},
		{Param{About: "Maximum number of results. Max 100."}, 100},
		{Param{About: "The number of results per page (max 100)."}, 100},
		{Param{About: "Limit can range between 1 and 100, and the default is 10."}, 100},
		{Param{About: "Results per page. [1, 50] up to 1,000 records."}, 1000},
		{Param{About: "The default is 50 and the maximum is 1000."}, 1000},
		{Param{About: "Value 1-200."}, 200},
		{Param{About: "How many records. Default 25."}, 0},
		{Param{About: "max"}, 0},
		{Param{}, 0},
	} {
		if got, _ := c.p.largest(); got != c.want {
			t.Errorf("%+v: %d, want %d", c.p, got, c.want)
		}
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, about string
		kind        Kind
		want        Role
	}{
		{"page", "", Integer, RolePage}, {"page[number]", "", Integer, RolePage}, {"page", "The token of the next page.", Text, RoleCursor}, {"page", "", Bool, ""},
		{"offset", "", Integer, RoleOffset}, {"offset", "An offset token returned by the API.", Text, RoleCursor}, {"from", "", Text, ""}, {"from", "", Integer, RoleOffset},
		{"$skip", "", Integer, RoleOffset}, {"$top", "", Integer, RoleSize}, {"per_page", "", Text, RoleSize}, {"count", "", Bool, ""}, {"limit", "", List, ""},
		{"pageToken", "", Text, RoleCursor}, {"starting_after", "", Text, RoleCursor}, {"after", "", Unknown, RoleCursor}, {"q", "", Text, ""},
	} {
		p := Param{Name: c.name, About: c.about, Shape: &Shape{Kind: c.kind}}
		if got := p.role(); got != c.want {
			t.Errorf("%s (%v, %q): %q, want %q", c.name, c.kind, c.about, got, c.want)
		}
	}
}

// A parameter of a path takes the field that it is called like.
func TestParentField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ fields, param, noun, key, want string }{
		{"id name", "user_id", "user", "id", "id"},
		{"id name", "userId", "user", "id", "id"},
		{"id number*", "issue_number", "issue", "id", "number"},
		{"login id name", "username", "user", "id", "login"},
		{"gid name", "project_gid", "project", "gid", "gid"},
		{"sid", "AccountSid", "account", "", "sid"},
		{"id slug*", "team_slug", "team", "id", "slug"},
		{"id name", "team_name", "team", "id", "id"},
		{"id title", "thing", "thing", "id", "id"},
		{"title", "thing", "thing", "", ""},
		{"", "thing_id", "thing", "", "id"},
	} {
		s := &Shape{Kind: Object}
		for f := range strings.FieldsSeq(c.fields) {
			name, required := strings.CutSuffix(f, "*")
			s.Fields = append(s.Fields, Field{Name: name, Required: required, Shape: &Shape{Kind: Text}})
		}
		if got := parentField(s, c.param, c.noun, c.key); got != c.want {
			t.Errorf("{%s} in %s: %q, want %q", c.param, c.fields, got, c.want)
		}
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a\nb\r\n\tc": "a b c", "see [the docs](https://x.example) `now`": "see the docs now", "<p>Fish &amp; <b>chips</b></p>": "Fish & chips",
		"Token token=<API_KEY>": "Token token=<API_KEY>", "a\u202eb\u2028c\x00d\xff": "ab c d", "": "",
	} {
		if got := clean(in, 80); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := clean(strings.Repeat("wörd ", 100), 20); utf8.RuneCountInString(got) > 20 || !strings.HasSuffix(got, "…") {
		t.Errorf("a long text became %q", got)
	}
}

func TestMatchPath(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, at string
		want        bool
	}{
		{"/users", "/users", true}, {"users", "/users/", true}, {"/users/*", "/users/{id}", true}, {"/users/*", "/users", false}, {"/users/*", "/users/{id}/posts", false},
		{"/users/**", "/users", true}, {"/users/**", "/users/{id}/posts", true}, {"**/posts", "/users/{id}/posts", true}, {"/**/{id}/*", "/a/b/{id}/c", true}, {"[", "/a", false}, {"", "/", true},
	} {
		if got := MatchPath([]string{c.pattern}, c.at); got != c.want {
			t.Errorf("%s on %s: %v", c.pattern, c.at, got)
		}
	}
	if !MatchPath(nil, "/a") {
		t.Error("no pattern takes everything")
	}
}

func TestParsePath(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Path{
		"/a/{b}/c": {{Text: "/a/"}, {Param: "b"}, {Text: "/c"}}, "/{a}{b}": {{Text: "/"}, {Param: "a"}, {Param: "b"}}, "/a{": {{Text: "/a{"}}, "/a/{}": {{Text: "/a/"}}, "": nil,
	} {
		if got := ParsePath(in); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", in, got, want)
		}
	}
	for in, want := range map[string]bool{"/a/{b}": true, "/a/{b}.json": true, "/a/{b}/c": false, "/a": false, "/a({b})": true, "": false} {
		if got := ParsePath(in).endsInParam(); got != want {
			t.Errorf("%s: ends in a parameter: %v", in, got)
		}
	}
}
