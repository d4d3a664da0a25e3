package stdlib

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/lua/view"
)

func TestHashes(t *testing.T) {
	t.Parallel()
	succeeds(t,
		// RFC 4231, case 2, and RFC 2202.
		`assert(crypto.hmac("sha256", "Jefe", "what do ya want for nothing?") == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
		assert(crypto.hmac("md5", "Jefe", "what do ya want for nothing?") == "750c783e6ab0b503eaa86e310a5db738")
		assert(crypto.hmac("sha1", "Jefe", "what do ya want for nothing?") == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")
		assert(#crypto.hmac("sha384", "k", "", "raw") == 48 and #crypto.hmac("sha512", "k", "", "raw") == 64)`,
		`assert(crypto.md5("") == "d41d8cd98f00b204e9800998ecf8427e" and crypto.sha1("", "base64") == "2jmj7l5rSw0yVb/vlWAYkK/YBwk=")
		assert(crypto.sha256("", "base64url") == "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU" and hex.encode(crypto.sha256("", "raw")) == crypto.sha256(""))`,
		`assert(#crypto.random_bytes(0) == 0 and crypto.random_bytes(16) ~= crypto.random_bytes(16))`,
	)
	fails(t,
		failure{`crypto.sha256(1)`, "crypto.sha256: argument 1: expected text, got a number"},
		failure{`crypto.sha256("", "hax")`, `crypto.sha256: argument 2: unknown encoding "hax" (expected hex, base64, base64url or raw)`},
		failure{`crypto.hmac("sha3", "", "")`, `crypto.hmac: argument 1: unknown algorithm "sha3" (expected sha256, sha384, sha512, sha1 or md5)`},
		failure{`crypto.random_bytes(65537)`, `crypto.random_bytes: argument 1: expected a whole number from 0 to 65536, got 65537`},
		failure{`crypto.random_bytes("a")`, `crypto.random_bytes: argument 1: expected a number, got text`},
	)
}

// signWith runs crypto.jwt_sign and returns the token's parts.
func signWith(t *testing.T, algorithm, key string) (signed string, signature []byte) {
	t.Helper()
	L := lua.NewState()
	defer L.Close()
	view.Open(L)
	L.SetGlobal("crypto", cryptoModule().Open(L, testHost()))
	L.SetGlobal("key", lua.LString(key))
	if err := L.DoString(`token = crypto.jwt_sign{ algorithm = "` + algorithm + `", key = key, claims = { iss = "x", iat = 1700000000 }, headers = { kid = "k1", typ = "at+jwt" } }`); err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(L.GetGlobal("token").String(), ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts", len(parts))
	}
	header, _ := base64.RawURLEncoding.DecodeString(parts[0])
	if want := `{"alg":"` + algorithm + `","typ":"at+jwt","kid":"k1"}`; string(header) != want {
		t.Errorf("header %s, want %s", header, want)
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	return parts[0] + "." + parts[1], signature
}

func pemText(kind string, der []byte, err error) string {
	if err != nil {
		return err.Error()
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func TestJWT(t *testing.T) {
	t.Parallel()
	// The HMAC forms against RFC 7519's rules by another way: the hash of the signed part.
	succeeds(t, `for _, bits in ipairs{ "256", "384", "512" } do
		local token = crypto.jwt_sign{ algorithm = "HS" .. bits, key = "k", claims = { a = 1 } }
		local signed, signature = token:match("^(.*)%.(.*)$")
		assert(crypto.hmac("sha" .. bits, "k", signed, "base64url") == signature)
		assert(base64.url_decode(signed:match("%.(.*)")) == '{"a":1}')
	end`)

	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsa8, err8 := x509.MarshalPKCS8PrivateKey(rsaKey)
	ec8, errEC8 := x509.MarshalPKCS8PrivateKey(ecKey)
	ec1, errEC1 := x509.MarshalECPrivateKey(ecKey)
	ecText := pemText("EC PRIVATE KEY", ec1, errEC1)
	for name, key := range map[string]string{
		"PKCS #1":   pemText("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey), nil),
		"PKCS #8":   pemText("PRIVATE KEY", rsa8, err8),
		"one line":  strings.ReplaceAll(pemText("PRIVATE KEY", rsa8, err8), "\n", `\n`),
		"after EOL": "\n\n" + pemText("PRIVATE KEY", rsa8, err8),
	} {
		signed, signature := signWith(t, "RS256", key)
		digest := sha256.Sum256([]byte(signed))
		if err := rsa.VerifyPKCS1v15(&rsaKey.PublicKey, crypto.SHA256, digest[:], signature); err != nil {
			t.Errorf("RS256 with %s: %v", name, err)
		}
	}
	for name, key := range map[string]string{
		"SEC 1":           ecText,
		"PKCS #8":         pemText("PRIVATE KEY", ec8, errEC8),
		"with parameters": pemText("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}, nil) + ecText,
	} {
		signed, signature := signWith(t, "ES256", key)
		digest := sha256.Sum256([]byte(signed))
		r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
		if len(signature) != 64 || !ecdsa.Verify(&ecKey.PublicKey, digest[:], r, s) {
			t.Errorf("ES256 with %s: the signature is wrong", name)
		}
	}
}

func TestJWTErrors(t *testing.T) {
	t.Parallel()
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(p384)
	wrongCurve := strings.ReplaceAll(pemText("EC PRIVATE KEY", der, err), "\n", `\n`)
	sign := func(algorithm, key string) string {
		return `crypto.jwt_sign{ algorithm = "` + algorithm + `", key = "` + key + `", claims = {} }`
	}
	fails(t,
		failure{sign("none", "x"), `crypto.jwt_sign: unknown algorithm "none" (expected HS256, HS384, HS512, RS256 or ES256)`},
		failure{sign("RS256", "secret"), "crypto.jwt_sign: key: expected a private key in PEM (-----BEGIN ... PRIVATE KEY-----)"},
		failure{sign("RS256", `-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----`), "crypto.jwt_sign: key: the private key is damaged"},
		failure{sign("RS256", `-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----`), "crypto.jwt_sign: key: the private key is encrypted; decrypt it first"},
		failure{sign("RS256", wrongCurve), "crypto.jwt_sign: key: RS256 needs an RSA key"},
		failure{sign("ES256", wrongCurve), "crypto.jwt_sign: key: ES256 needs a key on the curve P-256"},
		failure{`crypto.jwt_sign{ algorithm = "HS256", claims = {} }`, "crypto.jwt_sign: argument 1: key: expected text, got nothing"},
		failure{`crypto.jwt_sign{ algorithm = "HS256", key = "k" }`, "crypto.jwt_sign: argument 1: claims: expected a table, got nothing"},
		failure{`crypto.jwt_sign{ algorithm = "HS256", key = "k", claims = { 1 } }`, "crypto.jwt_sign: argument 1: claims: expected a table with named fields, got a table"},
		failure{`crypto.jwt_sign{ algorithm = "HS256", key = "k", claims = { a = print } }`, "crypto.jwt_sign: argument 1: claims: a: a function cannot be written as JSON"},
		failure{`crypto.jwt_sign{ algorithm = "HS256", key = "k", claims = {}, headers = { alg = "none" } }`, "crypto.jwt_sign: argument 1: headers: alg is given by algorithm"},
		failure{`crypto.jwt_sign("x")`, "crypto.jwt_sign: argument 1: expected a table, got text"},
	)
}

// The published test suite of Signature Version 4 (requests as it writes them,
// signatures as it gives them), and the examples of the IAM and S3 manuals.
func TestAWSSigV4(t *testing.T) {
	t.Parallel()
	succeeds(t, `
local keys = {
  access_key = "AKIDEXAMPLE", secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  region = "us-east-1", service = "service", time = time.parse("2015-08-30T12:36:00Z"),
}
local function check(name, want, request)
  request.url = request.url or "https://example.amazonaws.com/"
  local got = crypto.aws_sigv4(request, keys).Authorization
  assert(got:find("Signature=" .. want .. "$"), name .. ": " .. got)
end
check("get-vanilla", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", {})
check("get-relative", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", { url = "https://example.amazonaws.com/example/.." })
check("get-slashes", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", { url = "https://example.amazonaws.com//" })
check("get-vanilla without slash", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", { url = "https://example.amazonaws.com" })
check("get-utf8", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85", { url = "https://example.amazonaws.com/ሴ" })
check("get-space", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741", { url = "https://example.amazonaws.com/example space/" })
check("get-unreserved", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f", { url = "https://example.amazonaws.com/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" })
check("get-vanilla-query-order-key-case", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500", { url = "https://example.amazonaws.com/?Param2=value2&Param1=value1" })
check("the same with params", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500", { params = { Param2 = "value2", Param1 = "value1" } })
check("get-vanilla-utf8-query", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04", { url = "https://example.amazonaws.com/?ሴ=bar" })
check("get-header-value-trim", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736", { headers = { ["My-Header1"] = " value1", ["My-Header2"] = ' "a   b   c"' } })
check("post-vanilla", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b", { method = "POST" })
check("post-x-www-form-urlencoded", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a", { method = "post", headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }, body = "Param1=value1" })
keys.service = "iam"
check("the manual of IAM", "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7", {
  url = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
  headers = { ["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8" },
})
keys.service, keys.access_key, keys.secret_key = "s3", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
keys.time = time.parse("2013-05-24T00:00:00Z")
check("the manual of S3", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41", { url = "https://examplebucket.s3.amazonaws.com/test.txt", headers = { Range = "bytes=0-9" } })
local signed = crypto.aws_sigv4({ url = "https://b.s3.amazonaws.com/" }, keys)
assert(signed["X-Amz-Content-Sha256"] == crypto.sha256(""))
keys.session_token = "TOKEN"
signed = crypto.aws_sigv4({ url = "https://b.s3.amazonaws.com/" }, keys)
assert(signed["X-Amz-Security-Token"] == "TOKEN" and signed.Authorization:find("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,", 1, true))
`)
	fails(t,
		failure{`crypto.aws_sigv4({ url = "/x" }, { access_key = "a", secret_key = "b", region = "r", service = "s" })`, `crypto.aws_sigv4: argument 1: url: "/x" is no absolute URL`},
		failure{`crypto.aws_sigv4({ url = "https://h/" }, { access_key = "a", region = "r", service = "s" })`, `crypto.aws_sigv4: argument 2: secret_key: expected text, got nothing`},
		failure{`crypto.aws_sigv4({ url = "https://h/" }, { access_key = "a", secret_key = "b", region = "r", service = "s", time = 1 })`, `crypto.aws_sigv4: argument 2: time: expected a time, got a number`},
		failure{`crypto.aws_sigv4({ url = "https://h/" })`, `crypto.aws_sigv4: argument 2: expected a table, got nothing`},
	)
}
