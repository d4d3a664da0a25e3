-- Tests of github_graphql.lua: restlua test github_graphql_test.lua
local test = require("test")
local json = require("json")

local function options(...)
  return { config = { github = { repository = "acme/app" } }, secrets = { github = { token = "ghp_x" } }, resources = { ... } }
end

local function page(connection, nodes, more)
  return { json = { data = { repository = { [connection] = { nodes = nodes, pageInfo = { hasNextPage = more ~= nil, endCursor = more or "end" } } } } } }
end

test.case("the cursor of a page goes into the variables", function(t)
  t.api["POST /graphql"] = {
    page("issues", { { id = "I1", number = 1, updatedAt = "2024-01-01T00:00:00Z", author = { login = "ann" }, labels = { nodes = { { name = "bug" } } } } }, "abc"),
    page("issues", { { id = "I2", number = 2, updatedAt = "2024-01-02T00:00:00Z", author = json.null, assignees = { nodes = { { login = "bob" } } } } }),
  }
  local load = t.run("github_graphql.lua", options("issues"))
  t.equal(load.rows("issues"), {
    { id = "I1", number = 1, updated_at = "2024-01-01T00:00:00Z", author = "ann" },
    { id = "I2", number = 2, updated_at = "2024-01-02T00:00:00Z" },
  })
  t.equal(load.rows("issues__labels"), { { value = "bug" } })
  t.equal(load.rows("issues__assignees"), { { value = "bob" } })
  t.equal(load.requests[1].json.variables, { owner = "acme", name = "app", since = "2008-01-01T00:00:00Z" })
  t.equal(load.requests[2].json.variables, { owner = "acme", name = "app", since = "2008-01-01T00:00:00Z", after = "abc" })
  -- The braces of the query arrive as they were written.
  t.equal(load.requests[1].json.query:match("pageInfo { hasNextPage endCursor }") ~= nil, true)
end)

test.case("errors come with status 200", function(t)
  t.api["POST /graphql"] = { json = { data = json.null, errors = { { type = "NOT_FOUND", message = "Could not resolve to a Repository with the name 'acme/app'." } } } }
  t.fails("GitHub says: Could not resolve to a Repository", function() t.run("github_graphql.lua", options("issues")) end)
end)

test.case("a limit is waited for, and a gateway that is down", function(t)
  t.api["POST /graphql"] = {
    { json = { errors = { { type = "RATE_LIMITED", message = "API rate limit exceeded" } } }, headers = { ["X-RateLimit-Remaining"] = "0" } },
    { status = 502, body = "<html>Bad Gateway</html>" },
    page("issues", json.array {}),
  }
  t.equal(#t.run("github_graphql.lua", options("issues")).requests, 3)
end)

test.case("pull requests are read until the first old one", function(t)
  local function pr(n, day) return { id = "P" .. n, number = n, updatedAt = "2024-01-0" .. day .. "T00:00:00Z" } end
  t.api["POST /graphql"] = { page("pullRequests", { pr(2, 2), pr(1, 1) }) }
  t.run("github_graphql.lua", options("pull_requests"))
  t.api["POST /graphql"] = { page("pullRequests", { pr(3, 3), pr(2, 2), pr(1, 1) }, "more") }
  local load = t.run("github_graphql.lua", options("pull_requests"))
  t.equal(#load.requests, 1)
  t.equal(#load.rows("pull_requests"), 3)
end)
