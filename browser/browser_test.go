// Package browser holds tests only: a real Chromium looks at the page of
// restlua show --web, clicks through it, and uses it by keyboard alone. It is a
// module of its own because of the library that drives the browser.
//
// Without Chromium the tests are skipped; with RESTLUA_CHROMIUM=required they
// fail instead. -screenshots DIR writes pictures of the page into DIR.
package browser

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

var pictures = flag.String("screenshots", "", "write pictures of the page into `DIR`")

// patience bounds everything that a test waits for.
const patience = 20 * time.Second

// suite is what the tests share: the program under test and one browser. The
// tests run one after the other, because a browser shows one page at a time:
// those behind it are hidden, and hidden pages behave differently.
type suite struct {
	program string
	browser context.Context
}

// setUp builds restlua and starts a browser.
func setUp(t *testing.T) *suite {
	t.Helper()
	chromium := findChromium(t)
	program := filepath.Join(t.TempDir(), "restlua")
	build := exec.Command("go", "build", "-o", program, "./cmd/restlua")
	build.Dir, build.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1200, 900),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.DisableGPU)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // it refuses to run as root in one
	}
	all, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	browser, end := chromedp.NewContext(all)
	t.Cleanup(end)
	if err := chromedp.Do(browser); err != nil {
		t.Fatalf("%s does not start: %v", chromium, err)
	}
	return &suite{program, browser}
}

func findChromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const missing = "no Chromium is installed (hint: apt-get install chromium)"
	if os.Getenv("RESTLUA_CHROMIUM") == "required" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// restlua runs a command in dir.
func (s *suite) restlua(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command(s.program, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("restlua %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// load runs a script against an API that gives texts by path.
func (s *suite) load(t *testing.T, dir, script string, api map[string]string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, api[strings.TrimPrefix(r.URL.Path, "/")])
	}))
	defer server.Close()
	path := filepath.Join(dir, "s.lua")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	s.restlua(t, dir, "run", path, "--set", "api="+server.URL, "--progress", "none", "--out", dir)
}

// show starts restlua show --web in dir and returns the page's address. When
// the test ends the program is interrupted, which is no failure for it.
func (s *suite) show(t *testing.T, dir, dataset string) string {
	t.Helper()
	url, stop := s.serve(t, dir, dataset)
	t.Cleanup(stop)
	return url
}

// serve starts restlua show --web in dir; stop ends it as Ctrl-C does.
func (s *suite) serve(t *testing.T, dir, dataset string, flags ...string) (url string, stop func()) {
	t.Helper()
	cmd := exec.Command(s.program, append([]string{"show", dataset, "--web"}, flags...)...)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("after Ctrl-C: %v\n%s", err, stderr.String())
		}
	}
	url, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		t.Fatalf("no address: %v\n%s", err, stderr.String())
	}
	return strings.TrimSpace(url), stop
}

// tab is one page in the browser, and what went wrong in it.
type tab struct {
	t    *testing.T
	ctx  context.Context
	base string // of all addresses that it may ask for

	mu       sync.Mutex
	wrong    []string
	forgiven []string
}

// open shows url in a tab of its own. When the test ends, there must have been
// no error in it, no dialog, and no request but to the server of url.
func (s *suite) open(t *testing.T, url string, before ...step) *tab {
	t.Helper()
	tabCtx, closeTab := chromedp.NewContext(s.browser)
	t.Cleanup(closeTab)
	if err := chromedp.Do(tabCtx); err != nil { // the tab lives as long as this context
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(tabCtx, 5*patience)
	t.Cleanup(cancel)
	host, _, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	p := &tab{t: t, ctx: ctx, base: "http://" + host + "/"}
	t.Cleanup(func() {
		for _, w := range p.errors() {
			t.Error(w)
		}
	})
	if err := chromedp.Listen(ctx, p.event); err != nil {
		t.Fatal(err)
	}
	call(p, network.Enable, network.EnableParams{})
	call(p, log.Enable, cdp.Empty{})
	p.do(before...)
	p.do(chromedp.Navigate(url))
	return p
}

// step is something that is done in a tab.
type step = chromedp.Action[chromedp.Void]

// call runs a command of the browser's protocol.
func call[P, R any](p *tab, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	r, err := chromedp.Call(p.ctx, command, params)
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

func (p *tab) event(e any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := e.(type) {
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, p.base) {
			p.wrong = append(p.wrong, "the page asks for "+e.Request.URL)
		}
	case *cdpruntime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		p.wrong = append(p.wrong, "exception: "+text)
	case *cdpruntime.EventConsoleAPICalled:
		p.wrong = append(p.wrong, "console: "+string(e.Type))
	case *log.EventEntryAdded:
		p.wrong = append(p.wrong, "log: "+e.Entry.Text)
	case *page.EventJavascriptDialogOpening:
		p.wrong = append(p.wrong, "dialog: "+e.Message)
	}
}

// expect lets errors pass that have text in them.
func (p *tab) expect(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forgiven = append(p.forgiven, text)
}

// errors are what went wrong and was not expected.
func (p *tab) errors() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.wrong), func(w string) bool {
		return slices.ContainsFunc(p.forgiven, func(f string) bool { return strings.Contains(w, f) })
	})
}

func (p *tab) do(steps ...step) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// run runs a statement in the page.
func (p *tab) run(statement string) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](statement))
}

// eval evaluates an expression to a text.
func (p *tab) eval(expression string) string {
	p.t.Helper()
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string]("String("+expression+")"))
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

// want waits until an expression is true. It asks from outside, as the page's
// policy forbids what would ask inside.
func (p *tab) want(expression string) {
	p.t.Helper()
	end := time.After(patience)
	for p.eval(expression) != "true" {
		select {
		case <-end:
			p.t.Fatalf("never true: %s\nfocus: %s\npage: %s\n%s", expression, p.eval(focused), p.eval(`document.body.innerText.slice(0, 800)`), strings.Join(p.errors(), "\n"))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// wantText waits until the main part of the page has a text.
func (p *tab) wantText(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		p.want(fmt.Sprintf(`document.querySelector("main").innerText.includes(%q)`, text))
	}
}

// keys presses keys, one after the other.
func (p *tab) keys(keys ...string) {
	p.t.Helper()
	for _, k := range keys {
		p.do(chromedp.KeyEvent(k))
	}
}

// focused describes the element that has the focus.
const focused = `(document.activeElement?.dataset.key ?? document.activeElement?.id) || document.activeElement?.tagName`

// picture writes what is seen, where pictures are wanted.
func (p *tab) picture(name string) {
	p.t.Helper()
	if *pictures == "" {
		return
	}
	png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.MkdirAll(*pictures, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*pictures, name+".png"), png, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// dark is the browser of somebody who works in the dark.
func dark() step {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
		})
		return err
	})
}
