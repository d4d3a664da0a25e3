-- jira.lua: issues of a Jira Cloud site with their comments and work logs, and
-- projects, users and fields.
--
--   restlua run jira.lua --set jira.site=acme
--
-- acme is the site acme.atlassian.net; --set jira.jql="project = WEB" narrows the
-- issues. Needs the secrets jira.email and jira.token, an API token of that
-- account (id.atlassian.com > Security), under [jira] in secrets.toml or in
-- JIRA__EMAIL and JIRA__TOKEN. An issue that is deleted stays in the table: no
-- search finds it.

local config = require("config")
local http = require("http")
local json = require("json")
local secrets = require("secrets")
local text = require("text")
local time = require("time")

local narrowed = config.get("jira.jql", "")

-- Of an issue only these fields are asked for. Custom ones are called
-- customfield_10016; the table fields says what they are.
local fields = config.get("jira.fields",
  "summary,description,status,issuetype,priority,project,parent,assignee,reporter,created,updated,resolution,resolutiondate,duedate,labels,components,fixVersions")

-- Users, states, projects and versions are objects full of icons and links. What
-- a table wants of them is their name.
local function name_of(value)
  if type(value) ~= "table" then return value end
  if #value == 0 then return value.displayName or value.value or value.name or value.key or value end
  local names = json.array {}
  for i, v in ipairs(value) do names[i] = name_of(v) end
  return names
end

-- A table of what hangs at each issue that changed. What was deleted there goes
-- with it: all rows of an issue are replaced.
local function of_issues(name, list, page)
  return {
    name = name,
    endpoint = {
      path = "rest/api/3/issue/{resources.issues.id}/" .. list,
      data_selector = name,
      paginator = { type = "offset", offset_param = "startAt", limit_param = "maxResults", limit = page },
      -- An issue may be gone by now, or moved to where the account sees nothing.
      response_actions = { { status_code = 404, action = "ignore" } },
    },
    include_from_parent = { "id", "key" },
    merge_key = "_issues_id",
    -- The text is a document of nested nodes, and stays one.
    columns = { body = { data_type = "json" }, comment = { data_type = "json" } },
    processing_steps = {
      { map = function(row)
          row.author, row.updateAuthor, row.self = name_of(row.author), name_of(row.updateAuthor), nil
          return row
        end },
    },
  }
end

return {
  name = "jira",

  client = {
    base_url = config.get("jira.url", "https://" .. config.get("jira.site") .. ".atlassian.net/"),
    auth = { type = "http_basic", username = secrets.get("jira.email"), password = secrets.get("jira.token") },
  },

  resource_defaults = { primary_key = "id", write_disposition = "merge" },

  resources = {
    {
      name = "issues",
      endpoint = {
        path = "rest/api/3/search/jql",
        params = { fields = fields, maxResults = 100 },
        data_selector = "issues",
        paginator = {
          -- JQL reads times in the time zone of the account, in whole minutes.
          init_request = function(request, state, ctx)
            local account = http.get("rest/api/3/myself")
            if account.status ~= 200 then error("Jira does not know the account: status " .. account.status .. " for url: " .. account.url) end
            local since = time.parse(ctx.incremental.start_value):in_zone(account.json.timeZone)
            local query = 'updated >= "' .. since:format("%Y-%m-%d %H:%M") .. '" ORDER BY updated ASC'
            if narrowed ~= "" then query = "(" .. narrowed .. ") AND " .. query end
            request.params.jql = query
          end,
          -- The last page has no token.
          update_state = function(response, records, state)
            state.token = response.json.nextPageToken
            return state.token
          end,
          update_request = function(request, state)
            request.params.nextPageToken = state.token
          end,
        },
        incremental = {
          cursor_path = "updated",
          initial_value = config.get("jira.since", "2000-01-01T00:00:00Z"),
          -- The index behind the search is a little late.
          lag = 300,
        },
      },
      columns = { description = { data_type = "json" }, environment = { data_type = "json" } },
      processing_steps = {
        { map = function(issue)
            local row = { id = issue.id, key = issue.key }
            for field, value in pairs(issue.fields) do
              -- A text with format is a document, the others are short.
              row[field] = (field == "description" or field == "environment") and value or name_of(value)
            end
            -- Names change, these do not.
            row.assignee_id = issue.fields.assignee and issue.fields.assignee.accountId
            row.reporter_id = issue.fields.reporter and issue.fields.reporter.accountId
            row.status_category = issue.fields.status and issue.fields.status.statusCategory.key
            row.parent = issue.fields.parent and issue.fields.parent.key
            return row
          end },
      },
    },
    of_issues("comments", "comment", 100),
    of_issues("worklogs", "worklog", 1000),
    {
      name = "projects",
      endpoint = {
        path = "rest/api/3/project/search",
        params = { expand = "lead,description" },
        data_selector = "values",
        paginator = { type = "offset", offset_param = "startAt", limit_param = "maxResults", limit = 50 },
      },
      write_disposition = "replace", -- these lists have no "changed since"
      processing_steps = { { map = function(row) row.avatarUrls = nil; row.lead = row.lead and row.lead.accountId; return row end } },
    },
    {
      name = "users",
      primary_key = "accountId",
      endpoint = {
        path = "rest/api/3/users/search",
        data_selector = "$",
        -- A list without a total. A page may be short, since people are left
        -- out that the account may not see; only an empty one is the end.
        paginator = { type = "offset", offset_param = "startAt", limit_param = "maxResults", limit = 200, total_path = json.null },
      },
      write_disposition = "replace",
      processing_steps = {
        { filter = function(user) return text.starts_with(user.accountType, "atlassian") end }, -- no apps, no customers
        { map = function(user) user.avatarUrls = nil; return user end },
      },
    },
    {
      name = "fields",
      endpoint = { path = "rest/api/3/field", data_selector = "$", paginator = "single_page" },
      write_disposition = "replace",
      max_table_nesting = 0,
    },
  },
}
