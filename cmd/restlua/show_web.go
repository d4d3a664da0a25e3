package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/restlua/restlua/cmd/restlua/internal/web"
	"github.com/restlua/restlua/engine"
)

// pageRows is how many first rows of a table the page shows.
const pageRows = 20

// webFlags are the flags of show --web.
type webFlags struct {
	on        bool
	port      int
	noBrowser bool
}

func (f *webFlags) register(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.on, "web", false, "show a page in the browser, on this machine only, until Ctrl-C")
	cmd.Flags().IntVar(&f.port, "port", 0, "`port` of the page; 0 takes a free one")
	cmd.Flags().BoolVar(&f.noBrowser, "no-browser", false, "print the page's address only; BROWSER=none does the same")
}

// check refuses flags that do not fit together; text says that another way of
// showing was asked for.
func (f *webFlags) check(cmd *cobra.Command, text bool) error {
	switch {
	case f.on && text:
		return usagef("one of them", "--web does not go with --json and --sql")
	case !f.on && (cmd.Flags().Changed("port") || f.noBrowser):
		return usagef("restlua show --web", "--port and --no-browser are for --web")
	case f.port < 0 || f.port > 65535:
		return usagef("0 takes a free one", "--port: %d is no port", f.port)
	}
	return nil
}

// serve shows the dataset as a page until ctx ends, which is no error.
func (f webFlags) serve(ctx context.Context, t *terminal, dir string, rows int) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(f.port)))
	if err != nil {
		return usagef("without --port a free one is taken", "--port %d cannot be used: %s", f.port, reason(err))
	}
	o := web.Options{Dir: dir, Folder: relative(dir), Rows: rows, Version: engine.Version, Token: web.NewToken()}
	url := web.URL(l.Addr().String(), o.Token)
	if _, err := fmt.Fprintln(t.stdout, url); err != nil {
		return errors.Join(err, l.Close())
	}
	t.say("%s is shown there, on this machine only; Ctrl-C ends", relative(dir))
	if t.width() > 0 && !f.noBrowser {
		openBrowser(url)
	}
	return web.Serve(ctx, l, web.Handler(o))
}

// reason is the innermost text of a network error.
func reason(err error) string {
	var call *os.SyscallError
	if errors.As(err, &call) {
		return call.Err.Error()
	}
	return err.Error()
}

// openBrowser shows url in the browser of whoever sits here: the program in
// BROWSER, or the system's. Where none can be opened, the address that was
// printed has to do.
func openBrowser(url string) {
	var cmd *exec.Cmd
	// As elsewhere BROWSER is a list of command lines; %s stands for the address.
	first, _, _ := strings.Cut(os.Getenv("BROWSER"), string(os.PathListSeparator))
	browser := strings.Fields(first)
	switch {
	case len(browser) == 1 && browser[0] == "none":
		return
	case len(browser) > 0:
		if !strings.Contains(first, "%s") {
			browser = append(browser, "%s")
		}
		for i := range browser {
			browser[i] = strings.ReplaceAll(browser[i], "%s", url)
		}
		cmd = exec.Command(browser[0], browser[1:]...)
	case runtime.GOOS == "darwin":
		cmd = exec.Command("open", url)
	case runtime.GOOS == "windows":
		cmd = exec.Command("rundll32", "url.dll,FileProtocolHandler", url)
	case os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != "":
		cmd = exec.Command("xdg-open", url)
	default:
		return
	}
	if cmd.Start() == nil {
		_ = cmd.Process.Release() // it lives as long as its user wants
	}
}
