package config

import "time"

// auth reads who requests are made for. v is a name, a table or a function.
func (d *decoder) auth(v value) *Auth {
	if f := v.ref(); f != "" {
		return &Auth{Kind: "function", Func: f, Path: v.path, Pos: d.pos(v.pos)}
	}
	if v.kind() != KindTable {
		return nil // a bare name was reported: every kind needs fields
	}
	s := d.variant(v, "auth", false)
	if s == nil {
		return nil
	}
	t := v.table(s)
	a := &Auth{Kind: s.Type, Path: v.path, Pos: d.pos(v.pos)}
	if s.Name == "auth.login" {
		return d.login(a, t)
	}
	a.Token = t.text("token")
	a.Username, a.Password = t.text("username"), t.text("password")
	a.Name, a.APIKey, a.Location = t.text("name"), t.text("api_key"), t.text("location")
	if a.Location == "param" {
		a.Location = "query"
	}
	a.AccessTokenURL = t.text("access_token_url")
	a.ClientID, a.ClientSecret = t.text("client_id"), t.text("client_secret")
	a.RequestData, a.Headers = pairs(t.get("access_token_request_data")), pairs(t.get("headers"))
	a.DefaultExpiration = t.duration("default_token_expiration")
	a.RefreshToken = t.text("refresh_token")
	a.Scopes = t.texts("scopes")
	a.BuildRequest = t.get("build_request").ref()
	a.PrivateKey, a.PrivateKeyPassphrase = t.text("private_key"), t.text("private_key_passphrase")
	a.Audience, a.Subject = t.text("audience"), t.text("subject")
	if a.Kind == "oauth2_jwt" {
		if a.Audience == "" {
			a.Audience = a.AccessTokenURL
		}
		if a.Subject == "" {
			a.Subject = a.ClientID
		}
	}
	return a
}

// login reads an auth of functions: login with an optional apply, or apply
// alone, which is a function(request) like any other (AUTH-16).
func (d *decoder) login(a *Auth, t *table) *Auth {
	a.Kind, a.Login, a.Apply = "login", t.get("login").ref(), t.get("apply").ref()
	if a.Login == "" {
		if a.Apply == "" {
			d.fail(t.value, "for example login = function(http) return { token = ... } end", "auth login: missing required key %q", "login")
		}
		a.Kind, a.Func, a.Apply = "function", a.Apply, ""
		return a
	}
	a.DefaultExpiration = time.Hour
	return a
}
