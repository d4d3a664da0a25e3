-- Tests of jira.lua: restlua test jira_test.lua
local test = require("test")

local function options(...)
  return { config = { jira = { site = "acme" } }, secrets = { jira = { email = "ann@acme.com", token = "t" } }, resources = { ... } }
end

-- What an account in New York sees: two pages of issues.
local function answers(t)
  t.api["GET /rest/api/3/myself"] = { json = { timeZone = "America/New_York" } }
  t.api["GET /rest/api/3/search/jql"] = {
    { json = { nextPageToken = "abc", issues = { { id = "1", key = "WEB-1", fields = {
      summary = "one", updated = "2024-02-01T10:00:00.000-0500",
      description = { type = "doc", content = { { type = "paragraph" } } },
      status = { name = "Done", statusCategory = { key = "done" } },
      assignee = { accountId = "u1", displayName = "Ann" },
      labels = { "a", "b" },
      fixVersions = { { name = "1.0", self = "https://acme.atlassian.net/..." } },
    } } } } },
    { json = { isLast = true, issues = { { id = "2", key = "WEB-2", fields = { summary = "two", updated = "2024-02-01T11:30:00.000-0500" } } } } },
  }
end

test.case("issues follow the token, and their fields become columns", function(t)
  answers(t)
  local load = t.run("jira.lua", options("issues"))
  t.equal(load.rows("issues"), {
    { id = "1", key = "WEB-1", summary = "one", updated = "2024-02-01T15:00:00Z", status = "Done", status_category = "done",
      description = { type = "doc", content = { { type = "paragraph" } } }, assignee = "Ann", assignee_id = "u1" },
    { id = "2", key = "WEB-2", summary = "two", updated = "2024-02-01T16:30:00Z" },
  })
  t.equal(load.rows("issues__fix_versions"), { { value = "1.0" } })
  t.equal(#load.rows("issues__labels"), 2)
  t.equal(load.requests[2].params.jql, 'updated >= "1999-12-31 19:00" ORDER BY updated ASC')
  t.equal(load.requests[2].params.nextPageToken, nil)
  t.equal(load.requests[3].params.jql, load.requests[2].params.jql)
  t.equal(load.requests[3].params.nextPageToken, "abc")
  t.equal(load.requests[1].headers.Authorization, "Basic YW5uQGFjbWUuY29tOnQ=")
end)

test.case("the next run asks in the time zone of the account, five minutes earlier", function(t)
  answers(t)
  t.run("jira.lua", options("issues"))
  answers(t)
  local o = options("issues")
  o.config.jira.jql = "project = WEB OR project = APP"
  local load = t.run("jira.lua", o)
  t.equal(load.requests[2].params.jql, '(project = WEB OR project = APP) AND updated >= "2024-02-01 11:25" ORDER BY updated ASC')
end)

test.case("a wrong token is told of", function(t)
  t.api["GET /rest/api/3/myself"] = { status = 401, body = "Client must be authenticated to access this resource." }
  t.fails("Jira does not know the account: status 401", function() t.run("jira.lua", options("issues")) end)
end)

test.case("comments that were deleted go when their issue changes", function(t)
  answers(t)
  t.api["GET /rest/api/3/issue/1/comment"] = { json = { total = 2, startAt = 0, comments = {
    { id = "11", body = { type = "doc" }, author = { displayName = "Ann" } },
    { id = "12", body = { type = "doc" }, author = { displayName = "Bob" } },
  } } }
  t.api["GET /rest/api/3/issue/2/comment"] = { status = 404, json = { errorMessages = { "Issue does not exist" } } }
  t.run("jira.lua", options("issues", "comments"))
  t.api["GET /rest/api/3/search/jql"] = { json = { isLast = true, issues = { { id = "1", key = "WEB-1", fields = { updated = "2024-02-02T10:00:00.000-0500" } } } } }
  t.api["GET /rest/api/3/issue/1/comment"] = { json = { total = 1, comments = { { id = "12", body = { type = "doc" }, author = { displayName = "Bob" } } } } }
  local load = t.run("jira.lua", options("issues", "comments"))
  t.equal(load.rows("comments"), { { id = "12", body = { type = "doc" }, author = "Bob", _issues_id = "1", _issues_key = "WEB-1" } })
end)

test.case("users are read until a page is empty", function(t)
  t.api["GET /rest/api/3/users/search?startAt=0&maxResults=200"] = { json = { { accountId = "u1", accountType = "atlassian", displayName = "Ann" } } }
  t.api["GET /rest/api/3/users/search?startAt=200&maxResults=200"] = { json = { { accountId = "u2", accountType = "app", displayName = "Bot" } } }
  t.api["GET /rest/api/3/users/search?startAt=400&maxResults=200"] = { body = "[]" }
  local load = t.run("jira.lua", options("users"))
  t.equal(load.rows("users"), { { account_id = "u1", account_type = "atlassian", display_name = "Ann" } })
end)
