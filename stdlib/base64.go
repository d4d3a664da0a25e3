package stdlib

import (
	"encoding/base64"
	"strings"
)

func base64Module() Module {
	return newModule("base64", "Base64 (RFC 4648) of texts and bytes.",
		Function{
			Name: "encode", Params: "text: string", Returns: "string",
			Doc:     "The text in base64 with the standard alphabet and padding.",
			Example: `assert(base64.encode("user:pass") == "dXNlcjpwYXNz")`,
			run:     func(c *call) int { return base64Encode(c, base64.StdEncoding) },
		},
		Function{
			Name: "decode", Params: "text: string", Returns: "string",
			Doc:     "The bytes of base64 text. Padding may be missing and line ends are passed over; anything else is an error.",
			Example: `assert(base64.decode("dXNlcjpwYXNz") == "user:pass")`,
			run:     func(c *call) int { return base64Decode(c, base64.RawStdEncoding) },
		},
		Function{
			Name: "url_encode", Params: "text: string", Returns: "string",
			Doc:     "The text in base64 with the alphabet of URLs and file names (- and _), without padding.",
			Example: `assert(base64.url_encode("\251\255") == "-_8")`,
			run:     func(c *call) int { return base64Encode(c, base64.RawURLEncoding) },
		},
		Function{
			Name: "url_decode", Params: "text: string", Returns: "string",
			Doc:     "The bytes of base64 text with the alphabet of URLs; padding may be there or not.",
			Example: `assert(base64.url_decode("-_8=") == "\251\255")`,
			run:     func(c *call) int { return base64Decode(c, base64.RawURLEncoding) },
		},
	)
}

func base64Encode(c *call, enc *base64.Encoding) int {
	text := c.text(1)
	c.bound(enc.EncodedLen(len(text)))
	return c.pushText(enc.EncodeToString([]byte(text)))
}

func base64Decode(c *call, enc *base64.Encoding) int {
	text := strings.TrimRight(c.text(1), "=\r\n")
	decoded, err := enc.DecodeString(text)
	if at, ok := err.(base64.CorruptInputError); ok {
		// A sign of the alphabet is wrong only where its neighbours are missing.
		if _, err := enc.DecodeString(text[at:min(int(at)+1, len(text))] + "A"); err == nil {
			c.fail("the text ends too early")
		}
		c.fail("byte %d: unexpected %q", int(at)+1, text[at])
	}
	c.check(err)
	return c.pushText(string(decoded))
}
