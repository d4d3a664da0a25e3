package stdlib

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strings"
)

func uuidModule() Module {
	return newModule("uuid", "Identifiers (RFC 9562).",
		Function{
			Name: "v5", Params: "namespace: string, name: string", Returns: "string",
			Doc:     "The UUID of a name: the same name in the same namespace is always the same. The namespace is a UUID or one of \"dns\", \"url\", \"oid\", \"x500\".",
			Example: `assert(uuid.v5("dns", "www.example.com") == "2ed6657d-e927-568b-95e1-2665a8aea6a2")`,
			run:     uuidV5,
		},
		Function{
			Name: "v4", Params: "", Returns: "string",
			Doc:     "A random UUID. The row of them follows from the load and the resource, so that a load that is repeated gets the same ones: they are unique, but no secret.",
			Example: `assert(uuid.v4() ~= uuid.v4())`,
			run:     uuidV4,
		},
	)
}

// randomSource is the world's source of uuid.v4, made when it is first asked.
type randomSource struct{ chacha *rand.ChaCha8 }

func (s *randomSource) fill(h *Host, b []byte) {
	if s.chacha == nil {
		from := binary.BigEndian.AppendUint64([]byte("uuid.v4 "), uint64(h.LoadID))
		from = binary.BigEndian.AppendUint32(from, uint32(h.Worker))
		seed := sha256.Sum256(append(from, h.Resource...))
		s.chacha = rand.NewChaCha8(seed)
	}
	_, _ = s.chacha.Read(b) // never fails
}

func uuidV4(c *call) int {
	var id [16]byte
	c.random.fill(c.Host, id[:])
	return c.pushText(uuidText(id, 4))
}

func uuidV5(c *call) int {
	text, name := c.text(1), c.text(2)
	// The last eight bytes of all four are those of RFC 9562, 6.6.
	known := map[string]string{
		"dns":  "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
		"url":  "6ba7b811-9dad-11d1-80b4-00c04fd430c8",
		"oid":  "6ba7b812-9dad-11d1-80b4-00c04fd430c8",
		"x500": "6ba7b814-9dad-11d1-80b4-00c04fd430c8",
	}
	if id, ok := known[text]; ok {
		text = id
	}
	namespace, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(namespace) != 16 || len(text) != 36 {
		c.fail("argument 1: expected a UUID or one of dns, url, oid, x500, got %q", text)
	}
	h := sha1.New()
	h.Write(namespace)
	h.Write([]byte(name))
	return c.pushText(uuidText([16]byte(h.Sum(nil)[:16]), 5))
}

// uuidText writes id with its version and variant set.
func uuidText(id [16]byte, version byte) string {
	id[6] = id[6]&0x0f | version<<4
	id[8] = id[8]&0x3f | 0x80
	s := hex.EncodeToString(id[:])
	return strings.Join([]string{s[:8], s[8:12], s[12:16], s[16:20], s[20:]}, "-")
}
