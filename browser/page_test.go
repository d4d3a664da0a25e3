package browser

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The page of restlua show --web in a real browser.
func TestPage(t *testing.T) {
	s := setUp(t)
	demo := t.TempDir()
	s.restlua(t, demo, "demo", "--out", "demo")
	for _, x := range []struct {
		name string
		test func(t *testing.T, s *suite, demo string)
	}{
		{"mouse", testMouse},
		{"keyboard", testKeyboard},
		{"looks", testLooks},
		{"token", testToken},
		{"hard values", testHardValues},
		{"no tables", testNoTables},
		{"many tables and columns", testMany},
		{"many loads", testLoads},
		{"a commit meanwhile", testCommit},
		{"the server ends", testGone},
	} {
		t.Run(x.name, func(t *testing.T) { x.test(t, s, demo) })
	}
}

// Tables, columns, types, first rows, loads, what the last one changed, state
// and query lines are there, and clicks lead to them.
func testMouse(t *testing.T, s *suite, demo string) {
	p := s.open(t, s.show(t, demo, "demo"))
	p.wantText("3 tables, 914 rows", "Load 2 changed", "issues.milestone__due_on timestamp", "updated_at", `"2025-02-28T22:40:00Z"`, "merge by id")
	p.want(`document.querySelectorAll("figure svg g[data-load]").length === 2`)
	p.do(chromedp.Click(`//main//a[.="issues"]`))
	p.want(`location.hash === "#table/issues" && document.activeElement.id === "main"`)
	p.wantText("Load 2: 8 added, 12 updated, 0 deleted")
	p.run("history.back()")
	p.wantText("Load 2 changed")
	p.picture("overview")
	p.do(chromedp.Click(`//nav//bdi[text()="issues"]`))
	p.wantText("258 rows, 26 columns", "Child tables: issues__labels", "First 20 of 258 rows", `SELECT * FROM 'demo/issues/*.parquet';`, "bigint", "The tank is too loud", "/reactions/+1")
	if got := p.eval(`document.querySelectorAll(".grid tbody tr").length`); got != "20" {
		t.Errorf("%s rows", got)
	}
	if got := p.eval("document.title"); got != "issues - restlua" {
		t.Errorf("title %q", got)
	}
	p.do(chromedp.Click(`[data-key="row 2"]`))
	p.wantText("Seen on flight 3.\n\nIt \"reports nonsense\"")
	p.picture("table")
	p.do(chromedp.Click(`[data-key="copy polars"]`))
	p.want(`document.querySelector('[data-key="copy polars"]').textContent === "Copied"`)
	p.do(chromedp.Click(`//main//a[.="issues__labels"]`))
	p.wantText("Child of issues", "_rl_parent_id = issues._rl_id", "d73a4a")
	p.run("history.back()")
	p.wantText("First 20 of 258 rows")
}

// Everything can be reached and used by keys, and the focus can be seen and
// stays where it was when the page draws itself anew.
func testKeyboard(t *testing.T, s *suite, demo string) {
	p := s.open(t, s.show(t, demo, "demo"))
	p.wantText("Load 2 changed")
	at := func(want string) {
		t.Helper()
		if got := p.eval(focused); got != want {
			t.Fatalf("the focus is at %q, want %q", got, want)
		}
		if got := p.eval(`getComputedStyle(document.activeElement).outlineStyle`); got == "none" && want != "main" {
			t.Errorf("the focus at %s cannot be seen", want)
		}
	}
	p.keys(kb.Tab)
	at("skip")
	p.keys(kb.Enter)
	at("main")
	p.do(chromedp.Focus("#skip"))
	p.keys(kb.Tab)
	at("reload")
	p.keys(kb.Tab)
	at("filter")
	p.keys(kb.Tab)
	at("list ")
	p.keys(kb.ArrowDown, kb.ArrowDown)
	at("list issues")
	p.wantText("First 20 of 258 rows")
	at("list issues")
	p.keys(kb.End)
	at("list issues__labels")
	p.wantText("Child of issues")
	p.keys(kb.Home, kb.ArrowUp)
	at("filter")
	p.keys("c", "o", "m")
	p.want(`document.querySelectorAll("nav a").length === 2`)
	p.keys(kb.Enter)
	at("list comments")
	p.wantText("First 20 of 269 rows")
	p.keys(kb.Tab)
	at("copy duckdb")
	p.keys(kb.Tab, kb.Tab, kb.Tab, kb.Tab) // to the rows' frame, which scrolls by keys
	if got := p.eval(`document.activeElement.getAttribute("aria-label")`); got != "First 20 of 269 rows" {
		t.Fatalf("the focus is at %q", got)
	}
	p.keys(kb.Tab)
	at("row 0")
	p.keys(kb.ArrowDown, kb.Enter)
	at("row 1")
	p.want(`document.activeElement.getAttribute("aria-expanded") === "true" && document.querySelectorAll(".record").length === 1`)
	p.keys(kb.Enter)
	p.want(`document.querySelectorAll(".record").length === 0`)
	p.do(chromedp.Focus(`[data-key="chart"]`))
	p.keys(kb.ArrowRight)
	p.wantText("Load 1, ", "comments 249")
	p.keys(kb.ArrowRight)
	p.want(`document.querySelector("figcaption").textContent.includes("comments 20")`)
}

// contrast finds texts that cannot be read well: less than 4.5 to 1 (WCAG AA).
const contrast = `(() => {
  const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const parse = (c) => { const n = c.match(/[\d.]+/g).map(Number); return { rgb: n.slice(0, 3), a: n[3] ?? 1 }; };
  const light = ({ rgb }) => 0.2126 * channel(rgb[0]) + 0.7152 * channel(rgb[1]) + 0.0722 * channel(rgb[2]);
  const back = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.a > 0) return c; } return { rgb: [255, 255, 255] }; };
  const bad = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; (n = walk.nextNode()); ) {
    const e = n.parentElement;
    if (!n.data.trim() || !e.checkVisibility() || e.closest("script, noscript")) continue;
    const style = getComputedStyle(e);
    let see = 1;
    for (let o = e; o; o = o.parentElement) see *= getComputedStyle(o).opacity;
    const a = light(parse(e instanceof SVGElement ? style.fill : style.color)), b = light(back(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5 || see < 1) bad.push(n.data.slice(0, 30) + " " + ratio.toFixed(2) + " " + see);
  }
  return [...new Set(bad)].slice(0, 5).join("; ");
})()`

// nameless finds what can be used or has the focus and has no name that a screen
// reader could say.
const nameless = `[...document.querySelectorAll("a, button, input, summary, [tabindex='0'], nav, [role=group]")]
  .filter((e) => !(e.getAttribute("aria-label") || e.textContent).trim()).map((e) => e.outerHTML.slice(0, 80)).join("; ")`

// The page can be read in light and in dark, and on a narrow window nothing
// stands outside.
func testLooks(t *testing.T, s *suite, demo string) {
	url := s.show(t, demo, "demo")
	for _, x := range []struct {
		name  string
		dark  bool
		width int64
	}{{"light", false, 1200}, {"dark", true, 1200}, {"narrow", false, 360}, {"narrow-dark", true, 360}, {"wide", false, 2200}} {
		before := []step{chromedp.EmulateViewport(x.width, 900)}
		if x.dark {
			before = append(before, dark())
		}
		p := s.open(t, url, before...)
		for _, at := range []struct{ name, hash, text string }{
			{"overview", "#", "Load 2 changed"}, {"table", "#table/issues", "First 20 of 258 rows"},
		} {
			p.run(fmt.Sprintf("location.hash = %q", at.hash))
			p.wantText(at.text)
			if at.name == "table" {
				p.do(chromedp.Click(`[data-key="row 0"]`))
			}
			if bad := p.eval(contrast); bad != "" {
				t.Errorf("%s, %s: hard to read: %s", x.name, at.name, bad)
			}
			if bad := p.eval(nameless); bad != "" {
				t.Errorf("%s, %s: nothing tells what these are: %s", x.name, at.name, bad)
			}
			if got := p.eval("document.documentElement.scrollWidth <= innerWidth"); got != "true" {
				t.Errorf("%s, %s: the page is wider than its window", x.name, at.name)
			}
			light := p.eval(`getComputedStyle(document.body).backgroundColor`) == "rgb(255, 255, 255)"
			if light == x.dark {
				t.Errorf("%s: the background is that of another scheme", x.name)
			}
			p.picture(x.name + "-" + at.name)
		}
	}
}

// Who does not bring the token sees a page that says so.
func testToken(t *testing.T, s *suite, demo string) {
	url := s.show(t, demo, "demo")
	host, token, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/"), "/")
	for _, path := range []string{"", token, token[1:] + "/", "x/" + token + "/"} {
		u := "http://" + host + "/" + path

		p := s.open(t, u)
		p.expect("403")
		if got := p.eval(`document.body.innerText.slice(0, 800)`); !strings.Contains(got, "Forbidden") || !strings.Contains(got, "token") {
			t.Errorf("%s: %s", u, got)
		}
		answer, err := http.Get(u)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s", u, answer.Status)
		}
	}
}

const oneResource = `return { client = { base_url = require("config").get("api") }, resources = {
  { name = "items", primary_key = "id", write_disposition = "merge", columns = { doc = { data_type = "json" } } } } }`

// Markup stays text, digits stay digits, null and the empty text differ, JSON
// is laid out, and names of 300 letters do not burst the page.
func testHardValues(t *testing.T, s *suite, _ string) {
	dir, long := t.TempDir(), strings.Repeat("long_", 60)
	s.load(t, dir, oneResource, map[string]string{"items": fmt.Sprintf(`[
		{"id": 9007199254740993, "html": "<img src=x onerror=alert(1)><script>alert(2)</script>", "n": null, "empty": "", "word": "null",
		 "<b>bold</b>": "x", "doc": {"z": 12345678901234567890, "a": [1, {"t": "<i>"}]}, "lines": "a\nb", "tags": ["p<q"], "%s": "%s", "rtl": "\u202eabc"},
		{"id": -9223372036854775808, "n": 0.1}]`, long, strings.Repeat("W", 20000))})
	p := s.open(t, s.show(t, dir, "s"), chromedp.EmulateViewport(1000, 800))
	p.run(`location.hash = "#table/items"`)
	p.wantText("9007199254740993", "-9223372036854775808", "<img src=x onerror=alert(1)><script>alert(2)</script>", "/<b>bold<~1b>", "a↵b", "Long values are cut")
	p.do(chromedp.Click(`[data-key="row 0"]`))
	p.wantText("{\n  \"z\": 12345678901234567890,\n  \"a\": [\n")
	for expression, want := range map[string]string{
		`document.querySelectorAll("main img, main script, main i, main b").length`:                                                 "0",
		`document.documentElement.scrollWidth <= innerWidth`:                                                                        "true",
		`document.querySelector("main").scrollWidth <= document.querySelector("main").clientWidth`:                                  "true",
		`[...document.querySelectorAll(".grid tbody tr:first-child td.null")].map((c) => c.textContent).sort().join()`:              "empty,null",
		`[...document.querySelectorAll(".grid tbody tr:first-child td:not(.null)")].filter((c) => c.textContent === "null").length`: "1",
		`document.querySelector(".record").getBoundingClientRect().right <= innerWidth`:                                             "true",
	} {
		if got := p.eval(expression); got != want {
			t.Errorf("%s is %s, want %s", expression, got, want)
		}
	}
	p.picture("hard-values")
	p.run(`location.hash = "#table/" + encodeURIComponent("<img src=x onerror=alert(1)>")`)
	p.wantText("The dataset has no table of this name")
}

func testNoTables(t *testing.T, s *suite, _ string) {
	dir := t.TempDir()
	s.load(t, dir, `return { client = { base_url = require("config").get("api") }, resources = { { name = "items", write_disposition = "append" } } }`, map[string]string{"items": "[]"})
	p := s.open(t, s.show(t, dir, "s"))
	p.wantText("There is no table yet", "It changed nothing")
	p.picture("no-tables")
}

// Three hundred tables and two thousand columns are found by their names, and
// the page draws no more than can be looked at.
func testMany(t *testing.T, s *suite, _ string) {
	dir := t.TempDir()
	var wide []string
	for i := range 2000 {
		wide = append(wide, fmt.Sprintf(`"c%04d": %d`, i, i))
	}
	api := map[string]string{"wide": "[{" + strings.Join(wide, ",") + "}]"}
	for i := range 300 {
		api[fmt.Sprintf("t%03d", i)] = fmt.Sprintf(`[{"id": %d}]`, i)
	}
	script := `local r = { { name = "wide" } }
for i = 0, 299 do r[#r + 1] = { name = string.format("t%03d", i) } end
return { client = { base_url = require("config").get("api") }, resources = r }`
	for range 3 {
		s.load(t, dir, script, api)
	}
	p := s.open(t, s.show(t, dir, "s"))
	p.wantText("301 tables", "294 other tables", "Show all 301")
	p.picture("many-tables")
	p.do(chromedp.Focus("#filter"))
	p.keys("w", "i", "d", "e", kb.Enter)
	p.wantText("3 rows, 2,002 columns", "60 of 2,002 columns")
	p.do(chromedp.Focus(`[data-key="columns"]`))
	p.keys("1", "9", "9", "9")
	p.want(`document.querySelectorAll(".grid thead th").length === 2 && document.querySelector('[data-key="columns"]').value === "1999"`)
	p.picture("many-columns")
	p.keys(kb.Backspace, kb.Backspace, kb.Backspace, kb.Backspace)
	p.do(chromedp.Click(`//button[.="Show all"]`))
	p.want(`document.querySelectorAll(".grid thead th").length === 2003`)
	narrow := s.open(t, s.show(t, dir, "s"), chromedp.EmulateViewport(360, 700))
	narrow.wantText("301 tables")
	narrow.want(`document.documentElement.scrollWidth <= innerWidth && document.querySelector("nav").clientHeight < innerHeight / 2`)
	narrow.picture("many-tables-narrow")
}

// A first load that is far larger than those behind it does not hide them: its
// bar is cut and says how high it is. Rows that were refused are shown.
func testLoads(t *testing.T, s *suite, _ string) {
	dir := t.TempDir()
	script := `return { client = { base_url = require("config").get("api") }, resources = {
  { name = "items", primary_key = "id", write_disposition = "merge", schema_contract = { columns = "discard_row" } } } }`
	for load := range 9 {
		rows := []string{`{"id": 1}`}
		for i := range []int{3000, 40, 12, 0, 25, 60, 33, 8, 20}[load] {
			rows = append(rows, fmt.Sprintf(`{"id": %d}`, load*10_000+i))
		}
		if load == 8 {
			rows = append(rows, `{"id": 5, "<surprise>": "<b>"}`)
		}
		s.load(t, dir, script, map[string]string{"items": "[" + strings.Join(rows, ",") + "]"})
	}
	p := s.open(t, s.show(t, dir, "s"))
	p.wantText("Refused rows", "Load 9: 1 row")
	p.want(`document.querySelectorAll("figure .cut").length === 1 && [...document.querySelectorAll("figure text")].some((t) => t.textContent === "3,000")`)
	if got := p.eval(`[...document.querySelectorAll('g[data-load="5"] rect.c0')].every((r) => r.getBBox().height > 60)`); got != "true" {
		t.Error("the load of 60 rows is not to be seen beside the first")
	}
	p.do(chromedp.Click(`//summary[contains(., "Load 9")]`))
	p.want(`document.querySelector("details pre").innerText.includes('"<surprise>": "<b>"')`)
	p.picture("many-loads")
}

// A load that is committed while the page is open comes up by itself; the
// reader's place and focus stay.
func testCommit(t *testing.T, s *suite, _ string) {
	dir := t.TempDir()
	s.load(t, dir, oneResource, map[string]string{"items": `[{"id": 1, "v": "before"}]`})
	p := s.open(t, s.show(t, dir, "s"))
	p.run(`location.hash = "#table/items"`)
	p.wantText("before")
	p.do(chromedp.Focus(`[data-key="row 0"]`))
	s.load(t, dir, oneResource, map[string]string{"items": `[{"id": 1, "v": "after"}, {"id": 2, "extra": true}]`})
	p.wantText("after", "extra")
	p.want(`document.querySelector("header").innerText.includes("load 2")`)
	p.want(`document.querySelector("#status").textContent === "Load 2 was committed."`)
	if got := p.eval(focused); got != "row 0" {
		t.Errorf("the focus went to %q", got)
	}
	if err := os.RemoveAll(filepath.Join(dir, "s")); err != nil {
		t.Fatal(err)
	}
	p.expect("404")
	p.wantText("There is no dataset in s any more", "after")
}

// When the server has ended the page says so and keeps what it shows.
func testGone(t *testing.T, s *suite, demo string) {
	url, stop := s.serve(t, demo, "demo")
	p := s.open(t, url)
	p.wantText("Load 2 changed")
	p.expect("ERR_CONNECTION_REFUSED")
	stop()
	p.wantText("does not answer any more", "Load 2 changed")
	_, port, _ := strings.Cut(strings.TrimPrefix(url, "http://"), ":")
	port, _, _ = strings.Cut(port, "/")
	p.expect("403")
	_, stop = s.serve(t, demo, "demo", "--port", port)
	defer stop()
	p.wantText("a restlua show --web that has ended", "Load 2 changed")
}
