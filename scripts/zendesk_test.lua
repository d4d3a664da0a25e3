-- Tests of zendesk.lua: restlua test zendesk_test.lua
local test = require("test")
local json = require("json")

local function options(...)
  return { config = { zendesk = { subdomain = "acme", since = "2024-01-01" } }, secrets = { zendesk = { email = "ann@acme.com", token = "t" } }, resources = { ... } }
end

test.case("an export is read to the end of its stream", function(t)
  t.api["GET /api/v2/incremental/tickets/cursor?per_page=1000&start_time=1704067200"] = { json = {
    tickets = { { id = 1, subject = "one", generated_timestamp = 1704070000, fields = { { id = 9, value = "x" } }, custom_fields = { { id = 9, value = "x" } } } },
    after_cursor = "abc", after_url = "https://acme.zendesk.com/api/v2/incremental/tickets/cursor.json?cursor=abc&per_page=1000", end_of_stream = false,
  } }
  t.api["GET /api/v2/incremental/tickets/cursor?cursor=abc&per_page=1000"] = { json = {
    tickets = { { id = 2, subject = "two", status = "deleted", generated_timestamp = 1704080000 } },
    after_cursor = "def", after_url = "https://acme.zendesk.com/api/v2/incremental/tickets/cursor.json?cursor=def&per_page=1000", end_of_stream = true,
  } }
  local load = t.run("zendesk.lua", options("tickets"))
  t.equal(load.rows("tickets"), {
    { id = 1, subject = "one", generated_timestamp = 1704070000 },
    { id = 2, subject = "two", status = "deleted", generated_timestamp = 1704080000 },
  })
  t.equal(load.rows("tickets__custom_fields"), { { id = 9, value = "x" } })
  t.equal(load.requests[1].headers.Authorization, "Basic YW5uQGFjbWUuY29tL3Rva2VuOnQ=")
end)

test.case("the next export begins two minutes earlier", function(t)
  t.api["GET /api/v2/incremental/users/cursor"] = { json = { users = { { id = 1, name = "Ann", updated_at = "2024-02-01T00:02:00Z" } }, after_url = "x", end_of_stream = true } }
  t.run("zendesk.lua", options("users"))
  local load = t.run("zendesk.lua", options("users"))
  t.equal(load.requests[1].params.start_time, "1706745600")
  t.equal(#load.rows("users"), 1)
end)

test.case("comments are among the events of tickets", function(t)
  t.api["GET /api/v2/incremental/ticket_events?include=comment_events&per_page=1000&start_time=1704067200"] = { json = { end_of_stream = false, end_time = 1704070000, ticket_events = {
    { id = 100, ticket_id = 1, timestamp = 1704070000, created_at = "2024-01-01T00:46:40Z", via = "Web form", child_events = {
      { id = 101, event_type = "Comment", author_id = 7, public = true, body = "help" },
      { id = 102, event_type = "Change", status = "open" },
    } },
  } } }
  t.api["GET /api/v2/incremental/ticket_events?include=comment_events&per_page=1000&start_time=1704070000"] = { json = { end_of_stream = true, end_time = 1704070000, ticket_events = json.array {} } }
  local load = t.run("zendesk.lua", options("comments"))
  t.equal(load.rows("comments"), { { id = 101, ticket_id = 1, author_id = 7, public = true, body = "help", created_at = "2024-01-01T00:46:40Z", timestamp = 1704070000 } })
end)

test.case("lists follow the cursor while there is more", function(t)
  t.api["GET /api/v2/groups?page[size]=100"] = { json = { groups = { { id = 1 } }, meta = { has_more = true, after_cursor = "a1" } } }
  t.api["GET /api/v2/groups?page[size]=100&page[after]=a1"] = { json = { groups = { { id = 2 } }, meta = { has_more = false, after_cursor = "a2" } } }
  local load = t.run("zendesk.lua", options("groups"))
  t.equal(load.rows("groups"), { { id = 1 }, { id = 2 } })
end)
