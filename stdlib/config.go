package stdlib

func configModule() Module {
	return newModule("config", "Settings that differ from place to place, from --set, the environment and config.toml.",
		Function{
			Name: "get", Params: "path: string, default?: any", Returns: "any",
			Doc: "The setting at a dotted path: text, number, boolean, or a table with all that stands below the path. " +
				"A missing one is the default, which may be nil; without one it is an error that names every place that was searched. " +
				"Secrets belong to secrets.get, which keeps them from being printed.",
			Example: `assert(config.get("desk.page_size") == 100)
assert(config.get("desk.url", "https://desk.example") == "https://desk.example")`,
			run: func(c *call) int { return lookup(c, c.Config) },
		},
	)
}
