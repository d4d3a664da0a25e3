package stdlib

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/restlua/restlua/engine/rawjson"
)

// jwtSign makes signed JSON Web Tokens (RFC 7519, RFC 7515, RFC 7518).
var jwtSign = Function{
	Name: "jwt_sign", Params: "options: { algorithm: string, key: string, claims: table, headers?: table }", Returns: "string",
	Doc: "A signed JSON Web Token. algorithm is HS256, HS384 or HS512 with the shared key as text, RS256 or ES256 with a private key in PEM " +
		"(PKCS #1, PKCS #8 or SEC 1; not encrypted). headers are added to { alg, typ }, such as kid. " +
		"Times in claims are Unix seconds: time.now().unix.",
	Example: `local token = crypto.jwt_sign{ algorithm = "HS256", key = "secret", claims = { iss = "restlua" } }
assert(token == "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJyZXN0bHVhIn0.CgcGsU37FfAWS5Ev4oOsXRiMnNIFJFNHadyvz7Ubi7o")`,
	run: runJWTSign,
}

func runJWTSign(c *call) int {
	o := c.table(1, "algorithm", "key", "claims", "headers")
	algorithm, key := o.needText("algorithm"), o.needText("key")
	if !isTable(o.get("claims")) {
		o.failField("claims", "a table")
	}
	claims := rawjson.AppendCompact(nil, o.json("claims"))
	header := []byte(`{"alg":` + string(rawjson.AppendQuoted(nil, algorithm)) + `,"typ":"JWT"}`)
	if o.has("headers") {
		extra := o.json("headers")
		if extra[0] != '{' {
			o.failField("headers", "a table with named fields")
		}
		c.check(rawjson.Fields(extra, func(rawKey, value []byte) bool {
			name, err := rawjson.Unquote(rawKey)
			c.check(err)
			if name == "alg" {
				c.fail("argument 1: headers: alg is given by algorithm")
			}
			header = rawjson.Set(header, name, slices.Clone(value))
			return true
		}))
	}
	if claims[0] != '{' {
		o.failField("claims", "a table with named fields")
	}
	signed := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(claims)
	signature, err := jwtSignature(algorithm, key, []byte(signed))
	c.check(err)
	return c.pushText(signed + "." + base64.RawURLEncoding.EncodeToString(signature))
}

func jwtSignature(algorithm, key string, signed []byte) ([]byte, error) {
	switch algorithm {
	case "HS256", "HS384", "HS512":
		h := hmac.New(hashes["sha"+algorithm[2:]], []byte(key))
		h.Write(signed)
		return h.Sum(nil), nil
	case "RS256", "ES256":
		private, err := parsePrivateKey(key)
		if err != nil {
			return nil, err
		}
		digest := sha256.Sum256(signed)
		if algorithm == "RS256" {
			return signRS256(private, digest[:])
		}
		return signES256(private, digest[:])
	default:
		return nil, fmt.Errorf("unknown algorithm %q (expected HS256, HS384, HS512, RS256 or ES256)", algorithm)
	}
}

// parsePrivateKey reads the first private key of a PEM text. Keys that came
// through an environment variable often have \n for their line ends.
func parsePrivateKey(text string) (any, error) {
	rest := []byte(strings.ReplaceAll(text, `\n`, "\n"))
	for {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			return nil, errors.New("key: expected a private key in PEM (-----BEGIN ... PRIVATE KEY-----)")
		}
		if strings.Contains(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "" {
			return nil, errors.New("key: the private key is encrypted; decrypt it first")
		}
		var key any
		var err error
		switch block.Type {
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(block.Bytes)
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		default: // parameters or a certificate before the key
			continue
		}
		if err != nil {
			return nil, errors.New("key: the private key is damaged")
		}
		return key, nil
	}
}

func signRS256(private any, digest []byte) ([]byte, error) {
	key, ok := private.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("key: RS256 needs an RSA key")
	}
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest)
	if err != nil {
		return nil, errors.New("key: the RSA key is too short or damaged")
	}
	return signature, nil
}

// signES256 gives r and s with 32 bytes each (RFC 7518, 3.4).
func signES256(private any, digest []byte) ([]byte, error) {
	key, ok := private.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("key: ES256 needs a key on the curve P-256")
	}
	r, s, err := ecdsa.Sign(rand.Reader, key, digest)
	if err != nil {
		return nil, errors.New("key: the EC key is damaged")
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signature, nil
}
