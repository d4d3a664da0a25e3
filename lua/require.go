package lua

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/restlua/restlua/stdlib"
)

// folder gives the files below a folder, and none that a link takes from
// outside it (SCR-02).
type folder string

// Open implements fs.FS.
func (d folder) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	return os.OpenInRoot(string(d), name)
}

// require gives a module of the standard library, or one beside the script
// (SCR-02). Each is opened once in a world.
func (w *World) require(L *lua.LState) int {
	name := L.CheckString(1)
	if v, ok := w.loaded[name]; ok {
		L.Push(v)
		return 1
	}
	for _, m := range slices.Concat(w.script.options.Modules, stdlib.Modules()) {
		if m.Name == name {
			t := m.Open(L, &w.host)
			w.loaded[name] = t
			L.Push(t)
			return 1
		}
	}
	file, err := moduleFile(name)
	if err != nil {
		L.RaiseError("require(%q): %s", name, err.Error())
	}
	for i, around := range w.loading {
		if around == name {
			chain := append(append([]string{}, w.loading[i:]...), name)
			L.RaiseError("require(%q): modules require each other in a cycle: %s", name, strings.Join(chain, " -> "))
		}
	}
	c, err := w.script.module(file)
	if err != nil {
		if e, ok := errors.AsType[*Error](err); ok {
			L.RaiseError("require(%q): %s", name, e.Message)
		}
		if errors.Is(err, fs.ErrNotExist) {
			L.RaiseError("require(%q): there is no such module: the standard library has %s; beside the script there is no %s", name, moduleNames(), file)
		}
		L.RaiseError("require(%q): %s", name, err.Error())
	}
	depth := len(w.loading)
	w.loading = append(w.loading, name)
	defer func() { w.loading = w.loading[:depth] }()
	w.push(L, c)
	L.Call(w.chunkArgs, 1)
	v := L.Get(-1)
	if v == lua.LNil {
		v = lua.LTrue
	}
	w.loaded[name] = v
	L.Push(v)
	return 1
}

// moduleFile returns the file of a module, relative to the script's folder.
func moduleFile(name string) (string, error) {
	if strings.ContainsAny(name, "/\\:\x00") {
		return "", errors.New("a module is named by words with dots between them, as in \"lib.dates\"")
	}
	for _, part := range strings.Split(name, ".") {
		if part == "" {
			return "", errors.New("a module is named by words with dots between them, as in \"lib.dates\"; modules outside the script's folder cannot be reached")
		}
	}
	return strings.ReplaceAll(name, ".", "/") + ".lua", nil
}

func moduleNames() string {
	var names []string
	for _, m := range stdlib.Modules() {
		names = append(names, m.Name)
	}
	if len(names) == 0 {
		return "no modules"
	}
	return strings.Join(names, ", ")
}

// module returns the compiled module in file, read once for all worlds.
func (s *Script) module(file string) (*chunk, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.modules[file]; ok {
		return c, nil
	}
	if s.options.FS == nil {
		return nil, fmt.Errorf("%s: %w", file, fs.ErrNotExist)
	}
	text, err := readModule(s.options.FS, file)
	if err != nil {
		return nil, err
	}
	c, err := compile(path.Clean(file), text)
	if err != nil {
		return nil, err
	}
	s.modules[file] = c
	return c, nil
}

func readModule(files fs.FS, file string) (string, error) {
	f, err := files.Open(file)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return "", fs.ErrNotExist
		}
		return "", fmt.Errorf("%s cannot be read: it is outside the script's folder, or not readable", file)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxScript+1))
	if err != nil {
		return "", fmt.Errorf("%s cannot be read", file)
	}
	return string(text), nil
}
