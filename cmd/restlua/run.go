package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/lua"
)

// runFlags are the flags of run; those of a script's surroundings are shared
// with check.
type runFlags struct {
	scriptFlags
	out         string
	resources   []string
	limit       int64
	pages       int64
	dryRun      bool
	fullRefresh bool
	restart     bool
	resumeMax   time.Duration
	checkpoint  time.Duration
	keepGoing   bool
	deferred    bool
	record      string
	replay      string
	wait        time.Duration
	maxWait     time.Duration
	rewrite     bool
	compression string
	groupBytes  byteSize
	fileBytes   byteSize
	json        bool
	view
}

// view says how much of a load is shown while it runs, and how.
type view struct {
	progress string // one of progressModes
	format   string // one of logFormats
	verbose  int    // how often -v was given
}

// scriptFlags say where a script's secrets and settings come from.
type scriptFlags struct {
	set     []string
	secrets string
	config  string
}

func (f *scriptFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.set, "set", nil, "give a setting, as config.get in the script sees it: `key=value`")
	cmd.Flags().StringVar(&f.secrets, "secrets", "", "`file` with secrets (default ./secrets.toml, then ~/.config/restlua/secrets.toml)")
	cmd.Flags().StringVar(&f.config, "config", "", "`file` with settings (default ./config.toml)")
	completeFlags(cmd, map[string]string{"secrets": "toml", "config": "toml"})
}

// options are the engine's options that the flags stand for.
func (f *scriptFlags) options() (engine.Options, error) {
	set := map[string]string{}
	for _, s := range f.set {
		k, v, ok := strings.Cut(s, "=")
		if !ok || k == "" {
			return engine.Options{}, usagef("--set github.repository=owner/name", "--set %q is not of the form key=value", s)
		}
		set[k] = v
	}
	return engine.Options{Secrets: engine.SecretsFile(f.secrets), Config: engine.ConfigFile(f.config, set)}, nil
}

func runCommand(t *terminal) *cobra.Command {
	f := &runFlags{groupBytes: 16 << 20, fileBytes: 512 << 20}
	cmd := &cobra.Command{
		Use:   "run SCRIPT",
		Short: "ask the API and commit what came",
		Long: `Run asks the API as the script says and commits what came as one load: all
tables and the position of the next run, or nothing. The tables are folders of
Parquet files in data/NAME, where NAME is that of the source.`,
		Example: `  restlua run github.lua --set github.repository=duckdb/duckdb
  restlua run github.lua --resource issues --limit 100`,
		Args:              exactArgs("the script"),
		ValidArgsFunction: completeScript,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), t, args[0])
		},
	}
	f.register(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.out, "out", "data", "`folder` that gets the dataset, as a folder named like the source")
	fs.StringSliceVar(&f.resources, "resource", nil, "run only this resource (may be repeated); parents that it needs are asked too")
	fs.Int64Var(&f.limit, "limit", 0, "end each resource after `N` rows; such a load does not move the position of the next run")
	fs.Int64Var(&f.pages, "pages", 0, "end each resource after `N` pages; as --limit")
	fs.BoolVar(&f.dryRun, "dry-run", false, "do everything but the commit")
	fs.BoolVar(&f.fullRefresh, "full-refresh", false, "forget the positions and replace the tables")
	fs.BoolVar(&f.restart, "restart", false, "throw away what a killed run left, in place of going on there")
	fs.DurationVar(&f.resumeMax, "resume-max-age", 24*time.Hour, "what a killed run left is thrown away when it is older: `12h`")
	fs.DurationVar(&f.checkpoint, "checkpoint-every", 30*time.Second, "how much work a killed run may lose: `10s`; 0 keeps no checkpoints")
	fs.BoolVar(&f.keepGoing, "keep-going", false, "commit what completed when a resource fails; exit code 3 then")
	fs.BoolVar(&f.deferred, "retry-deferred", false, "ask only for what earlier runs put off (on_error = \"defer\")")
	fs.StringVar(&f.record, "record", "", "record all requests and responses into this HAR `file`, secrets masked; .gz packs it")
	fs.StringVar(&f.replay, "replay", "", "answer from this HAR `file`, without network")
	fs.DurationVar(&f.wait, "wait", 0, "how long to wait while another process writes the dataset: `30s`")
	fs.BoolVar(&f.rewrite, "allow-rewrite", false, "write more than 64 GiB of older files anew where the schema changed")
	fs.DurationVar(&f.maxWait, "max-wait", 0, "the longest wait that the API may ask for: `1h` (default: client.session.request_max_retry_delay)")
	fs.StringVar(&f.compression, "compression", "zstd", "of the files: zstd, snappy, gzip or none")
	fs.Var(&f.groupBytes, "row-group-size", "size of the row groups in the files, 1MiB to 256MiB; they are held in memory until they are full")
	fs.Var(&f.fileBytes, "file-size", "a load begins another file when one has this size, 1MiB or more")
	fs.StringVar(&f.progress, "progress", "auto", "auto, bar, log, json or none; all on standard error")
	fs.StringVar(&f.format, "log-format", "text", "of the lines on standard error: text for people, logfmt (key=value) or json for machines")
	fs.BoolVar(&f.json, "json", false, "print the report as one JSON document")
	fs.CountVarP(&f.verbose, "verbose", "v", "show each request, the script's debug lines, and the calls of the script in errors; twice: also headers, the first 2 KiB of bodies, and each page")
	completeResource(cmd, f.options)
	completeFlags(cmd, map[string]string{"out": "/", "record": "har gz", "replay": "har gz"})
	for flag, values := range map[string][]string{"progress": progressModes, "log-format": logFormats, "compression": compressions} {
		cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	return cmd
}

var compressions = []string{"zstd", "snappy", "gzip", "none"}

// check finds what is wrong with the flags before anything is read.
func (f *runFlags) check() error {
	switch {
	case f.limit < 0:
		return usagef("", "--limit must not be negative")
	case f.pages < 0:
		return usagef("", "--pages must not be negative")
	case f.wait < 0:
		return usagef("", "--wait must not be negative")
	case f.checkpoint < 0:
		return usagef("0 keeps no checkpoints", "--checkpoint-every must not be negative")
	case f.maxWait < 0:
		return usagef("", "--max-wait must not be negative")
	case f.resumeMax <= 0:
		return usagef("--restart throws it away in any case", "--resume-max-age must be more than nothing")
	case f.record != "" && f.replay != "":
		return usagef("", "--record and --replay exclude each other")
	case f.out == "":
		return usagef("", "--out must not be empty")
	case !slices.Contains(compressions, f.compression):
		return usagef(strings.Join(compressions, ", "), "there is no compression %q", f.compression)
	case f.groupBytes < 1<<20 || f.groupBytes > 256<<20:
		return usagef("16MiB suits most readers", "--row-group-size %s is not between 1 MiB and 256 MiB", &f.groupBytes)
	case f.fileBytes < 1<<20:
		return usagef("", "--file-size %s is less than 1 MiB", &f.fileBytes)
	case !slices.Contains(progressModes, f.progress):
		return usagef(strings.Join(progressModes, ", "), "there is no progress %q", f.progress)
	case !slices.Contains(logFormats, f.format):
		return usagef(strings.Join(logFormats, ", "), "there is no log format %q", f.format)
	}
	return nil
}

func (f *runFlags) run(ctx context.Context, t *terminal, path string) error {
	if err := f.check(); err != nil {
		return err
	}
	t.logger(f.view) // from here on errors are records, if others shall be
	o, err := f.options()
	if err != nil {
		return err
	}
	script, err := loadScript(path)
	if err != nil {
		return err
	}
	o.Root = f.out
	o.Resources = f.resources
	o.Limit, o.Pages = f.limit, f.pages
	o.DryRun, o.FullRefresh = f.dryRun, f.fullRefresh
	o.Restart, o.ResumeMaxAge, o.CheckpointEvery = f.restart, f.resumeMax, f.checkpoint
	if f.checkpoint == 0 {
		o.CheckpointEvery = -1
	}
	o.KeepGoing, o.RetryDeferred = f.keepGoing, f.deferred
	o.Record, o.Replay = f.record, f.replay
	o.Wait, o.Compression, o.AllowRewrite = f.wait, f.compression, f.rewrite
	o.RowGroupBytes, o.FileBytes = int64(f.groupBytes), int64(f.fileBytes)
	o.MaxWait, o.Detail, o.ErrorBody = f.maxWait, f.verbose > 1, f.verbose > 0
	result, err := runWithProgress(ctx, t, script, o, f.view)
	if err != nil && f.verbose > 0 {
		return &detailedError{err}
	}
	if err != nil {
		return err
	}
	if f.json {
		err = writeJSON(t.stdout, result)
	} else {
		err = report{result, t}.write(t.stdout)
	}
	if err == nil && result.Partial() {
		err = errPartial
	}
	return err
}

// runWithProgress runs the script and shows what happens meanwhile.
func runWithProgress(ctx context.Context, t *terminal, script engine.Script, o engine.Options, v view) (*engine.Result, error) {
	trustRoots()
	o.Logger = t.logger(v)
	p := newProgress(t, t.progressMode(v.progress), o.Logger)
	seen := observe(ctx, otelFromEnv(os.Getenv), besides{t}, o.Logger)
	o.Events = progressEvents(p).And(seen.events)
	result, err := engine.Run(ctx, script, o)
	p.close()
	seen.stop()
	return result, err
}

// loadScript reads and compiles a script.
func loadScript(path string) (engine.Script, error) {
	s, err := lua.Load(path, lua.Options{})
	if err != nil {
		return nil, &scriptError{err}
	}
	return evaluated{s}, nil
}

// evaluated marks the errors of a script's evaluation, which are mistakes in
// the script or missing secrets: no request was made then (OPR-60).
type evaluated struct{ *lua.Script }

func (s evaluated) Config(ctx context.Context, env hook.Env) (*config.Node, error) {
	n, err := s.Script.Config(ctx, env)
	if err != nil && ctx.Err() == nil {
		err = &scriptError{err}
	}
	return n, err
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
