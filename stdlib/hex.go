package stdlib

import (
	"encoding/hex"
	"errors"
	"strings"
)

func hexModule() Module {
	return newModule("hex", "Bytes as hexadecimal digits.",
		Function{
			Name: "encode", Params: "text: string", Returns: "string",
			Doc:     "Two lower-case digits for each byte of the text.",
			Example: `assert(hex.encode("Hi!") == "486921")`,
			run: func(c *call) int {
				text := c.text(1)
				c.bound(2 * len(text))
				return c.pushText(hex.EncodeToString([]byte(text)))
			},
		},
		Function{
			Name: "decode", Params: "text: string", Returns: "string",
			Doc:     "The bytes of hexadecimal digits, upper or lower case.",
			Example: `assert(hex.decode("486921") == "Hi!")`,
			run: func(c *call) int {
				text := c.text(1)
				decoded, err := hex.DecodeString(text)
				if bad, ok := errors.AsType[hex.InvalidByteError](err); ok {
					c.fail("byte %d: unexpected %q", strings.IndexByte(text, byte(bad))+1, byte(bad))
				}
				if err != nil {
					c.fail("an odd number of digits (%d)", len(text))
				}
				return c.pushText(string(decoded))
			},
		},
	)
}
