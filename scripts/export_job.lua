-- export_job.lua: all users of an Auth0 tenant by an export job, as an example of
-- an API that makes a file on request: start a job, ask until it is done, download.
--
--   restlua run export_job.lua --set auth0.domain=acme.eu.auth0.com --set auth0.client_id=...
--
-- Needs the secret auth0.client_secret of a machine-to-machine application that may
-- use the Management API with the scope read:users, under [auth0] in secrets.toml or
-- in AUTH0__CLIENT_SECRET. The list of users, the other way, ends at 1,000.

local config = require("config")
local http = require("http")
local secrets = require("secrets")

local domain = config.get("auth0.url", "https://" .. config.get("auth0.domain") .. "/")

-- The export holds these fields, and no others.
local fields = {
  { name = "user_id" }, { name = "email" }, { name = "email_verified" }, { name = "name" }, { name = "nickname" },
  { name = "created_at" }, { name = "updated_at" }, { name = "last_login" }, { name = "logins_count" }, { name = "blocked" },
  { name = "identities" }, { name = "app_metadata" }, { name = "user_metadata" },
}

-- What the API answers, unless that is a refusal.
local function ask(request)
  local response = http.request(request)
  if response.status >= 400 then error("the export was refused: " .. (response.json.message or "status " .. response.status)) end
  return response.json
end

return {
  name = "export_job",

  client = {
    base_url = domain .. "api/v2/",
    auth = {
      type = "oauth2_client_credentials",
      access_token_url = domain .. "oauth/token",
      client_id = config.get("auth0.client_id"),
      client_secret = secrets.get("auth0.client_secret"),
      access_token_request_data = { audience = domain .. "api/v2/" },
    },
  },

  resources = {
    {
      -- The job is no table; its one row is where the file is.
      name = "job",
      selected = false,
      rows = function(emit)
        -- "json" means a line for each user.
        local job = ask { method = "POST", url = "jobs/users-exports", json = { format = "json", fields = fields } }
        -- Questions after 2, 4, 8 seconds and so on, later twice a minute.
        local pause = 2
        while job.status == "pending" or job.status == "processing" do
          http.wait(pause)
          pause = math.min(2 * pause, 30)
          job = ask { url = "jobs/" .. job.id }
        end
        if job.status ~= "completed" then error("the export ended as " .. job.status) end
        -- The address is good for a minute, and is used at once.
        emit { file = job.location }
      end,
    },
    {
      name = "users",
      write_disposition = "replace",
      primary_key = "user_id",
      endpoint = {
        path = "{resources.job.file}",
        -- The file lies packed in a storage of Amazon, which wants no token: its
        -- address is signed. It is unpacked and read piece by piece.
        auth = false,
        format = "jsonl",
        paginator = "single_page",
      },
      -- What an application keeps for a user differs from one to the next.
      columns = { app_metadata = { data_type = "json" }, user_metadata = { data_type = "json" } },
    },
  },
}
