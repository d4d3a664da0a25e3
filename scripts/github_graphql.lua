-- github_graphql.lua: issues, their comments, and pull requests of a repository
-- on GitHub, by its GraphQL API.
--
--   restlua run github_graphql.lua --set github.repository=duckdb/duckdb
--
-- Needs the secret github.token, under [github] in secrets.toml or in GITHUB__TOKEN:
-- GraphQL answers nobody without one. For public repositories a token without any
-- permission will do.
--
-- A GraphQL API has one path. What to give, and of which page, stands in the body:
-- { query = "...", variables = { ... } }.

local config = require("config")
local json = require("json")
local secrets = require("secrets")
local text = require("text")

local owner, name = unpack(text.split(config.get("github.repository", "yuin/gopher-lua"), "/"))
local since = config.get("github.since", "2008-01-01T00:00:00Z")

-- The endpoint of one connection, a list that comes by page. at is where the query
-- finds it. The cursor and whether there is more stand beside its nodes; the
-- cursor goes into the variable after.
local function connection(at, variables, query, incremental)
  return {
    path = "graphql",
    method = "POST",
    json = {
      -- A brace in a body begins a placeholder. Those of a query are none, and are
      -- written twice for that.
      query = query:gsub("[{}]", "%0%0"),
      variables = variables,
    },
    data_selector = at .. ".nodes",
    paginator = {
      type = "cursor",
      cursor_path = at .. ".pageInfo.endCursor",
      has_more_path = at .. ".pageInfo.hasNextPage",
      cursor_body_path = "variables.after",
    },
    incremental = incremental,
  }
end

-- { login = "ann" } becomes "ann", { nodes = { { name = "bug" } } } a list of names.
-- The author is null where the account is gone.
local function flat(node)
  node.author = node.author and node.author.login
  for _, field in ipairs { "labels", "assignees" } do
    if node[field] then
      local names = json.array {}
      for i, n in ipairs(node[field].nodes) do names[i] = n.name or n.login end
      node[field] = names
    end
  end
  return node
end

-- The first failure of a query; nil where there is none. An answer that is no JSON
-- comes from a server in between, and its status says what to do.
local function failure(response)
  local errors = response.json and response.json.errors
  return errors and errors[1]
end

return {
  name = "github_graphql",

  client = {
    base_url = config.get("github.url", "https://api.github.com/"),
    auth = { type = "bearer", token = secrets.get("github.token") },
  },

  resource_defaults = {
    primary_key = "id",
    write_disposition = "merge",
    endpoint = {
      -- A query that fails is answered with status 200. The first that holds says
      -- what becomes of it.
      response_actions = {
        { when = function(response) return failure(response) and failure(response).type == "RATE_LIMITED" end, action = "retry" },
        { when = failure, action = "fail", message = "GitHub says: {json.errors[0].message}" },
      },
    },
  },

  resources = {
    {
      name = "issues",
      endpoint = connection("data.repository.issues", { owner = owner, name = name, since = "{incremental.start_value}" }, [[
        query($owner: String!, $name: String!, $since: DateTime, $after: String) {
          repository(owner: $owner, name: $name) {
            issues(first: 100, after: $after, filterBy: {since: $since}, orderBy: {field: UPDATED_AT, direction: ASC}) {
              pageInfo { hasNextPage endCursor }
              nodes {
                id number title state stateReason createdAt updatedAt closedAt
                author { login }
                labels(first: 50) { nodes { name } }
                assignees(first: 20) { nodes { login } }
              }
            }
          }
        }]], { cursor_path = "updatedAt", initial_value = since }),
      processing_steps = { { map = flat } },
    },
    {
      -- Comments of an issue that changed. They are asked for by the id of the
      -- issue: a list inside a list would have pages of its own.
      name = "comments",
      endpoint = connection("data.node.comments", { issue = "{resources.issues.id}" }, [[
        query($issue: ID!, $after: String) {
          node(id: $issue) {
            ... on Issue {
              comments(first: 100, after: $after) {
                pageInfo { hasNextPage endCursor }
                nodes { id body createdAt updatedAt author { login } }
              }
            }
          }
        }]]),
      include_from_parent = { "number" },
      processing_steps = { { map = flat } },
    },
    {
      -- Pull requests cannot be asked for since a time. They come with the last
      -- changed first, and row_order ends the requests at the first old one.
      name = "pull_requests",
      endpoint = connection("data.repository.pullRequests", { owner = owner, name = name }, [[
        query($owner: String!, $name: String!, $after: String) {
          repository(owner: $owner, name: $name) {
            pullRequests(first: 100, after: $after, orderBy: {field: UPDATED_AT, direction: DESC}) {
              pageInfo { hasNextPage endCursor }
              nodes {
                id number title state isDraft createdAt updatedAt closedAt mergedAt additions deletions
                author { login }
                labels(first: 50) { nodes { name } }
              }
            }
          }
        }]], { cursor_path = "updatedAt", initial_value = since, row_order = "desc" }),
      processing_steps = { { map = flat } },
    },
  },
}
