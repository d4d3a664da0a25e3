package rest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

// world is a script of which only the auth functions are called.
type world struct {
	hook.World
	authorize func(r *hook.Request) error
	login     func() ([]byte, error)
}

func (w *world) Authorize(_ context.Context, _ hook.Ref, r *hook.Request) error {
	return w.authorize(r)
}
func (w *world) Login(context.Context, hook.Ref) ([]byte, error) { return w.login() }
func (w *world) Apply(_ context.Context, _ hook.Ref, r *hook.Request, session []byte) error {
	r.Headers.Set("X-Session", string(session))
	return nil
}
func (w *world) BuildTokenRequest(context.Context, hook.Ref, []byte) (http.Header, []hook.Pair, error) {
	return http.Header{"Authorization": {"Basic built"}}, []hook.Pair{{Name: "built", Value: "1"}}, nil
}

func ask(t *testing.T, c *Client, a *config.Auth, w hook.World, url string) (string, error) {
	t.Helper()
	auth, err := c.newAuthenticator("users", a, w)
	if err != nil {
		return "", err
	}
	r, err := c.send(context.Background(), call{auth: auth, request: &hook.Request{URL: url}})
	if err != nil {
		return "", err
	}
	return string(r.Body), nil
}

func TestStaticAuth(t *testing.T) {
	t.Parallel()
	c, _, home := testClient(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s|%s|%s|%s", r.Header.Get("Authorization"), r.Header.Get("X-Key"), r.URL.RawQuery, r.Header.Get("Cookie"))
	}, func(c *config.Client, _ *Options) {
		c.Headers = []hook.Pair{{Name: "Authorization", Value: "H"}} // HDR-08
	})
	for _, test := range []struct {
		name string
		auth *config.Auth
		path string
		want string
	}{
		{"AUTH-01", &config.Auth{Kind: "bearer", Token: "T"}, "", "Bearer T|||"},
		{"AUTH-02", &config.Auth{Kind: "http_basic", Username: "U", Password: "P"}, "", "Basic VTpQ|||"},
		{"AUTH-03 name", &config.Auth{Kind: "api_key", Name: "x-key", APIKey: "K"}, "", "H|K||"},
		{"AUTH-03 default", &config.Auth{Kind: "api_key", APIKey: "K"}, "", "K|||"},
		{"AUTH-04", &config.Auth{Kind: "api_key", Name: "k", APIKey: "v", Location: "query"}, "/?q=1", "H||q=1&k=v|"},
		{"AUTH-04 in the link already", &config.Auth{Kind: "api_key", Name: "k", APIKey: "v", Location: "query"}, "/?k=v", "H||k=v|"},
		{"AUTH-05", &config.Auth{Kind: "api_key", Name: "k", APIKey: "v", Location: "cookie"}, "", "H|||k=v"},
		{"AUTH-16", &config.Auth{Kind: "function", Func: "client.auth"}, "", "H|F||"},
		{"none", &config.Auth{Kind: "none"}, "", "H|||"},
	} {
		w := &world{authorize: func(r *hook.Request) error { r.Headers.Set("X-Key", "F"); return nil }}
		if got, err := ask(t, c, test.auth, w, home+test.path); err != nil || got != test.want {
			t.Errorf("%s: %q, %v", test.name, got, err)
		}
	}
}

// tokenAPI hands out tokens t1, t2, ...; answer, if set, replaces the answer.
type tokenAPI struct {
	mu      sync.Mutex
	n       int
	valid   string
	forms   []string
	expires string
	answer  func(w http.ResponseWriter) bool
}

func (a *tokenAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.URL.Path == "/token" {
		body, _ := io.ReadAll(r.Body)
		a.forms = append(a.forms, string(body)+r.Header.Get("Authorization"))
		if a.answer != nil && a.answer(w) {
			return
		}
		a.n++
		a.valid = fmt.Sprintf("token-%d", a.n)
		fmt.Fprintf(w, `{"access_token":%q,"expires_in":%s,"refresh_token":"rotated-%d"}`, a.valid, a.expires, a.n)
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+a.valid {
		w.WriteHeader(401)
	}
}

func TestOAuth2(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		auth    config.Auth
		expires string
		pause   time.Duration // between two requests
		forms   []string
	}{
		{"AUTH-08, AUTH-10", config.Auth{Kind: "oauth2_client_credentials", ClientID: "me", ClientSecret: "s", RequestData: []hook.Pair{{Name: "a", Value: "1"}, {Name: "client_id", Value: "x"}}}, "60", 59 * time.Second,
			[]string{"client_id=x&client_secret=s&grant_type=client_credentials&a=1"}},
		{"AUTH-09 expired, numeric text", config.Auth{Kind: "oauth2_password", Username: "u", Password: "p", Scopes: []string{"r", "w"}}, `"60"`, 60 * time.Second,
			[]string{"grant_type=password&username=u&password=p&scope=r+w", "grant_type=password&username=u&password=p&scope=r+w"}},
		{"AUTH-09 zero", config.Auth{Kind: "oauth2_password", Username: "u"}, `0`, 0,
			[]string{"grant_type=password&username=u&password=", "grant_type=password&username=u&password="}},
		{"AUTH-09 default zero", config.Auth{Kind: "oauth2_password"}, `null`, 0,
			[]string{"grant_type=password&username=&password=", "grant_type=password&username=&password="}},
		{"AUTH-09 default", config.Auth{Kind: "oauth2_password", DefaultExpiration: time.Minute}, `null`, 30 * time.Second,
			[]string{"grant_type=password&username=&password="}},
		{"API-27 rotation", config.Auth{Kind: "oauth2_refresh_token", RefreshToken: "first"}, `0`, 0,
			[]string{"grant_type=refresh_token&refresh_token=first", "grant_type=refresh_token&refresh_token=rotated-1"}},
		{"AUTH-14", config.Auth{Kind: "oauth2_client_credentials", BuildRequest: "client.auth.build_request"}, `60`, 0,
			[]string{"built=1Basic built"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			api := &tokenAPI{expires: test.expires}
			var stored []string
			c, k, home := testClient(t, api.ServeHTTP, func(_ *config.Client, o *Options) {
				o.RefreshTokens.Store = func(_ context.Context, _, token string) error { stored = append(stored, token); return nil }
			})
			test.auth.AccessTokenURL = home + "/token"
			for range 2 {
				if _, err := ask(t, c, &test.auth, &world{}, home); err != nil {
					t.Fatal(err)
				}
				k.Sleep(context.Background(), test.pause)
			}
			if got, want := strings.Join(api.forms, "\n"), strings.Join(test.forms, "\n"); got != want {
				t.Errorf("forms\n%s\nwant\n%s", got, want)
			}
			if test.auth.Kind == "oauth2_refresh_token" && fmt.Sprint(stored) != "[rotated-1 rotated-2]" {
				t.Errorf("stored %v", stored)
			}
			if got := c.redactor.Text("token-1"); got != mask {
				t.Errorf("the token is shown: %s", got)
			}
		})
	}
}

func TestTokenErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		status int
		body   string
		asked  int
		want   string
	}{
		{"AUTH-11 refused", 401, `{"error":"invalid_client"}`, 1, "the token request failed (invalid_client): 401 Client Error: Unauthorized"},
		{"AUTH-11 retried", 500, "", 5, "the token request failed: 500 Server Error"},
		{"AUTH-13 no token", 200, `{"token_type":"x"}`, 1, "gave no access_token"},
		{"AUTH-13 no JSON", 200, `<html>`, 1, "not JSON with access_token"},
		{"AUTH-11 refused in a form", 200, `error=bad_verification_code&error_description=The+code+is+wrong`, 1, "gave no access_token (bad_verification_code The code is wrong)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			api := &tokenAPI{answer: func(w http.ResponseWriter) bool {
				w.WriteHeader(test.status)
				io.WriteString(w, test.body)
				return true
			}}
			c, _, home := testClient(t, api.ServeHTTP, nil)
			_, err := ask(t, c, &config.Auth{Kind: "oauth2_client_credentials", ClientSecret: "very-secret", AccessTokenURL: home + "/token"}, nil, home)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "very-secret") || len(api.forms) != test.asked {
				t.Errorf("%v after %d", err, len(api.forms))
			}
			var status *StatusError
			if test.status >= 400 && !errors.As(err, &status) {
				t.Errorf("no status in %v", err)
			}
		})
	}
}

// Some servers answer with a form, as drafts of OAuth 2 had it.
func TestTokenInAForm(t *testing.T) {
	t.Parallel()
	for _, expires := range []string{"expires_in=60", "expires=60", ""} {
		api := &tokenAPI{valid: "token-1", answer: func(w http.ResponseWriter) bool {
			io.WriteString(w, "access_token=token-1&token_type=bearer&"+expires)
			return true
		}}
		c, k, home := testClient(t, api.ServeHTTP, nil)
		a := &config.Auth{Kind: "oauth2_client_credentials", AccessTokenURL: home + "/token", DefaultExpiration: time.Hour}
		for range 2 {
			if _, err := ask(t, c, a, nil, home); err != nil {
				t.Error(err)
			}
			k.Sleep(t.Context(), 2*time.Minute)
		}
		want := 2
		if expires == "" {
			want = 1
		}
		if len(api.forms) != want || c.redactor.Text("token-1") != mask {
			t.Errorf("%q: %d token requests, the token is shown as %s", expires, len(api.forms), c.redactor.Text("token-1"))
		}
	}
}

// API-26: a 401 renews the token once for all workers, and the request comes
// again; AUTH-12: a token from elsewhere is used first.
func TestRefreshOnce(t *testing.T) {
	t.Parallel()
	api := &tokenAPI{expires: "60", valid: "other"}
	c, k, home := testClient(t, api.ServeHTTP, nil)
	a := &config.Auth{Kind: "oauth2_client_credentials", Token: "preset", AccessTokenURL: home + "/token"}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := ask(t, c, a, nil, home); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if len(api.forms) != 1 || len(k.slept) != 0 {
		t.Errorf("%d token requests, slept %v", len(api.forms), k.slept)
	}
	// Refused for good: one renewal, then the error.
	api.answer = func(w http.ResponseWriter) bool { io.WriteString(w, `{"access_token":"wrong"}`); return true }
	api.valid = "other"
	if _, err := ask(t, c, a, nil, home); err == nil || !strings.Contains(err.Error(), "401 Client Error") || len(api.forms) != 2 {
		t.Errorf("%v after %d", err, len(api.forms))
	}
}

// Login: once, again when it expired, and a bearer token without apply.
func TestLogin(t *testing.T) {
	t.Parallel()
	var logins atomic.Int64
	c, k, home := testClient(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Header.Get("Authorization")+r.Header.Get("X-Session"))
	}, nil)
	w := &world{login: func() ([]byte, error) {
		return fmt.Appendf(nil, `{"token":"session-%d","expires_in":10}`, logins.Add(1)), nil
	}}
	a := &config.Auth{Kind: "login", Login: "client.auth.login"}
	for i, want := range []string{"session-1", "session-1", "session-2"} {
		if got, err := ask(t, c, a, w, home); err != nil || got != "Bearer "+want {
			t.Errorf("%d: %q, %v", i, got, err)
		}
		k.Sleep(context.Background(), 5*time.Second)
	}
	applied := &config.Auth{Kind: "login", Login: "l", Apply: "a"}
	if got, err := ask(t, c, applied, w, home); err != nil || got != `{"token":"session-3","expires_in":10}` {
		t.Errorf("applied: %q, %v", got, err)
	}
	if got := c.redactor.Text("session-3"); got != mask {
		t.Errorf("shown: %s", got)
	}
}

// AUTH-15: the assertion is signed by the key, which may have a passphrase.
func TestJWT(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	//lint:ignore SA1019 the form that is read
	block, err := x509.EncryptPEMBlock(rand.Reader, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), []byte("pass"), x509.PEMCipherAES256)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(block))
	if _, err := parseKey(text, "wrong"); err == nil {
		t.Error("read with a wrong passphrase")
	}
	api := &tokenAPI{expires: "60"}
	c, k, home := testClient(t, api.ServeHTTP, nil)
	a := &config.Auth{Kind: "oauth2_jwt", ClientID: "me", PrivateKey: text, PrivateKeyPassphrase: "pass", AccessTokenURL: home + "/token", Scopes: []string{"a", "b"}}
	if _, err := ask(t, c, a, nil, home); err != nil {
		t.Fatal(err)
	}
	_, assertion, _ := strings.Cut(api.forms[0], "assertion=")
	parts := strings.Split(assertion, ".")
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], signature); err != nil {
		t.Error(err)
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	at := k.now.Unix()
	if want := fmt.Sprintf(`{"aud":"%s/token","exp":%d,"iat":%d,"iss":"me","scope":"a b","sub":"me"}`, home, at+3600, at); err != nil || string(claims) != want {
		t.Errorf("claims %s, want %s", claims, want)
	}
}

// AUTH-15: a key as openssl encrypts it: PKCS #8, PBES2, AES-256.
func TestEncryptedPKCS8(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	der := encryptPKCS8(t, plain, "pass")
	text := string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der}))
	if got, err := parseKey(text, "pass"); err != nil || !got.Equal(key) {
		t.Errorf("not read: %v", err)
	}
	if _, err := parseKey(text, "word"); err == nil {
		t.Error("read with a wrong passphrase")
	}
	if _, err := parseKey(string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der[:40]})), "pass"); err == nil {
		t.Error("half a key was read")
	}
}

func encryptPKCS8(t *testing.T, plain []byte, passphrase string) []byte {
	t.Helper()
	encode := func(v any) asn1.RawValue {
		der, err := asn1.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return asn1.RawValue{FullBytes: der}
	}
	salt, iv := []byte("saltsalt"), []byte("0123456789abcdef")
	derived, err := pbkdf2.Key(sha256.New, passphrase, salt, 1000, 32)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		t.Fatal(err)
	}
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	data := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)
	return encode(encryptedKey{
		Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidPBES2, Parameters: encode(pbes2Params{
			Derivation: pkix.AlgorithmIdentifier{Algorithm: oidPBKDF2, Parameters: encode(pbkdf2Params{Salt: salt, Iterations: 1000, PRF: pkix.AlgorithmIdentifier{Algorithm: oidHMACSHA256, Parameters: asn1.NullRawValue}})},
			Cipher:     pkix.AlgorithmIdentifier{Algorithm: oidAES256CBC, Parameters: encode(iv)},
		})},
		Data: data,
	}).FullBytes
}
