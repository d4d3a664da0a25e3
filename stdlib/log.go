package stdlib

import (
	"bytes"
	"encoding/json"
	"strconv"
)

func logModule() Module {
	function := func(level, doc string) Function {
		return Function{
			Name: level, Params: "text: string, fields?: table", Returns: "nil",
			Doc:     doc + " fields is a table of values that belong to it.",
			Example: `log.` + level + `("page without records", { page = 3 })`,
			run:     func(c *call) int { return logLine(c, level) },
		}
	}
	return newModule("log", "Lines in the log of the load; secrets in them are masked.",
		function("debug", "Writes a line that is shown only when the log is verbose."),
		function("info", "Writes a line."),
		function("warn", "Writes a warning."),
		function("error", "Writes an error to the log; the load goes on. error(text) ends it."),
	)
}

func logLine(c *call, level string) int {
	text := c.text(1)
	var values map[string]any
	if !c.missing(2) {
		if !isTable(c.L.Get(2)) {
			c.failArgument(2, "a table")
		}
		raw := c.json(2)
		if raw[0] == '[' {
			c.fail("argument 2: expected a table with named fields, got a list")
		}
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		c.check(d.Decode(&values))
		for name, value := range values {
			values[name] = logValue(value)
		}
	}
	if c.Log != nil {
		c.Log(level, text, values)
	}
	return 0
}

// logValue makes numbers plain, integers exact where they fit.
func logValue(value any) any {
	n, ok := value.(json.Number)
	if !ok {
		return value
	}
	if i, err := strconv.ParseInt(n.String(), 10, 64); err == nil {
		return i
	}
	if f, err := n.Float64(); err == nil {
		return f
	}
	return n.String()
}
