package main

import (
	"cmp"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/restlua/restlua/cmd/restlua/internal/overview"
	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/dataset"
	"github.com/restlua/restlua/engine/state"
)

func completionCommand(t *terminal) *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "print the completion script of a shell",
		Example: `  restlua completion bash > /etc/bash_completion.d/restlua
  restlua completion zsh > "${fpath[1]}/_restlua"
  restlua completion fish > ~/.config/fish/completions/restlua.fish`,
		Args:      exactArgs("the name of a shell"),
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(t.stdout, true)
			case "zsh":
				return root.GenZshCompletion(t.stdout)
			case "fish":
				return root.GenFishCompletion(t.stdout, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(t.stdout)
			}
			return usagef("bash, zsh, fish or powershell", "there is no completion for %q", args[0])
		},
	}
}

// completeScript offers Lua files for the first argument.
func completeScript(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"lua"}, cobra.ShellCompDirectiveFilterFileExt
}

// completeFlags makes the flags of a command that name files offer those of a
// kind: the end of a name, or "/" for folders.
func completeFlags(cmd *cobra.Command, kinds map[string]string) {
	for flag, kind := range kinds {
		if kind == "/" {
			cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs))
		} else {
			cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(strings.Split(kind, " "), cobra.ShellCompDirectiveFilterFileExt))
		}
	}
}

// completeResource makes --resource offer the resources of the script that is
// the first argument; nothing where it cannot be evaluated. options are those
// that the other flags give.
func completeResource(cmd *cobra.Command, options func() (engine.Options, error)) {
	cmd.RegisterFlagCompletionFunc("resource", func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		o, err := options()
		if err != nil || len(args) == 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		// Several may stand in one flag, with commas between.
		before := typed[:strings.LastIndex(typed, ",")+1]
		var names []string
		for _, n := range resourcesOf(cmd.Context(), args[0], o) {
			if !slices.Contains(strings.Split(before, ","), n) {
				names = append(names, before+n)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	})
}

// resourcesOf are the names of a script's resources; nothing where the script
// cannot be evaluated.
func resourcesOf(ctx context.Context, path string, o engine.Options) []string {
	script, err := loadScript(path)
	if err != nil {
		return nil
	}
	c, err := engine.Check(ctx, script, o)
	if err != nil {
		return nil
	}
	var names []string
	for _, r := range c.Resources {
		names = append(names, r.Name)
	}
	return names
}

// completeDataset offers datasets for the first argument, and what next says for
// those behind it: args are the arguments so far, s is the state of the dataset.
func completeDataset(next func(s *state.State, args []string) []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 0 {
			return completeDatasets(typed)
		}
		s, err := dataset.Read(args[0])
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return next(s, args), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeDatasets offers the datasets whose path begins with what was typed,
// also those one folder below, and the folders that may have more.
func completeDatasets(typed string) ([]string, cobra.ShellCompDirective) {
	parent, name := filepath.Split(typed)
	entries, err := os.ReadDir(cmp.Or(parent, "."))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var found []string
	directive := cobra.ShellCompDirectiveNoFileComp
	for _, e := range entries {
		hidden := strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(name, ".") || e.Name() == "_restlua"
		path := parent + e.Name()
		if info, err := os.Stat(path); hidden || !strings.HasPrefix(e.Name(), name) || err != nil || !info.IsDir() {
			continue
		}
		if isDataset(path) {
			found = append(found, path)
			continue
		}
		if below := datasetsIn(path); len(below) > 0 {
			found = append(found, below...)
			continue
		}
		found = append(found, path+string(filepath.Separator))
		directive |= cobra.ShellCompDirectiveNoSpace
	}
	return found, directive
}

// completeTables offers the tables that are not among the arguments yet.
func completeTables(s *state.State, args []string) []string {
	return slices.DeleteFunc(overview.Names(s), func(n string) bool { return slices.Contains(args[1:], n) })
}

// completeState offers what state can do, and with what.
func completeState(s *state.State, args []string) []string {
	switch len(args) {
	case 1:
		return []string{"show\tprint what the resources keep", "reset\tforget the cursors of a resource", "set\tgive a cursor another value"}
	case 2:
		if args[1] == "reset" || args[1] == "set" {
			return slices.Sorted(maps.Keys(s.Resources))
		}
	case 3:
		if r := s.Resources[args[2]]; args[1] == "set" && r != nil {
			return slices.Sorted(maps.Keys(r.Incremental))
		}
	}
	return nil
}
