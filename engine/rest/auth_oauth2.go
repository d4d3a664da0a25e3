package rest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/restlua/restlua/engine/hook"
)

// oauth2 asks for an access token (RFC 6749): a form is posted to
// access_token_url, the answer is {"access_token": ..., "expires_in": ...}. The
// grant decides what is in the form:
//
//	oauth2_client_credentials  client_id, client_secret            4.4
//	oauth2_password            username, password, client          4.3
//	oauth2_refresh_token       refresh_token, client               6
//	oauth2_jwt                 assertion                           RFC 7523, 2.1
func (t *tokenAuth) oauth2(ctx context.Context) error {
	began := t.client.now()
	headers, form, err := t.tokenForm(ctx)
	if err != nil {
		return err
	}
	headers.Set("Content-Type", "application/x-www-form-urlencoded")
	if headers.Get("Accept") == "" {
		headers.Set("Accept", "application/json")
	}
	reply, err := t.client.run(ctx, sending{
		call: call{resource: t.resource, request: &hook.Request{
			Method: http.MethodPost, URL: t.client.absolute(t.auth.AccessTokenURL), Headers: headers, Body: []byte(encodeForm(form)),
		}},
		anyStatus: true, token: true,
	})
	if err != nil {
		return fmt.Errorf("the token request failed: %w", err)
	}
	defer reply.release()
	var answer struct {
		AccessToken  string          `json:"access_token"`
		ExpiresIn    json.RawMessage `json:"expires_in"`
		RefreshToken string          `json:"refresh_token"`
		Error        string          `json:"error"`
		Description  string          `json:"error_description"`
	}
	// A body that is not JSON has no token; the error below says so.
	parseErr := json.Unmarshal(reply.Body, &answer)
	if form, err := url.ParseQuery(string(reply.Body)); parseErr != nil && err == nil && (form.Has("access_token") || form.Has("error")) {
		// As drafts of OAuth 2 had it, and some servers still do.
		parseErr = nil
		answer.AccessToken, answer.RefreshToken = form.Get("access_token"), form.Get("refresh_token")
		answer.Error, answer.Description = form.Get("error"), form.Get("error_description")
		answer.ExpiresIn = json.RawMessage(strconv.Quote(cmp.Or(form.Get("expires_in"), form.Get("expires"))))
	}
	t.client.redactor.Add(answer.AccessToken)
	t.client.redactor.Add(answer.RefreshToken)
	said := strings.TrimSpace(answer.Error + " " + answer.Description)
	if said != "" {
		said = " (" + t.client.redactor.Text(said) + ")"
	}
	switch {
	case reply.Status >= 400:
		return fmt.Errorf("the token request failed%s: %w", said, &StatusError{Status: reply.Status, Method: http.MethodPost, URL: reply.URL})
	case parseErr != nil && answer.AccessToken == "":
		return authError(t.auth, fmt.Sprintf("the answer to the token request is not JSON with access_token: status %d from %s", reply.Status, reply.URL))
	case answer.AccessToken == "":
		return authError(t.auth, fmt.Sprintf("the token request gave no access_token%s: status %d from %s", said, reply.Status, reply.URL))
	}
	if err := t.rotate(ctx, answer.RefreshToken); err != nil {
		return err
	}
	t.grant.set(answer.AccessToken, nil, began.Add(lifetime(t.auth, answer.ExpiresIn)))
	return nil
}

// rotate keeps a new refresh token before anything is done with the answer it
// came in: the old one is worth nothing now (API-27).
func (t *tokenAuth) rotate(ctx context.Context, token string) error {
	if t.auth.Kind != "oauth2_refresh_token" || token == "" {
		return nil
	}
	t.grant.mu.Lock()
	same := t.grant.refresh == token
	t.grant.refresh = token
	t.grant.mu.Unlock()
	if same || t.client.options.RefreshTokens.Store == nil {
		return nil
	}
	// The token is lost if this is not done, so not even an interrupt stops it.
	if err := t.client.options.RefreshTokens.Store(context.WithoutCancel(ctx), t.auth.Path, token); err != nil {
		return fmt.Errorf("the new refresh token could not be stored: %w", err)
	}
	return nil
}

// tokenForm gives the headers and the form of the token request.
func (t *tokenAuth) tokenForm(ctx context.Context) (http.Header, []hook.Pair, error) {
	a := t.auth
	headers := http.Header{}
	for _, p := range a.Headers {
		headers.Set(p.Name, p.Value)
	}
	if a.BuildRequest != "" {
		return t.builtForm(ctx, headers)
	}
	var form []hook.Pair
	set := func(name, value string) {
		if i := slices.IndexFunc(form, func(p hook.Pair) bool { return p.Name == name }); i >= 0 {
			form[i].Value = value
			return
		}
		form = append(form, hook.Pair{Name: name, Value: value})
	}
	given := func(name, value string) {
		if value != "" {
			set(name, value)
		}
	}
	switch a.Kind {
	case "oauth2_client_credentials":
		set("client_id", a.ClientID)
		set("client_secret", a.ClientSecret)
		set("grant_type", "client_credentials")
	case "oauth2_password":
		set("grant_type", "password")
		set("username", a.Username)
		set("password", a.Password)
		given("client_id", a.ClientID)
		given("client_secret", a.ClientSecret)
	case "oauth2_refresh_token":
		t.grant.mu.Lock()
		refresh := t.grant.refresh
		t.grant.mu.Unlock()
		set("grant_type", "refresh_token")
		set("refresh_token", refresh)
		given("client_id", a.ClientID)
		given("client_secret", a.ClientSecret)
	case "oauth2_jwt":
		assertion, err := t.assertion()
		if err != nil {
			return nil, nil, authError(a, "private_key: "+err.Error())
		}
		t.client.redactor.Add(assertion)
		set("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
		set("assertion", assertion)
	}
	if a.Kind != "oauth2_jwt" {
		given("scope", strings.Join(a.Scopes, " "))
	}
	for _, p := range a.RequestData {
		set(p.Name, p.Value) // may replace the above (AUTH-08)
	}
	return headers, form, nil
}

// builtForm lets the script build the token request (AUTH-14).
func (t *tokenAuth) builtForm(ctx context.Context, headers http.Header) (http.Header, []hook.Pair, error) {
	a := t.auth
	data := make(map[string]string, len(a.RequestData))
	for _, p := range a.RequestData {
		data[p.Name] = p.Value
	}
	t.grant.mu.Lock()
	refresh := t.grant.refresh
	t.grant.mu.Unlock()
	settings := map[string]any{
		"type": a.Kind, "access_token_url": a.AccessTokenURL, "client_id": a.ClientID, "client_secret": a.ClientSecret,
		"username": a.Username, "password": a.Password, "refresh_token": refresh, "scopes": append([]string{}, a.Scopes...),
		"access_token_request_data": data, "default_token_expiration": int64(lifetime(a, nil).Seconds()),
	}
	text, err := json.Marshal(settings)
	if err != nil {
		return nil, nil, err
	}
	built, form, err := t.world.BuildTokenRequest(ctx, a.BuildRequest, text)
	if err != nil {
		return nil, nil, err
	}
	for name, values := range built {
		headers[http.CanonicalHeaderKey(name)] = values
	}
	return headers, form, nil
}

// encodeForm writes a form in the order of its fields.
func encodeForm(form []hook.Pair) string {
	var b strings.Builder
	for i, p := range form {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p.Name) + "=" + url.QueryEscape(p.Value))
	}
	return b.String()
}
