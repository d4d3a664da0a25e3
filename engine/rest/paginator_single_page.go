package rest

import (
	"context"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

// singlePage asks once, whatever the response says of further pages.
type singlePage struct{}

func newSinglePage(*config.Paginator, hook.World) (paginator, error) { return singlePage{}, nil }

func (singlePage) start(context.Context, *hook.Request) error                   { return nil }
func (singlePage) next(context.Context, *hook.Request, *received) (bool, error) { return false, nil }
func (singlePage) save() ([]byte, bool)                                         { return []byte("null"), true }
func (singlePage) restore([]byte, *hook.Request) error                          { return nil }
func (singlePage) param() string                                                { return "" }
