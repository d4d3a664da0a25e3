package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/engine/state"
	"github.com/restlua/restlua/writers/parquet"
)

func stateCommand(t *terminal) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "state DATASET show | reset RESOURCE | set RESOURCE CURSOR VALUE",
		Short: "show or change where the next run starts",
		Example: `  restlua state data/github show
  restlua state data/github reset issues
  restlua state data/github set issues updated_at 2024-01-01T00:00:00Z`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("usage: "+cmd.UseLine(), "the dataset's folder is missing")
			}
			return nil
		},
		ValidArgsFunction: completeDataset(completeState),
		RunE: func(cmd *cobra.Command, args []string) error {
			action := "show"
			if len(args) > 1 {
				action = args[1]
			}
			dir, args := args[0], args[min(2, len(args)):]
			want := map[string][]string{"show": {}, "reset": {"the resource"}, "set": {"the resource", "the cursor", "the value"}}
			names, ok := want[action]
			if !ok {
				return usagef("show, reset or set", "there is no action %q", action)
			}
			if err := exactArgs(names...)(cmd, args); err != nil {
				return err
			}
			c := change{t: t, dir: dir, yes: yes}
			switch action {
			case "reset":
				return c.reset(cmd.Context(), args[0])
			case "set":
				return c.set(cmd.Context(), args[0], args[1], args[2])
			}
			return showState(t, dir)
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

// showState prints what resources keep from load to load, as state.json has it.
func showState(t *terminal, dir string) error {
	s, err := dataset.Read(dir)
	if err != nil {
		return err
	}
	return writeJSON(t.stdout, s.Resources)
}

// change is a change of the state that somebody must agree to.
type change struct {
	t   *terminal
	dir string
	yes bool
}

// reset forgets the cursors and the hooks' state of a resource.
func (c change) reset(ctx context.Context, resource string) error {
	s, err := dataset.Read(c.dir)
	if err != nil {
		return err
	}
	if err := known(s, resource); err != nil {
		return err
	}
	return c.commit(ctx, fmt.Sprintf("%s: the next run starts from the beginning", resource), func(s *state.State) error {
		delete(s.Resources, resource)
		return nil
	})
}

// set gives a cursor another value.
func (c change) set(ctx context.Context, resource, path, value string) error {
	s, err := dataset.Read(c.dir)
	if err != nil {
		return err
	}
	if err := known(s, resource); err != nil {
		return err
	}
	cursor := s.Resources[resource].Incremental[path]
	if cursor == nil {
		all := slices.Sorted(maps.Keys(s.Resources[resource].Incremental))
		return usagef("it has "+strings.Join(all, ", "), "%s has no cursor %q", resource, path)
	}
	raw, err := cursorValue(cursor.LastValue, value)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%s: the next run starts at %s = %s (now %s)", resource, path, raw, cursor.LastValue)
	return c.commit(ctx, what, func(s *state.State) error {
		x := s.Resources[resource].Incremental[path]
		// The hashes belong to the rows at the old value.
		x.LastValue, x.Boundary = raw, nil
		return nil
	})
}

// cursorValue makes JSON of a value as typed: text where the cursor holds
// text, a number where it holds a number.
func cursorValue(now json.RawMessage, value string) (json.RawMessage, error) {
	var number json.Number
	if len(now) > 0 && now[0] != '"' && string(now) != "null" {
		if err := json.Unmarshal([]byte(value), &number); err != nil || value == "" || value[0] == '"' {
			return nil, usagef("", "the cursor is a number (%s), %q is none", now, value)
		}
		return json.RawMessage(number), nil
	}
	return json.Marshal(value)
}

func known(s *state.State, resource string) error {
	if s.Resources[resource] != nil {
		return nil
	}
	names := slices.Sorted(maps.Keys(s.Resources))
	if len(names) == 0 {
		return usagef("", "the dataset keeps no state of any resource")
	}
	return usagef("it keeps that of "+strings.Join(names, ", "), "the dataset keeps no state of %q", resource)
}

// commit asks, then makes the change as a commit of its own.
func (c change) commit(ctx context.Context, what string, f func(*state.State) error) (err error) {
	if !c.yes {
		ok, err := c.t.ask(what + "; go on?")
		if err != nil {
			return err
		}
		if !ok {
			return errors.New("nothing was changed")
		}
	}
	d, err := dataset.Open(ctx, c.dir, dataset.Options{Format: parquet.Format{}, Version: engine.Version})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := d.Update(ctx, f); err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.t.stdout, what)
	return err
}
