package engine

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/rest"
	"github.com/restlua/restlua/engine/state"
)

// Preview is what a run would do, known without a request.
type Preview struct {
	Source    string             `json:"source"`
	Dataset   string             `json:"dataset"`
	Load      int64              `json:"load"`      // number that the load would get
	Resources []*PreviewResource `json:"resources"` // in dependency order
}

// PreviewResource is what a run would do for one resource.
type PreviewResource struct {
	Name        string `json:"name"`
	Parent      string `json:"parent,omitempty"`
	Written     bool   `json:"written"` // false: asked for its children alone
	Table       string `json:"table,omitempty"`
	Disposition string `json:"write_disposition"`
	Rows        int64  `json:"rows"` // in its table now
	// Method and URL are the first request; of a child resource the path with
	// its placeholders. Secrets are masked.
	Method string          `json:"method,omitempty"`
	URL    string          `json:"url,omitempty"`
	Body   json.RawMessage `json:"body,omitempty"`
	// CursorPath is the incremental's field; Start the value from which rows
	// count, null where there is none.
	CursorPath string          `json:"cursor_path,omitempty"`
	Start      json.RawMessage `json:"start,omitempty"`
	Stored     bool            `json:"stored,omitempty"`   // Start comes from the last load
	Windows    int             `json:"windows,omitempty"`  // pieces of incremental.window
	Deferred   int             `json:"deferred,omitempty"` // parents that the last load left
	// Requests of the last load; 0: not known.
	Requests int64 `json:"requests_last_load,omitempty"`
}

// Plan says what a run of the script would do. It makes no request, takes no
// lock and changes nothing.
func Plan(ctx context.Context, script Script, o Options) (*Preview, error) {
	p, err := prepare(ctx, script, &o)
	if err != nil {
		return nil, err
	}
	v, err := p.preview(ctx, script, &o)
	return v, p.redact(err)
}

func (p *plan) preview(ctx context.Context, script Script, o *Options) (*Preview, error) {
	stored, err := dataset.Read(p.dataset)
	if errors.Is(err, fs.ErrNotExist) {
		stored, err = state.New(p.config.Name), nil
	}
	if err != nil {
		return nil, err
	}
	client, err := rest.NewClient(&p.config.Client, rest.Options{Transport: o.Transport, Now: o.Now, Redactor: p.redactor, Version: Version})
	if err != nil {
		return nil, err
	}
	defer client.Close()
	v := &Preview{Source: p.config.Name, Dataset: p.dataset, Load: stored.Generation + 1}
	for _, u := range p.units {
		x, err := p.previewUnit(ctx, script, o, client, stored, u)
		if err != nil {
			return nil, err
		}
		v.Resources = append(v.Resources, x)
	}
	return v, nil
}

func (p *plan) previewUnit(ctx context.Context, script Script, o *Options, client *rest.Client, stored *state.State, u *planUnit) (*PreviewResource, error) {
	r := u.resource
	x := &PreviewResource{Name: r.Name, Parent: r.Parent, Written: u.written, Disposition: string(r.WriteDisposition), Table: r.TableName}
	if r.TableNameFunc != "" {
		x.Table = ""
	}
	if t := stored.Tables[tableName(r)]; t != nil {
		x.Rows = t.Rows
	}
	if n := len(stored.Loads); n > 0 {
		x.Requests = stored.Loads[n-1].Requests[r.Name]
	}
	old := stored.Resources[r.Name]
	if o.FullRefresh {
		old = nil
	}
	if old != nil {
		x.Deferred = len(old.Deferred)
	}
	e := r.Endpoint
	if e == nil {
		return x, nil
	}
	x.Method, x.URL = e.Method, p.redactor.URL(e.Path.Text)
	var world hook.World // for what is made of functions; none of a paginator is called
	if hasHooks(r, p.config) {
		var err error
		if world, err = script.World(ctx, p.env(r.Name, nil, nil, o)); err != nil {
			return nil, err
		}
		defer world.Close()
	}
	values, err := p.previewCursor(ctx, world, r, old, x)
	if err != nil || r.Parent != "" || r.Partitions != nil || x.Windows > 0 {
		return x, err
	}
	source, err := client.Resource(r, world)
	if err != nil {
		return nil, err
	}
	series, err := source.Series(rest.Binding{Incremental: values})
	if err != nil {
		return nil, err
	}
	first := series.First()
	x.Method, x.URL = first.Method, p.redactor.URL(first.URL)
	if first.JSON != nil {
		x.Body = json.RawMessage(p.redactor.Text(string(first.JSON)))
	}
	return x, nil
}

// previewCursor fills in the incremental's part, and gives what requests send.
func (p *plan) previewCursor(ctx context.Context, world hook.World, r *config.Resource, old *state.Resource, x *PreviewResource) (*rest.IncrementalValues, error) {
	inc := r.Endpoint.Incremental
	if inc == nil {
		return nil, nil
	}
	var before *state.Cursor
	if old != nil {
		before = old.Incremental[inc.CursorPath]
	}
	c, err := newCursor(r, before, world)
	if err != nil {
		return nil, err
	}
	x.CursorPath, x.Start, x.Stored = inc.CursorPath, json.RawMessage("null"), c.stored != nil
	if c.start != nil {
		x.Start = slices.Clone(c.start.raw)
	}
	windows, err := c.windows(ctx, p.started)
	if err != nil {
		return nil, err
	}
	x.Windows = len(windows)
	return c.values(ctx)
}
