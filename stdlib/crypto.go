package stdlib

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"

	lua "github.com/yuin/gopher-lua"
)

func cryptoModule() Module {
	const encodings = ` encoding is "hex" (the default), "base64", "base64url" or "raw" bytes.`
	digest := func(name, doc, example string) Function {
		return Function{
			Name: name, Params: "text: string, encoding?: string", Returns: "string",
			Doc: doc + encodings, Example: example,
			run: func(c *call) int {
				h := hashes[name]()
				h.Write([]byte(c.text(1)))
				return c.pushDigest(h.Sum(nil), 2)
			},
		}
	}
	return newModule("crypto", "Hashes, signatures and random bytes.",
		digest("sha256", "The SHA-256 hash of a text.",
			`assert(crypto.sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")`),
		digest("sha1", "The SHA-1 hash of a text, for APIs that ask for it; it is not safe against forgery.",
			`assert(crypto.sha1("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d")`),
		digest("md5", "The MD5 hash of a text, for APIs that ask for it; it is not safe against forgery.",
			`assert(crypto.md5("abc", "base64") == "kAFQmDzST7DWlj99KOF/cg==")`),
		Function{
			Name: "hmac", Params: "algorithm: string, key: string, text: string, encoding?: string", Returns: "string",
			Doc:     `The HMAC (RFC 2104) of a text; algorithm is "sha256", "sha384", "sha512", "sha1" or "md5".` + encodings,
			Example: `assert(crypto.hmac("sha256", "key", "text") == "6afa9046a9579cad143a384c1b564b9a250d27d6f6a63f9f20bf3a7594c9e2c6")`,
			run:     cryptoHMAC,
		},
		Function{
			Name: "random_bytes", Params: "count: integer", Returns: "string",
			Doc:     "Unpredictable bytes (at most 65536) for nonces and keys, other ones each time.",
			Example: `assert(#crypto.random_bytes(16) == 16)`,
			run: func(c *call) int {
				b := make([]byte, c.integer(1, 0, 1<<16))
				_, _ = rand.Read(b) // never fails, as crypto/rand says
				return c.pushText(string(b))
			},
		},
		jwtSign,
		awsSigV4,
	)
}

// hashes are the hash functions by the names that scripts use.
var hashes = map[string]func() hash.Hash{
	"md5":    md5.New,
	"sha1":   sha1.New,
	"sha256": sha256.New,
	"sha384": sha512.New384,
	"sha512": sha512.New,
}

func cryptoHMAC(c *call) int {
	newHash, ok := hashes[c.text(1)]
	if !ok {
		c.fail("argument 1: unknown algorithm %q (expected sha256, sha384, sha512, sha1 or md5)", c.text(1))
	}
	h := hmac.New(newHash, []byte(c.text(2)))
	h.Write([]byte(c.text(3)))
	return c.pushDigest(h.Sum(nil), 4)
}

// pushDigest is a hash in the encoding that argument n names.
func (c *call) pushDigest(sum []byte, n int) int {
	var s string
	switch encoding := c.optText(n, "hex"); encoding {
	case "hex":
		s = hex.EncodeToString(sum)
	case "base64":
		s = base64.StdEncoding.EncodeToString(sum)
	case "base64url":
		s = base64.RawURLEncoding.EncodeToString(sum)
	case "raw":
		s = string(sum)
	default:
		c.fail("argument %d: unknown encoding %q (expected hex, base64, base64url or raw)", n, encoding)
	}
	c.L.Push(lua.LString(s))
	return 1
}
