package config

// oauth2Fields are the keys of a grant behind its own ones.
func oauth2Fields(own ...FieldDoc) []FieldDoc {
	all := append([]FieldDoc{
		authType,
		{Key: "access_token_url", Kinds: Text, Required: true, Doc: "Where tokens are asked for.", Example: `access_token_url = "https://id.example.com/token"`},
	}, own...)
	return append(all,
		FieldDoc{Key: "access_token_request_data", Kinds: Table, Table: "data", Doc: "Further form fields of the token request; they win over those of the grant.", Example: `access_token_request_data = { audience = "api" }`},
		FieldDoc{Key: "scopes", Kinds: Text | List, Items: Text, Doc: "Sent as scope, joined by blanks.", Example: `scopes = { "read" }`},
		FieldDoc{Key: "headers", Kinds: Table, Table: "headers", Doc: "Headers of the token request.", Example: `headers = { Accept = "application/json" }`},
		FieldDoc{Key: "default_token_expiration", Kinds: Number | Text, Unit: "seconds", Min: "0", Default: "3600", Doc: "Life of a token whose answer names none: seconds, or \"1h\".", Example: `default_token_expiration = "30m"`},
		FieldDoc{Key: "build_request", Kinds: Func, Call: "function(config) -> { headers, data }", Doc: "Makes the token request in place of the grant.", Example: `build_request = function(config) return { headers = {}, data = { grant_type = "account" } } end`},
	)
}

var (
	authType     = FieldDoc{Key: "type", Kinds: Text, Doc: "Which kind; bearer if it is not given.", Example: `type = "bearer"`}
	clientID     = FieldDoc{Key: "client_id", Kinds: Text, Required: true, Doc: "Id of the application.", Example: `client_id = config.get("app.id")`}
	clientSecret = FieldDoc{Key: "client_secret", Kinds: Text, Required: true, Secret: true, Doc: "Secret of the application.", Example: `client_secret = secrets.get("app.secret")`}
	username     = FieldDoc{Key: "username", Kinds: Text, Required: true, Doc: "Name of the user; may be empty.", Example: `username = "ann"`}
	password     = FieldDoc{Key: "password", Kinds: Text, Required: true, Secret: true, Doc: "Password of the user; may be empty.", Example: `password = secrets.get("app.password")`}
)

// optionalField is f where it need not be given.
func optionalField(f FieldDoc) FieldDoc {
	f.Required = false
	return f
}

var authStructures = []Structure{{
	Name: "auth.bearer", Group: "auth", Type: "bearer", Bare: true,
	Doc: "Authorization: Bearer TOKEN.",
	Fields: []FieldDoc{
		authType,
		{Key: "token", Kinds: Text, Required: true, Secret: true, Doc: "The token.", Example: `token = secrets.get("github.token")`},
	},
}, {
	Name: "auth.http_basic", Group: "auth", Type: "http_basic", Bare: true,
	Doc:    "User and password by RFC 7617.",
	Fields: []FieldDoc{authType, username, password},
}, {
	Name: "auth.api_key", Group: "auth", Type: "api_key", Bare: true,
	Doc: "A key in a header, the query or a cookie.",
	Fields: []FieldDoc{
		authType,
		{Key: "name", Kinds: Text, Default: `"Authorization"`, Doc: "Name of the header, parameter or cookie.", Example: `name = "x-api-key"`},
		{Key: "api_key", Kinds: Text, Required: true, Secret: true, Doc: "The key.", Example: `api_key = secrets.get("api.key")`},
		{Key: "location", Kinds: Text, Words: []string{"header", "query", "param", "cookie"}, Default: `"header"`, Doc: "Where the key is sent; param is query.", Example: `location = "query"`},
	},
}, {
	Name: "auth.oauth2_client_credentials", Group: "auth", Type: "oauth2_client_credentials", Bare: true,
	Doc:    "OAuth2 grant of an application, RFC 6749 section 4.4.",
	Fields: oauth2Fields(clientID, clientSecret),
}, {
	Name: "auth.oauth2_password", Group: "auth", Type: "oauth2_password", Bare: true,
	Doc:    "OAuth2 grant with user and password, RFC 6749 section 4.3.",
	Fields: oauth2Fields(optionalField(clientID), optionalField(clientSecret), username, password),
}, {
	Name: "auth.oauth2_refresh_token", Group: "auth", Type: "oauth2_refresh_token", Bare: true,
	Doc: "OAuth2 grant with a refresh token, RFC 6749 section 6; a rotated token is kept in the state.",
	Fields: oauth2Fields(clientID, optionalField(clientSecret),
		FieldDoc{Key: "refresh_token", Kinds: Text, Required: true, Secret: true, Doc: "The first refresh token.", Example: `refresh_token = secrets.get("app.refresh_token")`}),
}, {
	Name: "auth.oauth2_jwt", Group: "auth", Type: "oauth2_jwt", Bare: true, Also: []string{"oauth_jwt"},
	Doc: "OAuth2 grant with a signed assertion, RFC 7523.",
	Fields: oauth2Fields(clientID,
		FieldDoc{Key: "auth_endpoint", Kinds: Text, OldOf: "access_token_url", Doc: "dlt's word for access_token_url.", Example: `auth_endpoint = "https://id.example.com/token"`},
		FieldDoc{Key: "private_key", Kinds: Text, Required: true, Secret: true, Doc: "Key in PEM form that signs.", Example: `private_key = secrets.get("app.private_key")`},
		FieldDoc{Key: "private_key_passphrase", Kinds: Text, Secret: true, Doc: "Passphrase of the key.", Example: `private_key_passphrase = secrets.get("app.passphrase")`},
		FieldDoc{Key: "audience", Kinds: Text, Doc: "Claim aud. Default: access_token_url.", Example: `audience = "https://id.example.com"`},
		FieldDoc{Key: "subject", Kinds: Text, Doc: "Claim sub. Default: client_id.", Example: `subject = "robot@example.com"`}),
}, {
	Name: "auth.login", Group: "auth",
	Doc: "A login of the script's own, once for the load; told by its key login or apply.",
	Fields: []FieldDoc{
		{Key: "type", Kinds: Text, Words: []string{"login"}, Doc: "login; may be left out.", Example: `type = "login"`},
		{Key: "login", Kinds: Func, Call: "function(http) -> session", Doc: "Logs in; the session holds token and expires_in, or what apply needs.", Example: `login = function(http) return { token = http.post("login").json.token } end`},
		{Key: "apply", Kinds: Func, Call: "function(request, session)", Doc: "Puts the session into a request. Default: bearer session.token.", Example: `apply = function(request, session) request.headers["X-Token"] = session.token end`},
	},
}}
