package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// tokensPath is where rotating refresh tokens are kept (API-27): beside the
// state, which does not change before the commit, and readable by the owner
// alone.
func (d *Dataset) tokensPath() string { return filepath.Join(d.engineDir(), "tokens.json") }

func (d *Dataset) tokens() (map[string]string, error) {
	text, err := os.ReadFile(d.tokensPath())
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, err
	}
	tokens := map[string]string{}
	if err := json.Unmarshal(text, &tokens); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", d.tokensPath(), err)
	}
	return tokens, nil
}

// Token returns the token that StoreToken kept under a name; empty: none.
func (d *Dataset) Token(name string) string {
	tokens, err := d.tokens()
	if err != nil {
		return "" // the token of the script counts, as it did in the beginning
	}
	return tokens[name]
}

// StoreToken keeps a token under a name at once, whatever becomes of the load.
func (d *Dataset) StoreToken(ctx context.Context, name, token string) error {
	tokens, err := d.tokens()
	if err != nil {
		return err
	}
	tokens[name] = token
	text, err := json.MarshalIndent(tokens, "", "  ")
	if err != nil {
		return err
	}
	next := d.tokensPath() + ".tmp"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(next, d.tokensPath()); err != nil {
		return err
	}
	return d.fs.SyncDir(d.engineDir())
}
