package scripttest

import (
	"context"
	"testing"
)

// Values of rows are those of the tables: numbers without zeros that nobody
// wrote, times and dates as text, and files that evolve = "union" left older
// than the table like the others.
func TestRows(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "items.lua", `
		local config = require("config")
		local rows = config.get("more") and { { id = 2, n = 2.5, note = "new" } } or { {
			id = 1, n = 1, price = 10.5, whole = 3, at = "2024-02-01T10:00:00Z", day = "2024-02-01", clock = "10:30:00", raw = { a = { 1, 2 } }, yes = true, nothing = require("json").null,
		} }
		return { client = { base_url = "" }, resources = { { name = "items", evolve = "union", rows = rows, columns = {
			price = { data_type = "decimal", precision = 10, scale = 4 }, whole = { data_type = "decimal", precision = 10, scale = 2 },
			day = { data_type = "date" }, clock = { data_type = "time" }, raw = { data_type = "json" },
		} } } }`)
	cases, err := Run(context.Background(), write(t, dir, "items_test.lua", `
		local test, json = require("test"), require("json")
		test.case("one file", function(t)
			local load = t.run("items.lua", { config = { more = false } })
			t.equal(json.encode(load.rows("items")), '[{"price":10.5,"whole":3,"day":"2024-02-01","clock":"10:30:00","raw":{"a":[1,2]},"id":1,"n":1,"at":"2024-02-01T10:00:00Z","yes":true}]')
		end)
		test.case("an older one", function(t)
			t.run("items.lua", { config = { more = false } })
			local load = t.run("items.lua", { config = { more = true } })
			t.equal(json.encode(load.rows("items")), '[{"price":10.5,"whole":3,"day":"2024-02-01","clock":"10:30:00","raw":{"a":[1,2]},"id":1,"n":1.0,"at":"2024-02-01T10:00:00Z","yes":true},{"id":2,"n":2.5,"note":"new"}]')
		end)`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if c.Err != nil {
			t.Errorf("%s: %s", c.Name, c.Err)
		}
	}
}
