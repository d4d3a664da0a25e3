package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/restlua/restlua/engine"
)

func versionCommand(t *terminal) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "show the version, and the commit that it was built from",
		Args:  atMostArgs(0),
		RunE: func(*cobra.Command, []string) error {
			info, _ := debug.ReadBuildInfo()
			_, err := fmt.Fprintln(t.stdout, versionLine(info))
			return err
		},
	}
}

// versionLine shows what is known of the build; info may be nil.
func versionLine(info *debug.BuildInfo) string {
	line := "restlua " + engine.Version
	commit, date, dirty := "", "", false
	if info != nil {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				commit = s.Value
			case "vcs.time":
				date = s.Value
			case "vcs.modified":
				dirty = s.Value == "true"
			}
		}
	}
	if commit != "" {
		line += fmt.Sprintf(", commit %.12s", commit)
		if dirty {
			line += " with changes"
		}
		if date != "" {
			line += " of " + date
		}
	}
	return fmt.Sprintf("%s, %s %s/%s", line, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
