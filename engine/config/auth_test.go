package config

import (
	"testing"
	"time"

	"github.com/restlua/restlua/engine/hook"
)

func TestAuth(t *testing.T) {
	t.Parallel()
	of := func(text string) Auth {
		t.Helper()
		a := *good(t, `{"client": {"base_url": "", "auth": `+text+`}, "resources": []}`).Client.Auth
		equal(t, "place", line(a.Path, a.Pos.Line), "client.auth 1")
		a.Path, a.Pos = "", Pos{}
		return a
	}
	const grant = `"access_token_url": "https://a.example/t", "client_id": "i"`
	for _, row := range []struct {
		name, config string
		want         Auth
	}{
		{"AUTH-01 no type", `{"token": "T"}`, Auth{Kind: "bearer", Token: "T"}},
		{"AUTH-01", `{"type": "bearer", "token": "T"}`, Auth{Kind: "bearer", Token: "T"}},
		{"AUTH-02", `{"type": "http_basic", "username": "U", "password": ""}`, Auth{Kind: "http_basic", Username: "U"}},
		{"AUTH-03", `{"type": "api_key", "api_key": "K"}`, Auth{Kind: "api_key", Name: "Authorization", APIKey: "K", Location: "header"}},
		{"AUTH-04", `{"type": "api_key", "api_key": "K", "name": "k", "location": "param"}`, Auth{Kind: "api_key", Name: "k", APIKey: "K", Location: "query"}},
		{"AUTH-05", `{"type": "api_key", "api_key": "K", "name": "k", "location": "cookie"}`, Auth{Kind: "api_key", Name: "k", APIKey: "K", Location: "cookie"}},
		{"AUTH-08", `{"type": "oauth2_client_credentials", ` + grant + `, "client_secret": "s", "access_token_request_data": {"a": "b", "n": 1}, "scopes": "x", "headers": {"H": "v"}}`,
			Auth{Kind: "oauth2_client_credentials", AccessTokenURL: "https://a.example/t", ClientID: "i", ClientSecret: "s", DefaultExpiration: time.Hour,
				RequestData: []hook.Pair{{Name: "a", Value: "b"}, {Name: "n", Value: "1"}}, Scopes: []string{"x"}, Headers: []hook.Pair{{Name: "H", Value: "v"}}}},
		{"AUTH-09, AUTH-14", `{"type": "oauth2_client_credentials", ` + grant + `, "client_secret": "s", "default_token_expiration": "30m", "build_request": {"$func": 1}}`,
			Auth{Kind: "oauth2_client_credentials", AccessTokenURL: "https://a.example/t", ClientID: "i", ClientSecret: "s", DefaultExpiration: 30 * time.Minute, BuildRequest: "client.auth.build_request"}},
		{"oauth2_password", `{"type": "oauth2_password", "access_token_url": "u", "username": "a", "password": "b"}`,
			Auth{Kind: "oauth2_password", AccessTokenURL: "u", Username: "a", Password: "b", DefaultExpiration: time.Hour}},
		{"API-27", `{"type": "oauth2_refresh_token", ` + grant + `, "refresh_token": "r"}`,
			Auth{Kind: "oauth2_refresh_token", AccessTokenURL: "https://a.example/t", ClientID: "i", RefreshToken: "r", DefaultExpiration: time.Hour}},
		{"AUTH-15", `{"type": "oauth_jwt", "auth_endpoint": "u", "client_id": "i", "private_key": "p", "scopes": ["a", "b"], "private_key_passphrase": "x"}`,
			Auth{Kind: "oauth2_jwt", AccessTokenURL: "u", ClientID: "i", PrivateKey: "p", PrivateKeyPassphrase: "x", Scopes: []string{"a", "b"}, Audience: "u", Subject: "i", DefaultExpiration: time.Hour}},
		{"AUTH-15 claims", `{"type": "oauth2_jwt", ` + grant + `, "private_key": "p", "audience": "a", "subject": "s"}`,
			Auth{Kind: "oauth2_jwt", AccessTokenURL: "https://a.example/t", ClientID: "i", PrivateKey: "p", Audience: "a", Subject: "s", DefaultExpiration: time.Hour}},
		{"AUTH-16", `{"$func": 1}`, Auth{Kind: "function", Func: "client.auth"}},
		{"AUTH-16 apply", `{"apply": {"$func": 1}}`, Auth{Kind: "function", Func: "client.auth.apply"}},
		{"login", `{"login": {"$func": 1}, "apply": {"$func": 1}}`, Auth{Kind: "login", DefaultExpiration: time.Hour, Login: "client.auth.login", Apply: "client.auth.apply"}},
		{"login by type", `{"type": "login", "login": {"$func": 1}}`, Auth{Kind: "login", DefaultExpiration: time.Hour, Login: "client.auth.login"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			equal(t, "auth", of(row.config), row.want)
		})
	}
}

// VAL-46: all fields that are missing are named.
func TestMissingAuthFields(t *testing.T) {
	t.Parallel()
	errs := bad(t, `{"client": {"base_url": "", "auth": {"type": "oauth2_client_credentials", "access_token_url": "u"}}, "resources": []}`)
	equal(t, "errors", len(errs), 2)
	equal(t, "first", errs[0].Text, `auth oauth2_client_credentials: missing required key "client_id"`)
	equal(t, "second", errs[1].Text, `auth oauth2_client_credentials: missing required key "client_secret"`)
	checkMistakes(t, []mistake{
		{"login", `{"client": {"base_url": "", "auth": {"type": "login"}}, "resources": []}`, []string{`auth login: missing required key "login"`}},
		{"AUTH-01 nothing", `{"client": {"base_url": "", "auth": {}}, "resources": []}`, []string{`auth bearer: missing required key "token"`}},
		{"AUTH-17 no kind", `{"client": {"base_url": "", "auth": {"type": 1}}, "resources": []}`, []string{"auth.type: must be a string"}},
	})
}
