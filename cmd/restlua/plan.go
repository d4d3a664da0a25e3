package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/restlua/restlua/engine"
)

func planCommand(t *terminal) *cobra.Command {
	f := &scriptFlags{}
	var out string
	var resources []string
	var full, asJSON bool
	cmd := &cobra.Command{
		Use:   "plan SCRIPT",
		Short: "show what a run would ask and change, without any request",
		Long: `Plan shows the resources in the order of their dependence: the first request of
each, where an incremental starts, what is replaced or merged, and how many
requests the last run made. No request is made, nothing is written.`,
		Example:           `  restlua plan github.lua --set github.repository=duckdb/duckdb`,
		Args:              exactArgs("the script"),
		ValidArgsFunction: completeScript,
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				return usagef("", "--out must not be empty")
			}
			o, err := f.options()
			if err != nil {
				return err
			}
			script, err := loadScript(args[0])
			if err != nil {
				return err
			}
			o.Root, o.Resources, o.FullRefresh = out, resources, full
			o.Logger = t.logger(view{format: "text"})
			p, err := engine.Plan(cmd.Context(), script, o)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(t.stdout, p)
			}
			return writePlan(t.stdout, p)
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&out, "out", "data", "`folder` with the dataset, as for run")
	cmd.Flags().StringSliceVar(&resources, "resource", nil, "only this resource (may be repeated)")
	cmd.Flags().BoolVar(&full, "full-refresh", false, "as run --full-refresh")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the plan as one JSON document")
	completeResource(cmd, f.options)
	completeFlags(cmd, map[string]string{"out": "/"})
	return cmd
}

// writePlan shows a plan as a tree: children stand below their parents.
func writePlan(w io.Writer, p *engine.Preview) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: load %s into %s would ask\n", p.Source, group(p.Load), relative(p.Dataset))
	depth := map[string]int{}
	total := int64(0)
	known := true
	for _, r := range p.Resources {
		if r.Parent != "" {
			depth[r.Name] = depth[r.Parent] + 1
		}
		indent := strings.Repeat("  ", depth[r.Name])
		fmt.Fprintf(&b, "\n%s%s: %s\n", indent, r.Name, effect(r))
		for _, line := range details(r) {
			fmt.Fprintf(&b, "%s  %s\n", indent, line)
		}
		total += r.Requests
		known = known && (r.Requests > 0 || r.Method == "")
	}
	if known && total > 0 {
		fmt.Fprintf(&b, "\nthe last load made %s\n", count(total, "request"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// effect says what happens to the resource's table.
func effect(r *engine.PreviewResource) string {
	rows := count(r.Rows, "row")
	switch {
	case !r.Written:
		return "asked for its children, not written"
	case r.Rows == 0:
		return "a new table " + r.Table
	case r.Disposition == "replace":
		return fmt.Sprintf("replaces the %s of %s", rows, r.Table)
	case r.Disposition == "merge":
		return fmt.Sprintf("merges into the %s of %s", rows, r.Table)
	}
	return fmt.Sprintf("adds to the %s of %s", rows, r.Table)
}

// details are the lines below a resource.
func details(r *engine.PreviewResource) []string {
	var lines []string
	if r.Method != "" {
		lines = append(lines, r.Method+" "+printable(r.URL))
	}
	if r.Body != nil {
		lines = append(lines, printable(string(r.Body)))
	}
	if r.CursorPath != "" {
		from := "from the beginning"
		switch {
		case r.Stored:
			from = "from " + string(r.Start) + ", where the last load ended"
		case string(r.Start) != "null":
			from = "from " + string(r.Start)
		}
		lines = append(lines, printable(r.CursorPath+" "+from))
	}
	if r.Windows > 0 {
		lines = append(lines, count(int64(r.Windows), "window"))
	}
	if r.Deferred > 0 {
		lines = append(lines, count(int64(r.Deferred), "parent")+" that the last load left")
	}
	if r.Requests > 0 {
		lines = append(lines, count(r.Requests, "request")+" last time")
	}
	return lines
}
