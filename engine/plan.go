package engine

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/jsonpath"
	"github.com/restlua/restlua/engine/rest"
	"github.com/restlua/restlua/engine/schema"
)

// Check evaluates the script and checks its config without any request. All
// mistakes of a config come at once, as config.Errors.
func Check(ctx context.Context, script Script, o Options) (*config.Config, error) {
	p, err := prepare(ctx, script, &o)
	if err != nil {
		return nil, err
	}
	// Worlds are made once, so that a reference that leads to no function shows.
	for _, u := range p.units {
		if !hasHooks(u.resource, p.config) {
			continue
		}
		world, err := script.World(ctx, p.env(u.resource.Name, nil, nil, &o))
		if err != nil {
			return nil, p.redact(err)
		}
		world.Close()
	}
	if s, ok := script.(interface{ Remarks() []config.Warning }); ok {
		p.config.Warnings = append(p.config.Warnings, s.Remarks()...)
	}
	return p.config, nil
}

// plan is what a run will do: the units in dependency order, and what they
// share. It is made without I/O beyond what the script's lookups read.
type plan struct {
	config   *config.Config
	dataset  string
	units    []*planUnit
	redactor *rest.Redactor
	secrets  hook.Lookup
	started  time.Time
	load     int64 // number of the load; 0 until it begins
	// http makes requests of hooks; nil: there is no client yet.
	http func(ctx context.Context, r *hook.Request) (*hook.Response, error)
	wait func(ctx context.Context, d time.Duration) error // of hooks, likewise
}

// planUnit is one resource of a run. A resource that nobody selected but whose
// children are selected is asked and not written.
type planUnit struct {
	resource *config.Resource
	written  bool
	children []*planUnit
}

// prepare evaluates the script, decodes its config and selects the resources.
func prepare(ctx context.Context, script Script, o *Options) (*plan, error) {
	o.defaults()
	p := &plan{redactor: rest.NewRedactor()}
	if o.Replay != "" {
		if err := p.replay(o); err != nil {
			return nil, err
		}
	}
	p.started = o.Now()
	p.secrets = p.watch(o.Secrets)
	node, err := script.Config(ctx, p.env("", nil, nil, o))
	if err != nil {
		return nil, p.redact(err)
	}
	cfg, errs := config.Decode(node, config.Options{
		File:       node.Pos.File,
		Name:       script.Name(),
		CheckPath:  func(path string) error { _, err := jsonpath.Parse(path); return err },
		NormalName: schema.NormalName,
	})
	if len(errs) > 0 {
		return nil, errs
	}
	p.config = cfg
	p.dataset = o.Dataset
	if p.dataset == "" {
		p.dataset = filepath.Join(cmp.Or(o.Root, "data"), cfg.Name)
	}
	return p, p.choose(o.Resources)
}

// defaults fills in what the zero value of each option means.
func (o *Options) defaults() {
	if o.Logger != nil {
		o.Events = o.Events.And(LogEvents(o.Logger))
		o.Logger = nil // once
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Secrets == nil {
		o.Secrets = SecretsFile("")
	}
	if o.Config == nil {
		o.Config = ConfigFile("", nil)
	}
}

// watch makes every value that a lookup gives known to the redactor (OPR-64).
func (p *plan) watch(lookup hook.Lookup) hook.Lookup {
	return func(path string) (any, bool, []string, error) {
		value, ok, places, err := lookup(path)
		p.hide(value)
		return value, ok, places, err
	}
}

func (p *plan) hide(value any) {
	switch v := value.(type) {
	case string:
		p.redactor.Add(v)
	case []any:
		for _, x := range v {
			p.hide(x)
		}
	case map[string]any:
		for _, x := range v {
			p.hide(x)
		}
	}
}

// env is what a script may reach: while it is evaluated, or in the world of one
// resource.
func (p *plan) env(resource string, start, state []byte, o *Options) hook.Env {
	env := hook.Env{
		Secrets: p.secrets, Config: o.Config, LoadID: p.load, Started: p.started, Now: o.Now,
		Resource: resource, IncrementalStart: start, State: state, HTTP: p.http, Wait: p.wait,
	}
	if p.config != nil {
		env.HookTimeout = p.config.Client.Session.HookTimeout
	}
	if log := o.Events.Log; log != nil {
		env.Log = func(level, text string, fields map[string]any) {
			masked, _ := p.redactor.Value(fields).(map[string]any)
			log(LogEvent{Resource: resource, Level: level, Text: p.redactor.Text(text), Fields: masked})
		}
	}
	return env
}

// choose makes the units: the resources named, or all selected ones, and the
// parents that they need (BLD-12, REL-16 to REL-18).
func (p *plan) choose(names []string) error {
	byName := map[string]*planUnit{}
	order := config.Order(p.config.Resources)
	for _, r := range order {
		written := r.Selected
		if names != nil {
			written = slices.Contains(names, r.Name)
		}
		byName[r.Name] = &planUnit{resource: r, written: written && r.WriteDisposition != config.Skip}
	}
	for _, name := range names {
		if byName[name] == nil {
			all := make([]string, len(order))
			for i, r := range order {
				all[i] = r.Name
			}
			return &UsageError{fmt.Sprintf("the script has no resource %q; it has %s", name, strings.Join(all, ", "))}
		}
	}
	needed := map[string]bool{}
	for i := len(order) - 1; i >= 0; i-- {
		r := order[i]
		if byName[r.Name].written {
			needed[r.Name] = true
		}
		if needed[r.Name] && r.Parent != "" {
			needed[r.Parent] = true
		}
	}
	for _, r := range order {
		if !needed[r.Name] {
			continue
		}
		u := byName[r.Name]
		p.units = append(p.units, u)
		if r.Parent != "" {
			parent := byName[r.Parent]
			parent.children = append(parent.children, u)
		}
	}
	return nil
}

// UsageError is a wrong option of a run: nothing was asked, nothing changed.
type UsageError struct{ Text string }

func (e *UsageError) Error() string { return e.Text }

// hasHooks reports whether any function of the script can be called for r.
func hasHooks(r *config.Resource, c *config.Config) bool {
	if len(r.Steps) > 0 || r.TableNameFunc != "" || r.RowsFunc != "" {
		return true
	}
	e := r.Endpoint
	if e == nil {
		return false
	}
	if inc := e.Incremental; inc != nil && (inc.Convert != "" || inc.LastValueRef != "") {
		return true
	}
	for _, a := range e.ResponseActions {
		if a.When != "" || len(a.Funcs) > 0 {
			return true
		}
	}
	if c.Client.Session.RetryCondition != "" {
		return true
	}
	auth, pages := e.Auth, e.Paginator
	if auth == nil {
		auth = c.Client.Auth
	}
	if pages == nil {
		pages = c.Client.Paginator
	}
	return auth != nil && (auth.Func != "" || auth.Login != "" || auth.Apply != "" || auth.BuildRequest != "") || pages != nil && pages.Kind == "function"
}

// redacted is an error whose text shows no secret.
type redacted struct {
	err error
	r   *rest.Redactor
}

func (e *redacted) Error() string { return e.r.Text(e.err.Error()) }
func (e *redacted) Unwrap() error { return e.err }

func (p *plan) redact(err error) error {
	if err == nil {
		return nil
	}
	return &redacted{err, p.redactor}
}
