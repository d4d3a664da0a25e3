package main

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/BurntSushi/toml"

	"github.com/restlua/restlua/cmd/restlua/internal/githubapi"
	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/lua"
	"github.com/restlua/restlua/scripts"
)

// bundled compiles a script that the binary brings along.
func bundled(t *testing.T, name string) engine.Script {
	t.Helper()
	text, err := fs.ReadFile(scripts.FS, name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := lua.Parse(name, string(text), lua.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// load runs a bundled script once.
func load(t *testing.T, name, dir string, secrets, settings map[string]string) *engine.Result {
	t.Helper()
	result, err := engine.Run(t.Context(), bundled(t, name), engine.Options{
		Dataset: dir, Secrets: engine.SecretsMap(secrets), Config: engine.ConfigFile("", settings),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Warnings) > 0 {
		t.Errorf("%s warns: %q", name, result.Warnings)
	}
	return result
}

// github.lua against the modelled API: everything, then what is new, with and
// without a token.
func TestGitHub(t *testing.T) {
	t.Parallel()
	for _, token := range []string{githubapi.Token, ""} {
		t.Run(fmt.Sprintf("token %t", token != ""), func(t *testing.T) {
			t.Parallel()
			api := githubapi.New()
			s := httptest.NewServer(api)
			t.Cleanup(s.Close)
			secrets := map[string]string{}
			if token != "" {
				secrets["github.token"] = token
			}
			settings := map[string]string{"github.url": s.URL + "/", "github.repository": githubapi.Repository}
			dir := filepath.Join(t.TempDir(), "github")

			first := load(t, "github.lua", dir, secrets, settings)
			wantTotal(t, first, "issues", api.Issues())
			wantTotal(t, first, "comments", api.Comments())
			if first.Retries != 1 {
				t.Errorf("%d retries, want 1", first.Retries)
			}

			changed, added := api.Advance()
			second := load(t, "github.lua", dir, secrets, settings)
			wantTotal(t, second, "issues", api.Issues())
			wantTotal(t, second, "comments", api.Comments())
			x := second.Tables["issues"]
			if x.Added != int64(added) || x.Updated != int64(changed) || x.Deleted != 0 {
				t.Errorf("issues: %d added, %d updated, %d deleted; want %d, %d, 0", x.Added, x.Updated, x.Deleted, added, changed)
			}
			if most := int64(changed + added + 5); second.Requests > most {
				t.Errorf("the second run made %d requests, want at most %d", second.Requests, most)
			}
			if c := (engine.SchemaChange{Table: "issues", Column: "milestone__due_on", To: "timestamp"}); !slices.Contains(second.Changes, c) {
				t.Errorf("no new column of the milestones: %v", second.Changes)
			}
		})
	}
}

func wantTotal(t *testing.T, r *engine.Result, table string, want int) {
	t.Helper()
	if x := r.Tables[table]; x == nil || x.Total != int64(want) {
		t.Errorf("%s: %+v, want %d rows in all", table, x, want)
	}
}

// pokemon.lua against a model of the API, with links as it gives them.
func TestPokemon(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	var mu sync.Mutex
	var asked []string
	answer := func(pattern, body string) {
		mux.HandleFunc("GET "+pattern, func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			asked = append(asked, r.URL.RequestURI())
			mu.Unlock()
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			b := strings.ReplaceAll(body, "$API", s.URL)
			if next, rest, ok := strings.Cut(b, "\n---\n"); ok {
				if b = next; r.URL.Query().Get("offset") != "" {
					b = rest
				}
			}
			fmt.Fprint(w, b)
		})
	}
	answer("/pokemon", `{"count": 3, "next": "$API/pokemon?offset=200&limit=200", "previous": null,
		"results": [{"name": "bulbasaur", "url": "$API/pokemon/1/"}, {"name": "ivysaur", "url": "$API/pokemon/2/"}]}`+
		"\n---\n"+`{"count": 3, "next": null, "previous": "$API/pokemon?offset=0&limit=200", "results": [{"name": "venusaur", "url": "$API/pokemon/3/"}]}`)
	answer("/berry", `{"count": 2, "next": null, "previous": null, "results": [{"name": "cheri", "url": "$API/berry/1/"}, {"name": "oran", "url": "$API/berry/7/"}]}`)
	answer("/berry/{name}", `{"id": 1, "name": "cheri", "growth_time": 3, "size": 20,
		"firmness": {"name": "soft", "url": "$API/berry-firmness/2/"}, "item": {"name": "cheri-berry", "url": "$API/item/126/"},
		"natural_gift_type": {"name": "fire", "url": "$API/type/10/"},
		"flavors": [{"potency": 10, "flavor": {"name": "spicy", "url": "$API/berry-flavor/1/"}}, {"potency": 0, "flavor": {"name": "dry", "url": "$API/berry-flavor/2/"}}]}`)

	r := load(t, "pokemon.lua", filepath.Join(t.TempDir(), "pokemon"), nil, map[string]string{"pokemon.url": s.URL})
	wantTotal(t, r, "pokemon", 3)
	wantTotal(t, r, "berry", 2)
	wantTotal(t, r, "berry_details", 2)
	wantTotal(t, r, "berry_details__flavors", 4)
	slices.Sort(asked)
	want := []string{"/berry/cheri", "/berry/oran", "/berry?limit=200", "/pokemon?limit=200", "/pokemon?offset=200&limit=200"}
	if !slices.Equal(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
}

// secrets.example.toml shows every secret that a bundled script asks for, and
// no other. It stands at the top, where people look for it, and as a copy where
// it can be embedded.
func TestSecretsExample(t *testing.T) {
	t.Parallel()
	text, err := fs.ReadFile(scripts.FS, "secrets.example.toml")
	if err != nil {
		t.Fatal(err)
	}
	if top, err := os.ReadFile("../../secrets.example.toml"); err != nil || string(top) != string(text) {
		t.Errorf("secrets.example.toml and scripts/secrets.example.toml are not the same (%v)", err)
	}
	var example map[string]map[string]any
	if err := toml.Unmarshal(text, &example); err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for section, keys := range example {
		for k := range keys {
			shown[section+"."+k] = true
		}
	}
	asked := map[string]bool{}
	for _, name := range scripts.Names() {
		env := hook.Env{
			Config: func(path string) (any, bool, []string, error) {
				if strings.HasSuffix(path, ".since") {
					return "2024-01-01", true, nil, nil
				}
				return "acme", true, nil, nil
			},
			Secrets: func(path string) (any, bool, []string, error) { asked[path] = true; return "x", true, nil, nil },
		}
		if _, err := bundled(t, name+".lua").Config(t.Context(), env); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for path := range asked {
		if !shown[path] {
			t.Errorf("secrets.example.toml lacks %s", path)
		}
	}
	for path := range shown {
		if !asked[path] {
			t.Errorf("secrets.example.toml shows %s, which no script asks for", path)
		}
	}
}
