//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// maxHostileRSS is what a process with a hostile script may take at its peak.
const maxHostileRSS = 512 << 20

// hostile are scripts that want to hang or burst the process. Those with a
// body of a hook are called for each of many records.
var hostile = []struct {
	name, script string
	code         int
	want         string // in the error; | stands between limits of which either may come first
}{
	{"endless loop", `while true do end`, 2, "the evaluation of the script took longer than 5s"},
	{"endless loop in a hook", hostileHook(`while true do end`), 1, "one call of the function took longer than 1s"},
	{"endless pcall", hostileHook(`while true do pcall(error, {}) end`), 1, "one call of the function took longer than 1s"},
	{"recursion", hostileHook(`local function f() return 1 + f() end return f()`), 1, "nested too deeply"},
	{"rep", hostileHook(`r.x = ("x"):rep(1e9) return r`), 1, "string.rep: the text would be longer than 64 MiB"},
	{"doubling", hostileHook(`local s = "x" while true do s = s .. s end`), 1, "concatenation: the text would be longer than 64 MiB|took longer than 1s"},
	{"doubling kept", hostileHook(`local t, s = {}, "x" while true do s = s .. s t[#t + 1] = s if #s > 2^25 then s = "x" end end`), 1, "needed more than 256 MiB of memory|took longer than 1s"},
	{"table.concat", hostileHook(`local t, s = {}, ("x"):rep(2^20) for i = 1, 100 do t[i] = s end return table.concat(t)`), 1, "table.concat: the text would be longer than|took longer than 1s"},
	{"gsub", hostileHook(`return ("x"):rep(2^20):gsub("x", ("y"):rep(2^10))`), 1, "string.gsub: the text would be longer than|took longer than 1s"},
	{"format", hostileHook(`local s = ("x"):rep(2^25) return ("%s%s%s"):format(s, s, s)`), 1, "string.format: the text would be longer than|took longer than 1s"},
	{"pattern bomb", hostileHook(`return ("a"):rep(100):find(("a*"):rep(50) .. "b")`), 1, "string.find: the pattern took more than|took longer than 1s"},
	{"growing table", hostileHook(`local t = {} while true do t[#t + 1] = { 1, 2, 3 } end`), 1, "needed more than 256 MiB of memory|took longer than 1s"},
	{"growing keys", hostileHook(`local t, n = {}, 0 while true do n = n + 1 t["key " .. n] = true t["key " .. n] = nil end`), 1, "needed more than 256 MiB of memory|took longer than 1s"},
	{"great index", hostileHook(`local t = {} t[5e7] = 1 t[6e7] = 1 r.x = t[5e7] while true do end`), 1, "took longer than 1s"},
	{"many great indices", hostileHook(`local all = {} while true do local t = {} t[4e6] = 1 all[#all + 1] = t end`), 1, "needed more than 256 MiB of memory|took longer than 1s"},
	{"coroutines", hostileHook(`local t = {} while true do t[#t + 1] = coroutine.create(function() end) end`), 1, "needed more than 256 MiB of memory|took longer than 1s"},
	{"coroutines in coroutines", hostileHook(`local function f() coroutine.wrap(f)() end f()`), 1, "needed more than 256 MiB of memory|nested too deeply"},
	{"error objects", hostileHook(`local keep = {} while true do local ok, e = pcall(error, { message = ("x"):rep(2^20) .. #keep }) keep[#keep + 1] = e end`), 1, "needed more than 256 MiB of memory|took longer than 1s"},
	{"__index recursion", hostileHook(`local t = {} setmetatable(t, { __index = function(_, k) return t[k .. "x"] end }) return t.x`), 1, "nested too deeply"},
	{"__index chain", hostileHook(`local t = {} setmetatable(t, { __index = t }) return t.x`), 1, "too many recursions"},
	{"__tostring recursion", hostileHook(`local t = {} setmetatable(t, { __tostring = function(x) return tostring(x) end }) return tostring(t)`), 1, "nested too deeply"},
	{"sort without order", hostileHook(`local t = {} for i = 1, 2000 do t[i] = i % 7 end while true do table.sort(t, function() return true end) end`), 1, "took longer than 1s"},
	{"unpack", hostileHook(`return unpack({}, 1, 1e8)`), 1, "unpack: too many values"},
	{"json bomb", hostileHook(`local s = ("["):rep(2^20) return require("json").decode(s)`), 1, "json.decode: "},
	{"deep result", hostileHook(`local t = {} for i = 1, 1e5 do t = { t } end return t`), 1, "nested deeper than 500|took longer than 1s"},
	{"great result", hostileHook(`local s, t = ("x"):rep(2^22), {} for i = 1, 1000 do t[i] = s end return { t = t }`), 1, "the result: t[|took longer than 1s"},
	{"growth from call to call", hostileKept(`local s = ("x"):rep(2^16) .. r.id kept[#kept + 1] = s return r`), 1, "the script keeps more than 96 MiB in its variables"},
	{"small growth from call to call", hostileKept(`for i = 1, 2000 do kept[#kept + 1] = { id = i } end return r`), 1, "the script keeps more than 96 MiB in its variables"},
	{"keys from call to call", hostileKept(`for i = 1, 2000 do local k = r.id .. "/" .. i kept[k] = 1 kept[k] = nil end return r`), 1, "the script keeps more than 96 MiB in its variables"},
	{"ctx.state from call to call", hostileHook(`local s = ctx.state s["k" .. r.id] = ("x"):rep(2^16) .. r.id return r`), 1, "the script keeps more than 96 MiB in its variables"},
	{"deep config", `local t = {} for i = 1, 1e5 do t = { t } end return { resources = t }`, 2, "nested deeper than 200"},
	{"deep text of a script", `return ` + strings.Repeat("{", 1e5), 2, "deep.lua|nested|syntax"},
	{"great config", `local t = {} for i = 1, 3e6 do t[i] = "r" .. i end return { resources = t }`, 2, "more than 1000000 values|needed more than 256 MiB|took longer than 5s"},
	{"growth while evaluated", `local t = {} while true do t[#t + 1] = { 1, 2, 3 } end`, 2, "the evaluation of the script needed more than 256 MiB of memory|took longer than 5s"},
}

// hostileHook is a script whose one map has this body.
func hostileHook(body string) string { return "local kept = {}\n" + hostileKept(body) }

// hostileKept has an outer table "kept".
func hostileKept(body string) string {
	return `kept = kept or {}
return { client = { base_url = require("config").get("api"), paginator = { type = "page_number", total_path = false } },
	resources = { { name = "items", processing_steps = { { map = function(r, ctx)
	` + body + `
	end } } } } }`
}

// hostileAPI gives pages of 500 records without end.
func hostileAPI(t *testing.T) string {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		for i := range 500 {
			fmt.Fprintf(w, "%c{\"id\":%d}", "[,"[min(i, 1)], page*500+i)
		}
		fmt.Fprint(w, "]")
	}))
	t.Cleanup(api.Close)
	return api.URL
}

// SCR-03: with the default limits, a process that runs a hostile script ends
// with an error that names the hook and the limit, in bounded memory.
func TestHostileScripts(t *testing.T) {
	t.Parallel()
	if testing.Short() || raceEnabled {
		t.Skip("half a minute of hostile scripts, and memory as a user's binary takes it")
	}
	program, err := exec.LookPath(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	api := hostileAPI(t)
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			dir := t.TempDir()
			script := filepath.Join(dir, "deep.lua")
			if err := os.WriteFile(script, []byte(h.script), 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, program, "run", script, "--set", "api="+api, "--progress", "none", "--out", filepath.Join(dir, "data"))
			cmd.Env = append(os.Environ(), runAsProgram+"=1")
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			_ = cmd.Run() // its exit code is looked at
			if got := cmd.ProcessState.ExitCode(); got != h.code {
				t.Errorf("exit code %d, want %d", got, h.code)
			}
			message := firstLines(stderr.String(), 3)
			found := false
			limits := strings.Split(h.want, "|")
			if h.code == 1 {
				limits = append(limits, "took longer than 1s") // on a busy machine it may come first
			}
			for _, want := range limits {
				found = found || strings.Contains(stderr.String(), want)
			}
			if !found {
				t.Errorf("no %q in:\n%s", h.want, message)
			}
			if h.code == 1 && !strings.Contains(stderr.String(), "processing_steps[1].map") {
				t.Errorf("the hook is not named in:\n%s", message)
			}
			if rss := peakRSS(cmd.ProcessState); rss > maxHostileRSS {
				t.Errorf("%d MiB of memory at the peak", rss>>20)
			} else {
				t.Logf("%d MiB, %v", rss>>20, cmd.ProcessState.UserTime())
			}
		})
	}
}

func firstLines(s string, n int) string {
	lines := strings.SplitAfterN(s, "\n", n+1)
	return strings.Join(lines[:min(n, len(lines))], "")
}

// peakRSS is the greatest memory of an ended process, in bytes.
func peakRSS(p *os.ProcessState) int64 {
	usage := p.SysUsage().(*syscall.Rusage)
	if runtime.GOOS == "darwin" {
		return int64(usage.Maxrss)
	}
	return int64(usage.Maxrss) << 10
}
