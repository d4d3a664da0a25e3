-- github.lua: the issues of a repository on GitHub, and their comments.
--
--   restlua run github.lua --set github.repository=duckdb/duckdb
--
-- The first run takes everything since github.since, the next ones only what
-- changed. A token is not needed, but without one GitHub answers 60 requests
-- an hour: put one under [github] into secrets.toml, or into GITHUB__TOKEN.

local config = require("config")
local secrets = require("secrets")

local repository = config.get("github.repository", "yuin/gopher-lua")
local token = secrets.get("github.token", false)

return {
  name = "github",

  client = {
    base_url = config.get("github.url", "https://api.github.com/"),
    headers = {
      ["Accept"] = "application/vnd.github+json",
      ["X-GitHub-Api-Version"] = "2022-11-28",
    },
    -- Without a token the requests carry no credentials.
    auth = token and { type = "bearer", token = token } or nil,
    -- The address of the next page stands in the Link header.
    paginator = "header_link",
  },

  -- What all resources have in common.
  resource_defaults = {
    primary_key = "id",
    write_disposition = "merge", -- a row with a known id takes the old one's place
    endpoint = {
      params = { per_page = 100 },
    },
  },

  resources = {
    {
      name = "issues", -- GitHub counts pull requests among them
      endpoint = {
        path = "repos/" .. repository .. "/issues",
        params = { state = "all", sort = "updated", direction = "asc" },
        incremental = {
          cursor_path = "updated_at",
          start_param = "since",
          initial_value = config.get("github.since", "2008-01-01T00:00:00Z"),
        },
      },
    },
    {
      name = "comments",
      endpoint = {
        -- One series of requests for each issue that came.
        path = "repos/" .. repository .. "/issues/{resources.issues.number}/comments",
        incremental = {
          cursor_path = "updated_at",
          start_param = "since",
          initial_value = config.get("github.since", "2008-01-01T00:00:00Z"),
        },
        -- An issue may be gone by the time its comments are asked for.
        response_actions = {
          { status_code = 404, action = "ignore" },
          { status_code = 410, action = "ignore" },
        },
      },
      -- Each comment gets the number of its issue, as _issues_number.
      include_from_parent = { "number" },
    },
  },
}
