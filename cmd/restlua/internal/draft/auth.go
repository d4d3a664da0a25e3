package draft

// Auth is how an API wants its requests authorised.
type Auth struct {
	// Kind is bearer, http_basic, api_key, oauth2_client_credentials, or empty:
	// none.
	Kind     string
	Name     string // api_key: of the header, parameter or cookie
	Location string // api_key: header, query or cookie
	TokenURL string // oauth2_client_credentials; may be relative to BaseURL
	Scopes   []string
	Why      string // one line: the scheme, and what is to be known of it
	// More are further keys that go into headers or the query.
	More []Key
}

// Key is a credential beside the first one.
type Key struct {
	Name   string // of the header or parameter
	Query  bool   // it goes into the query
	Secret string // its name in the section of secrets.toml
}

// Secret is one key of the section in secrets.toml.
type Secret struct{ Key, About string }

// secrets are the keys that the script asks for.
func (a *Auth) secrets() []Secret {
	var out []Secret
	switch a.Kind {
	case "bearer":
		out = []Secret{{"token", "sent as Authorization: Bearer ..."}}
	case "http_basic":
		out = []Secret{{"username", ""}, {"password", ""}}
	case "api_key":
		out = []Secret{{"api_key", "sent in the " + a.place() + " " + clean(a.Name, 60)}}
	case "oauth2_client_credentials":
		out = []Secret{{"client_id", ""}, {"client_secret", ""}}
	}
	for _, k := range a.More {
		where := "header "
		if k.Query {
			where = "parameter "
		}
		out = append(out, Secret{k.Secret, "sent in the " + where + clean(k.Name, 60)})
	}
	return out
}

func (a *Auth) place() string {
	if a.Location == "query" {
		return "parameter"
	}
	return a.Location
}

// table is the value of client.auth; nil: there is none.
func (a *Auth) table(source, tokenURL string) any {
	get := func(key string) raw { return raw("secrets.get(" + quote(source+"."+key) + ")") }
	t := table{{key: "type", value: a.Kind}}
	switch a.Kind {
	case "bearer":
		return append(t, field{key: "token", value: get("token")})
	case "http_basic":
		return append(t, field{key: "username", value: get("username")}, field{key: "password", value: get("password")})
	case "api_key":
		return append(t, field{key: "name", value: a.Name}, field{key: "api_key", value: get("api_key")}, field{key: "location", value: a.Location})
	case "oauth2_client_credentials":
		t = append(t, field{key: "access_token_url", value: tokenURL}, field{key: "client_id", value: get("client_id")}, field{key: "client_secret", value: get("client_secret")})
		if len(a.Scopes) > 0 {
			scopes := list{}
			for _, s := range a.Scopes {
				scopes = append(scopes, element{value: s})
			}
			t = append(t, field{key: "scopes", value: scopes})
		}
		return t
	}
	return nil
}

// SecretName is a key of secrets.toml for a credential with a name.
func SecretName(name string) string {
	if s := snake(name); s != "" {
		return s
	}
	return "key"
}
