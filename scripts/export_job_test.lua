-- Tests of export_job.lua: restlua test export_job_test.lua
local test = require("test")

local options = { config = { auth0 = { domain = "acme.eu.auth0.com", client_id = "app" } }, secrets = { auth0 = { client_secret = "s3cret" } } }
local file = "https://export.s3.example/acme.json.gz?signature=abc"

local function answers(t, states)
  t.api["POST https://acme.eu.auth0.com/oauth/token"] = { json = { access_token = "eyJ", expires_in = 86400 } }
  t.api["POST /jobs/users-exports"] = { json = { id = "job_1", status = "pending", type = "users_export" } }
  t.api["GET /jobs/job_1"] = states
end

test.case("the job is asked about until it is done, then the file is read", function(t)
  answers(t, {
    { json = { id = "job_1", status = "processing" } },
    { json = { id = "job_1", status = "completed", location = file } },
  })
  t.api["GET " .. file] = { body = '{"user_id":"auth0|1","email":"ann@example.com","app_metadata":{"plan":"pro"}}\n{"user_id":"auth0|2","email":"bob@example.com"}\n' }
  local load = t.run("export_job.lua", options)
  t.equal(load.rows("users"), {
    { user_id = "auth0|1", email = "ann@example.com", app_metadata = { plan = "pro" } },
    { user_id = "auth0|2", email = "bob@example.com" },
  })
  t.equal(load.requests[1].body, "client_id=app&client_secret=s3cret&grant_type=client_credentials&audience=https%3A%2F%2Facme.eu.auth0.com%2Fapi%2Fv2%2F")
  t.equal(load.requests[2].json.format, "json")
  t.equal(load.requests[2].headers.Authorization, "Bearer eyJ")
  t.equal(load.requests[5].headers.Authorization, nil)
  t.equal(load.warnings, {})
end)

test.case("a job that fails ends the load", function(t)
  answers(t, { json = { id = "job_1", status = "failed" } })
  t.fails("the export ended as failed", function() t.run("export_job.lua", options) end)
end)

test.case("a refusal is told in the words of the API", function(t)
  answers(t, {})
  t.api["POST /jobs/users-exports"] = { status = 403, json = { message = "Insufficient scope, expected any of: read:users" } }
  t.api["GET /jobs/job_1"] = nil
  t.fails("the export was refused: Insufficient scope", function() t.run("export_job.lua", options) end)
end)
