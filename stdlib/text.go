package stdlib

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

func textModule() Module {
	return newModule("text", "Everyday work on texts, without patterns.",
		Function{
			Name: "trim", Params: "text: string, characters?: string", Returns: "string",
			Doc:     "The text without white space, or without the given characters, at both ends.",
			Example: `assert(text.trim("  a b\n") == "a b" and text.trim("/a/", "/") == "a")`,
			run: func(c *call) int {
				if c.missing(2) {
					return c.pushText(strings.TrimSpace(c.text(1)))
				}
				return c.pushText(strings.Trim(c.text(1), c.text(2)))
			},
		},
		Function{
			Name: "split", Params: "text: string, separator: string, limit?: integer", Returns: "string[]",
			Doc: "The pieces between separators, empty ones too; with a limit at most so many, the last of which is the rest.",
			Example: `local parts = text.split("a,b,,c", ",")
assert(#parts == 4 and parts[3] == "")`,
			run: textSplit,
		},
		Function{
			Name: "starts_with", Params: "text: string, prefix: string", Returns: "boolean",
			Doc:     "Whether the text starts with a prefix.",
			Example: `assert(text.starts_with("issue-12", "issue-"))`,
			run:     func(c *call) int { return c.pushBool(strings.HasPrefix(c.text(1), c.text(2))) },
		},
		Function{
			Name: "ends_with", Params: "text: string, suffix: string", Returns: "boolean",
			Doc:     "Whether the text ends with a suffix.",
			Example: `assert(text.ends_with("data.csv", ".csv"))`,
			run:     func(c *call) int { return c.pushBool(strings.HasSuffix(c.text(1), c.text(2))) },
		},
		Function{
			Name: "slug", Params: "text: string, separator?: string", Returns: "string",
			Doc:     "The text as a name: lower case, accents taken off, everything but letters and digits replaced by one separator, \"-\" unless given.",
			Example: `assert(text.slug("Crème Brûlée, 2nd!") == "creme-brulee-2nd" and text.slug("A b", "_") == "a_b")`,
			run:     textSlug,
		},
		Function{
			Name: "html_to_text", Params: "html: string", Returns: "string",
			Doc: "The readable text of HTML: entities decoded, paragraphs, rows and line breaks as line ends, items of lists with \"- \", scripts and styles dropped, white space reduced. " +
				"What is no HTML is text.",
			Example: `assert(text.html_to_text("<p>Fish &amp; <b>chips</b></p><ul><li>one</li><li>two</li></ul>") == "Fish & chips\n\n- one\n- two")`,
			run:     htmlToText,
		},
	)
}

func textSplit(c *call) int {
	text, separator := c.text(1), c.text(2)
	if separator == "" {
		c.fail("argument 2: expected a separator, got empty text")
	}
	limit := c.optInteger(3, 1, maxMatches, maxMatches+1)
	parts := strings.SplitN(text, separator, limit)
	if len(parts) > maxMatches {
		c.fail("more than %d pieces; give a limit", maxMatches)
	}
	c.L.Push(c.list(cloneShort(parts, len(text))))
	return 1
}

// maxSlug bounds the text of text.slug in bytes: taking letters apart may make
// a text eleven times as long.
const maxSlug = 1 << 20

func textSlug(c *call) int {
	text, separator := c.text(1), c.optText(2, "-")
	if len(text) > maxSlug || len(separator) > 16 {
		c.fail("the text is longer than %d MiB, or the separator than 16 bytes", maxSlug>>20)
	}
	// Letters that Unicode does not take apart into a letter and an accent.
	letters := strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "ł", "l", "đ", "d", "þ", "th")
	var out strings.Builder
	gap := false
	for i, r := range norm.NFKD.String(letters.Replace(strings.ToLower(text))) {
		if i%(1<<16) == 0 {
			c.spend(1 << 8)
		}
		switch {
		case unicode.Is(unicode.Mn, r): // an accent
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if gap && out.Len() > 0 {
				out.WriteString(separator)
			}
			gap = false
			out.WriteRune(r)
		default:
			gap = true
		}
	}
	return c.pushText(out.String())
}
