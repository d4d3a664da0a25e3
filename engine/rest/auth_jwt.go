package rest

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"hash"
	"strings"
)

// assertion makes the signed token of oauth2_jwt (RFC 7523; AUTH-15): RS256 over
// iss, sub, aud, iat, exp and, with scopes, scope. It is valid for an hour.
func (t *tokenAuth) assertion() (string, error) {
	a := t.auth
	now := t.client.now().Unix()
	claims := map[string]any{"iss": a.ClientID, "sub": a.ClientID, "aud": t.client.absolute(a.AccessTokenURL), "iat": now, "exp": now + 3600}
	if a.Subject != "" {
		claims["sub"] = a.Subject
	}
	if a.Audience != "" {
		claims["aud"] = a.Audience
	}
	if len(a.Scopes) > 0 {
		claims["scope"] = strings.Join(a.Scopes, " ")
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encode(payload)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, t.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", err
	}
	return signed + "." + encode(signature), nil
}

// parseKey reads an RSA key in PEM form: PKCS #1 or PKCS #8, either of them
// with a passphrase.
func parseKey(text, passphrase string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(strings.TrimSpace(text)))
	if block == nil {
		return nil, errors.New("not a key in PEM form (it begins with -----BEGIN PRIVATE KEY-----)")
	}
	der := block.Bytes
	var err error
	switch {
	case block.Type == "ENCRYPTED PRIVATE KEY":
		if der, err = decryptPKCS8(der, passphrase); err != nil {
			return nil, err
		}
	case strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
		//lint:ignore SA1019 The form is weak, but keys are handed out in it.
		if der, err = x509.DecryptPEMBlock(block, []byte(passphrase)); err != nil {
			return nil, errWrongPassphrase
		}
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		if block.Type == "ENCRYPTED PRIVATE KEY" {
			return nil, errWrongPassphrase
		}
		return nil, errors.New("the key cannot be read")
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("not an RSA key, which RS256 needs")
	}
	return key, nil
}

var errWrongPassphrase = errors.New("the key cannot be decrypted (wrong private_key_passphrase?)")

// Object identifiers of RFC 8018.
var (
	oidPBES2      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidHMACSHA256 = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}
	oidHMACSHA512 = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 11}
	oidHMACSHA1   = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 7}
	oidAES128CBC  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 2}
	oidAES192CBC  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 22}
	oidAES256CBC  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
)

// The structures of an encrypted PKCS #8 key (RFC 5958, RFC 8018 A.2, A.4).
type encryptedKey struct {
	Algorithm pkix.AlgorithmIdentifier
	Data      []byte
}

type pbes2Params struct {
	Derivation, Cipher pkix.AlgorithmIdentifier
}

type pbkdf2Params struct {
	Salt       []byte
	Iterations int
	KeyLength  int                      `asn1:"optional"`
	PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
}

// mostIterations bounds the work that a key file can ask for.
const mostIterations = 10_000_000

// decryptPKCS8 decrypts a key that is encrypted by PBES2 with PBKDF2 and AES-CBC,
// the form in which openssl writes keys.
func decryptPKCS8(der []byte, passphrase string) ([]byte, error) {
	errForm := errors.New("the key is encrypted in a form that is not known (known: PBES2 with PBKDF2 and AES-CBC, as openssl pkcs8 -topk8 -v2 aes256 writes it)")
	var k encryptedKey
	var scheme pbes2Params
	var derivation pbkdf2Params
	var iv []byte
	if _, err := asn1.Unmarshal(der, &k); err != nil || !k.Algorithm.Algorithm.Equal(oidPBES2) {
		return nil, errForm
	}
	if _, err := asn1.Unmarshal(k.Algorithm.Parameters.FullBytes, &scheme); err != nil || !scheme.Derivation.Algorithm.Equal(oidPBKDF2) {
		return nil, errForm
	}
	if _, err := asn1.Unmarshal(scheme.Derivation.Parameters.FullBytes, &derivation); err != nil {
		return nil, errForm
	}
	if _, err := asn1.Unmarshal(scheme.Cipher.Parameters.FullBytes, &iv); err != nil || len(iv) != aes.BlockSize {
		return nil, errForm
	}
	var size int
	switch c := scheme.Cipher.Algorithm; {
	case c.Equal(oidAES128CBC):
		size = 16
	case c.Equal(oidAES192CBC):
		size = 24
	case c.Equal(oidAES256CBC):
		size = 32
	default:
		return nil, errForm
	}
	var prf func() hash.Hash
	switch p := derivation.PRF.Algorithm; {
	case len(p) == 0, p.Equal(oidHMACSHA1):
		prf = sha1.New
	case p.Equal(oidHMACSHA256):
		prf = sha256.New
	case p.Equal(oidHMACSHA512):
		prf = sha512.New
	default:
		return nil, errForm
	}
	if derivation.Iterations < 1 || derivation.Iterations > mostIterations || len(k.Data) == 0 || len(k.Data)%aes.BlockSize != 0 {
		return nil, errForm
	}
	key, err := pbkdf2.Key(prf, passphrase, derivation.Salt, derivation.Iterations, size)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	plain := make([]byte, len(k.Data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, k.Data)
	pad := int(plain[len(plain)-1])
	if pad < 1 || pad > aes.BlockSize {
		return nil, errWrongPassphrase
	}
	for _, b := range plain[len(plain)-pad:] {
		if int(b) != pad {
			return nil, errWrongPassphrase
		}
	}
	return plain[:len(plain)-pad], nil
}
