// Package lua runs scripts: it compiles them, evaluates them to a config and
// calls their hooks, in a sandbox.
//
// A Script is compiled once and shared. Config evaluates it in a world of its
// own and returns plain nodes with lines; World makes the world in which the
// hooks of one resource run, one at a time. Every world is bounded in time,
// memory, depth and length of text (meter.go), and reaches nothing but the
// modules of the standard library and the modules beside the script
// (sandbox.go, require.go).
package lua

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/stdlib"
)

// Options of a script. The zero value works.
type Options struct {
	// FS holds the modules that the script may require, "lib/dates.lua" for
	// require("lib.dates"). nil: the folder of a loaded script, no modules for
	// a parsed one.
	FS fs.FS
	// Modules may be required beside those of the standard library; they come
	// first.
	Modules []stdlib.Module
	// EvalTimeout bounds the evaluation of the script; 0 means 5 s.
	EvalTimeout time.Duration
	// CallDepth is how deep calls may be nested; 0 means 1000.
	CallDepth int
	// MaxText is the longest text that a library function or a concatenation
	// makes, in bytes; 0 means 64 MiB.
	MaxText int
	// PatternSteps bounds the work of one search for a pattern, in comparisons;
	// 0 means 20 million.
	PatternSteps int
	// MemoryGrowth is by how much the heap may grow during one call, in bytes;
	// 0 means 256 MiB.
	MemoryGrowth int64
	// MemoryKept is how much a world may keep in its variables from call to
	// call, in bytes; 0 means 96 MiB.
	MemoryKept int64
}

// The defaults of Options (SCR-03).
const (
	defaultEvalTimeout  = 5 * time.Second
	defaultHookTimeout  = time.Second
	defaultCallDepth    = 1000
	defaultMaxText      = 64 << 20
	defaultPatternSteps = 20_000_000
	defaultMemoryGrowth = 256 << 20
	defaultMemoryKept   = 96 << 20
	maxScript           = 4 << 20
)

func (o Options) withDefaults() Options {
	if o.EvalTimeout <= 0 {
		o.EvalTimeout = defaultEvalTimeout
	}
	if o.CallDepth <= 0 {
		o.CallDepth = defaultCallDepth
	}
	if o.MaxText <= 0 {
		o.MaxText = defaultMaxText
	}
	if o.PatternSteps <= 0 {
		o.PatternSteps = defaultPatternSteps
	}
	if o.MemoryGrowth <= 0 {
		o.MemoryGrowth = defaultMemoryGrowth
	}
	if o.MemoryKept <= 0 {
		o.MemoryKept = defaultMemoryKept
	}
	return o
}

// Script is a compiled script; it may be shared by goroutines. Modules beside
// it are read and compiled when first required, once.
type Script struct {
	name    string
	hash    string
	main    *chunk
	options Options

	mu      sync.Mutex
	modules map[string]*chunk
	hooks   hookPlaces // of the config that was evaluated last
}

// Load reads and compiles the script in the file at path. The modules of its
// folder may be required, but for those that a link takes from outside it.
func Load(path string, o Options) (*Script, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("script: %w", err)
	}
	if info.Size() > maxScript {
		return nil, fmt.Errorf("script %s: longer than %d bytes", path, maxScript)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("script: %w", err)
	}
	if o.FS == nil {
		o.FS = folder(filepath.Dir(path))
	}
	return Parse(filepath.Base(path), string(text), o)
}

// Parse compiles the text of a script; name stands in messages.
func Parse(name, text string, o Options) (*Script, error) {
	main, err := compile(name, text)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(text))
	return &Script{
		name:    strings.TrimSuffix(filepath.Base(name), ".lua"),
		hash:    hex.EncodeToString(sum[:]),
		main:    main,
		options: o.withDefaults(),
		modules: map[string]*chunk{},
	}, nil
}

// Name is the default name of the source: the file's name without ending.
func (s *Script) Name() string { return s.name }

// Hash identifies the script's text: SHA-256 in hexadecimal. Modules beside it
// do not count.
func (s *Script) Hash() string { return s.hash }

// Config evaluates the script and returns the table that it returns, with the
// place of every value (SCR-30).
func (s *Script) Config(ctx context.Context, env hook.Env) (*config.Node, error) {
	w := newWorld(s, env)
	defer w.Close()
	w.marks = newMarks()
	table, err := w.evaluate(ctx)
	if err != nil {
		return nil, err
	}
	n := nodes{world: w, L: w.L, hooks: hookPlaces{}}
	node, err := n.root(table)
	if err == nil {
		s.setPlaces(n.hooks)
	}
	return node, err
}

// World makes a copy of the script's world: it evaluates the script anew, with
// hooks that share nothing with other worlds (SCR-04).
func (s *Script) World(ctx context.Context, env hook.Env) (hook.World, error) {
	w := newWorld(s, env)
	table, err := w.evaluate(ctx)
	if err != nil {
		w.Close()
		return nil, err
	}
	w.config = table
	w.begin()
	return w, nil
}
