-- Tests of odata.lua: restlua test odata_test.lua
local test = require("test")

local function options(...)
  return { config = { graph = { tenant = "acme.onmicrosoft.com", client_id = "app" } }, secrets = { graph = { client_secret = "s3cret" } }, resources = { ... } }
end

local token = "POST https://login.microsoftonline.com/acme.onmicrosoft.com/oauth2/v2.0/token"
local first = "GET /users/delta?$select=id,displayName,userPrincipalName,mail,jobTitle,department,officeLocation,accountEnabled,createdDateTime"

local function answers(t)
  t.api[token] = { json = { access_token = "eyJ", expires_in = 3599 } }
  t.api[first] = { json = { ["@odata.nextLink"] = "https://graph.microsoft.com/v1.0/users/delta?$skiptoken=abc", value = { { id = "u1", displayName = "Ann" }, { id = "u2", displayName = "Bob" } } } }
  t.api["GET /users/delta?$skiptoken=abc"] = { json = { ["@odata.deltaLink"] = "https://graph.microsoft.com/v1.0/users/delta?$deltatoken=def", value = { { id = "u3", displayName = "Cem" } } } }
end

test.case("pages follow the nextLink, and the next run the deltaLink", function(t)
  answers(t)
  local load = t.run("odata.lua", options("users"))
  t.equal(#load.rows("users"), 3)
  t.equal(load.requests[1].body, "client_id=app&client_secret=s3cret&grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default")
  t.equal(load.requests[2].headers.Authorization, "Bearer eyJ")

  t.api["GET /users/delta?$deltatoken=def"] = { json = { ["@odata.deltaLink"] = "https://graph.microsoft.com/v1.0/users/delta?$deltatoken=ghi", value = {
    { id = "u1", displayName = "Ann-Marie" }, { id = "u2", ["@removed"] = { reason = "changed" } },
  } } }
  load = t.run("odata.lua", options("users"))
  t.equal(#load.requests, 2)
  t.equal(load.rows("users"), { { id = "u3", display_name = "Cem", removed = false }, { id = "u1", display_name = "Ann-Marie", removed = false } })
  t.equal(load.state.users.state.delta, "https://graph.microsoft.com/v1.0/users/delta?$deltatoken=ghi")
end)

test.case("a deltaLink that expired is forgotten", function(t)
  answers(t)
  t.run("odata.lua", options("users"))
  t.api["GET /users/delta?$deltatoken=def"] = { status = 410, json = { error = { code = "syncStateNotFound" } } }
  local load = t.run("odata.lua", options("users"))
  t.equal(#load.rows("users"), 3)
  load = t.run("odata.lua", options("users"))
  t.equal(#load.requests, 3) -- the token and both pages
end)

test.case("who came and who went stands in the record of the group", function(t)
  t.api[token] = { json = { access_token = "eyJ", expires_in = 3599 } }
  t.api["GET /groups/delta?$select=id,members"] = { json = { ["@odata.deltaLink"] = "https://graph.microsoft.com/v1.0/groups/delta?$deltatoken=1", value = {
    { id = "g1", ["members@delta"] = { { ["@odata.type"] = "#microsoft.graph.user", id = "u1" }, { ["@odata.type"] = "#microsoft.graph.user", id = "u2" } } },
    { id = "g2" },
  } } }
  t.run("odata.lua", options("members"))
  t.api["GET /groups/delta?$deltatoken=1"] = { json = { ["@odata.deltaLink"] = "https://graph.microsoft.com/v1.0/groups/delta?$deltatoken=2", value = {
    { id = "g1", ["members@delta"] = { { ["@odata.type"] = "#microsoft.graph.user", id = "u1", ["@removed"] = { reason = "deleted" } } } },
  } } }
  local load = t.run("odata.lua", options("members"))
  t.equal(load.rows("members"), { { group_id = "g1", id = "u2", kind = "#microsoft.graph.user", removed = false } })
end)

test.case("a log is asked for from a quarter of an hour before its last entry", function(t)
  t.api[token] = { json = { access_token = "eyJ", expires_in = 3599 } }
  t.api["GET /auditLogs/signIns"] = { json = { value = { { id = "s1", createdDateTime = "2024-02-01T10:15:00Z", status = { errorCode = 0 } } } } }
  t.run("odata.lua", options("sign_ins"))
  local load = t.run("odata.lua", options("sign_ins"))
  t.equal(load.requests[2].params["$filter"], "createdDateTime ge 2024-02-01T10:00:00Z")
  t.equal(load.rows("sign_ins"), { { id = "s1", created_date_time = "2024-02-01T10:15:00Z", status__error_code = 0 } })
end)
