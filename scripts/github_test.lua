-- Tests of github.lua: restlua test github_test.lua
local test = require("test")
local json = require("json")

local options = { config = { github = { repository = "acme/app" } } }

-- The two pages of issues, and the comments of each.
local function answers(t)
  t.api["GET /repos/acme/app/issues"] = {
    { json = { { id = 11, number = 1, title = "one", updated_at = "2024-01-01T00:00:00Z" } },
      headers = { Link = '<https://api.github.com/repos/acme/app/issues?page=2>; rel="next"' } },
    { json = { { id = 12, number = 2, title = "two", updated_at = "2024-01-02T00:00:00Z" } } },
  }
  t.api["GET /repos/acme/app/issues/1/comments"] = { json = { { id = 21, body = "first", updated_at = "2024-01-03T00:00:00Z" } } }
  t.api["GET /repos/acme/app/issues/2/comments"] = { status = 404, json = { message = "Not Found" } }
end

test.case("issues follow the Link header, comments know their issue", function(t)
  answers(t)
  local load = t.run("github.lua", options)
  t.equal(#load.rows("issues"), 2)
  t.equal(load.rows("comments"), { { id = 21, body = "first", updated_at = "2024-01-03T00:00:00Z", _issues_number = 1 } })
end)

test.case("the second run asks for what changed", function(t)
  answers(t)
  t.run("github.lua", options)
  t.api = { ["GET /repos/acme/app/issues"] = { json = json.array{} } }
  local load = t.run("github.lua", options)
  t.equal(load.requests[1].params.since, "2024-01-02T00:00:00Z")
  t.equal(#load.rows("issues"), 2)
end)

test.case("a token is sent where there is one", function(t)
  t.api["GET /repos/acme/app/issues"] = { json = json.array{} }
  local load = t.run("github.lua", options)
  t.equal(load.requests[1].headers.Authorization, nil)
  load = t.run("github.lua", { config = options.config, secrets = { github = { token = "ghp_x" } } })
  t.equal(load.requests[1].headers.Authorization, "Bearer ghp_x")
end)
