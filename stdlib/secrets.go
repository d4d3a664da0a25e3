package stdlib

func secretsModule() Module {
	return newModule("secrets", "Passwords, tokens and keys, from the environment and from secrets files.",
		Function{
			Name: "get", Params: "path: string, default?: any", Returns: "any",
			Doc: "The secret at a dotted path: text, number, boolean, or a table with all that stands below the path. " +
				"\"github.token\" is looked for in the environment as GITHUB__TOKEN, then in the secrets files. " +
				"A missing one is the default, which may be nil; without one it is an error that names every place that was searched. " +
				"What comes from here is masked wherever it would be printed or recorded.",
			Example: `assert(secrets.get("github.token") == "ghp_example")
assert(secrets.get("github.other", "none") == "none")`,
			run: func(c *call) int { return lookup(c, c.Secrets) },
		},
	)
}
