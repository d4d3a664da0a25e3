package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/restlua/restlua/engine"
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

// completeScript offers Lua files.
func completeScript(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"lua"}, cobra.ShellCompDirectiveFilterFileExt
}

// completeResources offers the names of a script's resources; nothing where the
// script cannot be evaluated.
func completeResources(ctx context.Context, path string, o engine.Options) []string {
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
