package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/engine/normalize"
	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/engine/state"
)

// commit hands the staged rows and the cursors to the dataset and makes the
// result from what the dataset did.
func (r *run) commit(ctx context.Context) (*Result, error) {
	partial := r.options.Limit > 0 || r.options.Pages > 0
	c := dataset.Commit{StartedAt: r.started, Cursors: map[string]*state.Resource{}, MoveCursors: !partial, Requests: map[string]int64{}}
	c.ScriptHash = scriptHash(r.script)
	if err := r.allBroken(); err != nil {
		return nil, err
	}
	for _, t := range r.tasks {
		c.Requests[t.name()] = t.requests.Load()
		if err := t.broken(); err != nil {
			r.warn(t.name(), "was left out: "+err.Error())
			continue
		}
		old := r.stored(t.name())
		s, err := t.state(old)
		if err != nil {
			return nil, err
		}
		if s == nil && old != nil {
			s = &state.Resource{}
		}
		if s != nil {
			c.Cursors[t.name()] = s
		}
		for _, text := range []string{t.duplicates.remark(), t.gaps.remark()} {
			if text != "" {
				r.warn(t.name(), text)
			}
		}
		if t.tables == nil {
			continue
		}
		for _, n := range t.tables.order {
			if t.nothing(n) {
				continue
			}
			c.Resources = append(c.Resources, t.target(n))
			for _, w := range n.Warnings() {
				r.warn(t.name(), w)
			}
		}
		r.warnAddedAgain(t)
	}
	result := r.result()
	if r.options.DryRun {
		for _, t := range r.tasks {
			t.countTables(result)
		}
		return result, r.finish(ctx, result)
	}
	// A cancelled run must not commit; from here on the commit is not torn.
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	c.AllowRewrite = r.options.AllowRewrite
	began := r.options.Now()
	report, err := r.load.Commit(context.WithoutCancel(ctx), c)
	var unpublished *dataset.UnpublishedError
	if errors.As(err, &unpublished) {
		r.warn("", unpublished.Error()) // the load counts; the next start puts its files in place
		err = nil
	}
	if f := r.options.Events.Commit; f != nil {
		f(CommitEvent{Load: r.load.Number(), Elapsed: r.options.Now().Sub(began), Err: r.redact(err)})
	}
	if err != nil {
		return nil, err
	}
	r.describe(result, c.Resources, report)
	return result, r.finish(ctx, result)
}

// allBroken is the first failure where no resource was finished.
func (r *run) allBroken() error {
	var first error
	for _, t := range r.tasks {
		if t.broken() == nil {
			return nil
		}
		if first == nil {
			first = t.err
		}
	}
	return first
}

// finish calls on_finish with the result.
func (r *run) finish(ctx context.Context, result *Result) error {
	result.Elapsed = r.elapsed()
	if r.config.OnFinish == "" {
		return nil
	}
	report, err := json.Marshal(result)
	if err != nil {
		return err
	}
	if err := r.event(context.WithoutCancel(ctx), r.config.OnFinish, report); err != nil {
		// The load is committed and stays so; a failing on_finish is reported.
		r.warn("", err.Error())
		result.Warnings = r.warnings
	}
	return nil
}

// nothing reports whether a table would come to be without rows and without a
// column of its own: append makes none such (merge and replace do, NRM-93).
func (t *task) nothing(n *normalize.Normalizer) bool {
	return n.Rows() == 0 && t.resource.WriteDisposition == config.Append && t.owner.data.State().Tables[n.Name()] == nil && len(n.Tables()[0].Columns) <= 2
}

// countTables says in the result what a dry run would have written.
func (t *task) countTables(result *Result) {
	if t.tables == nil || t.broken() != nil {
		return
	}
	for _, n := range t.tables.order {
		for name, rows := range n.Counts() {
			result.Tables[name] = &TableResult{Resource: t.name(), Disposition: string(t.resource.WriteDisposition), Rows: rows, Path: filepath.Join(t.owner.dataset, name)}
		}
	}
}

// dropped is what the schema contract kept out of the task's tables.
func (t *task) dropped() []Dropped {
	if t.tables == nil {
		return nil
	}
	var out []Dropped
	for _, n := range t.tables.order {
		for _, d := range n.Dropped() {
			out = append(out, Dropped{Table: d.Table, Column: d.Column, Kind: d.Kind, Mode: d.Mode.String(), Rows: d.Rows, Values: d.Values})
		}
	}
	return out
}

// target says how the rows of one root table and its children join the dataset.
func (t *task) target(n *normalize.Normalizer) dataset.Resource {
	res := t.resource
	d := dataset.Resource{
		Name: res.Name, Disposition: string(res.WriteDisposition), Tables: n.Tables(),
		Strategy: res.Strategy, DedupDesc: res.DedupDesc, Evolve: res.Evolve,
	}
	root := d.Tables[0]
	for _, k := range res.PrimaryKey {
		d.PrimaryKey = append(d.PrimaryKey, columnName(root, k))
	}
	for _, k := range res.MergeKey {
		d.MergeKey = append(d.MergeKey, columnName(root, k))
	}
	if res.HardDelete != "" {
		d.HardDelete = columnName(root, res.HardDelete)
	}
	if res.DedupSort != "" {
		d.DedupSort = columnName(root, res.DedupSort)
	}
	if t.owner.options.FullRefresh {
		d.Disposition = string(config.Replace)
	}
	// NRM-85: among rows with one key the greatest cursor value wins.
	if t.cursor != nil && t.cursor.cfg.LastValueFunc == "max" {
		if col := root.BySource(pointer(t.cursor.cfg.CursorPath)); col != nil {
			d.DedupBy = col.Name
		}
	}
	return d
}

// columnName is the column that a key of the config means (NRM-16).
func columnName(t *schema.Table, key string) string {
	if col := t.BySource(pointer(key)); col != nil {
		return col.Name
	}
	name := keyName(key)
	return name
}

// keyName normalises a key of the config: "meta.id" and "meta__id" are paths.
func keyName(key string) string {
	parts := strings.Split(key, ".")
	for i, p := range parts {
		parts[i] = schema.NormalName(p)
	}
	return strings.Join(parts, "__")
}

// pointer is the source of the column that a dotted path means.
func pointer(path string) string {
	path = strings.TrimPrefix(path, "$.")
	return "/" + strings.ReplaceAll(path, ".", "/")
}

// warnAddedAgain tells the newcomer whose append table doubled (OPR-23).
func (r *run) warnAddedAgain(t *task) {
	res := t.resource
	if res.WriteDisposition != config.Append || t.cursor != nil || t.tables.rows() == 0 || r.options.FullRefresh || r.options.RetryDeferred {
		return
	}
	for p := res.Parent; p != ""; {
		parent := r.byName[p]
		if parent.cursor != nil {
			return
		}
		p = parent.resource.Parent
	}
	old := int64(0)
	for _, n := range t.tables.order {
		if s := r.data.State().Tables[n.Tables()[0].Name]; s != nil {
			old += s.Rows
		}
	}
	if old == 0 {
		return
	}
	advice := `write_disposition = "replace"`
	if len(res.PrimaryKey) > 0 {
		advice = `write_disposition = "merge" (primary_key is set) or "replace"`
	}
	added := "1 row was"
	if n := t.tables.rows(); n > 1 {
		added = fmt.Sprintf("%d rows were", n)
	}
	r.warn(res.Name, fmt.Sprintf("%s added to the %d that the table has; did you mean %s?", added, old, advice))
}

func (r *run) result() *Result {
	res := &Result{
		Source: r.config.Name, Dataset: r.dataset, Load: r.load.Number(), LoadID: r.load.ID(),
		StartedAt: r.started, Tables: map[string]*TableResult{}, Resources: map[string]*ResourceResult{},
		Requests: r.requests.Load(), Retries: r.retries.Load(), Bytes: r.bytes.Load(),
		Changes: []SchemaChange{}, Warnings: r.warnings,
	}
	res.Waited = waited(r.waited.Load())
	for _, t := range r.tasks {
		res.Dropped = append(res.Dropped, t.dropped()...)
		res.Resources[t.name()] = &ResourceResult{Error: r.describeError(t.broken()), Requests: t.requests.Load(), Pages: t.pages, Records: t.records, Rows: t.rows, Elapsed: t.elapsed, Failed: t.failures, Deferred: len(t.kept), Duplicates: t.duplicates.count(), Gaps: t.gaps.series}
	}
	return res
}

func (r *run) describeError(err error) string {
	if err == nil {
		return ""
	}
	return r.redactor.Text(err.Error())
}

// describe fills the result with what the commit did.
func (r *run) describe(res *Result, resources []dataset.Resource, report *dataset.Report) {
	res.Committed, res.CommittedAt, res.LoadID = true, report.CommittedAt, report.LoadID
	owner := map[string]dataset.Resource{}
	for _, x := range resources {
		for _, t := range x.Tables {
			owner[t.Name] = x
		}
	}
	for _, name := range sortedKeys(report.Tables) {
		x, ok := owner[name]
		if !ok {
			continue // the engine's own tables
		}
		t := report.Tables[name]
		res.Tables[name] = &TableResult{
			Resource: x.Name, Disposition: x.Disposition, Rows: t.Rows, Added: t.Added, Updated: t.Updated, Deleted: t.Deleted,
			Total: t.Total, Files: t.Files, Rewritten: t.Rewritten, Bytes: t.Bytes, Path: filepath.Join(r.dataset, name), Mixed: t.Mixed,
		}
		if t.Duplicates > 0 {
			r.warn(x.Name, fmt.Sprintf("%d rows of table %s had a key that another row had; they were deleted", t.Duplicates, name))
		}
		if t.Mixed {
			r.warn(x.Name, fmt.Sprintf("table %s has older files with fewer columns or narrower types (evolve = \"union\"): "+
				"DuckDB needs union_by_name = true, Spark mergeSchema, which unites added columns only", name)) // RDR-02
		}
		for _, c := range t.New {
			res.Changes = append(res.Changes, SchemaChange{Table: name, Column: c.Name, To: c.TypeName()})
		}
		for _, w := range t.Widened {
			res.Changes = append(res.Changes, SchemaChange{Table: name, Column: w.Column, From: w.From, To: w.To})
		}
	}
	res.Warnings = r.warnings
}

func sortedKeys[V any](m map[string]V) []string {
	return slicesSorted(maps.Keys(m))
}
