-- Tests of slack.lua: restlua test slack_test.lua
local test = require("test")
local json = require("json")

local function options(now, ...)
  return { secrets = { slack = { token = "xoxb-1" } }, now = now, resources = select("#", ...) > 0 and { ... } or nil }
end

local general = { json = { ok = true, channels = { { id = "C1", name = "general" } }, response_metadata = { next_cursor = "" } } }

test.case("pages follow the cursor, and an empty one ends them", function(t)
  t.api["GET /users.list?limit=200"] = { json = { ok = true, members = { { id = "U1", name = "ann" } }, response_metadata = { next_cursor = "dXNlcjpVMDYx" } } }
  t.api["GET /users.list?limit=200&cursor=dXNlcjpVMDYx"] = { json = { ok = true, members = { { id = "U2", name = "bob" } }, response_metadata = { next_cursor = "" } } }
  local load = t.run("slack.lua", options(nil, "users"))
  t.equal(load.rows("users"), { { id = "U1", name = "ann" }, { id = "U2", name = "bob" } })
  t.equal(load.requests[1].headers.Authorization, "Bearer xoxb-1")
end)

test.case("ok = false is a failure in Slack's words", function(t)
  t.api["GET /users.list"] = { json = { ok = false, error = "missing_scope", needed = "users:read" } }
  t.fails("Slack says missing_scope (needed: users:read)", function() t.run("slack.lua", options(nil, "users")) end)
end)

test.case("a limit is waited for, in both ways that it is told, and a gateway that is down", function(t)
  t.api["GET /users.list"] = {
    { status = 429, headers = { ["Retry-After"] = "30" }, json = { ok = false, error = "ratelimited" } },
    { json = { ok = false, error = "ratelimited" } },
    { status = 502, body = "<html>Bad Gateway</html>" },
    { json = { ok = true, members = { { id = "U1" } } } },
  }
  local load = t.run("slack.lua", options(nil, "users"))
  t.equal(#load.requests, 4)
  t.equal(#load.rows("users"), 1)
end)

test.case("messages are read from some days back, replies where there are new ones", function(t)
  t.api["GET /conversations.list"] = general
  t.api["GET /conversations.history?limit=200&channel=C1"] = { json = { ok = true, messages = {
    { type = "message", user = "U1", text = "who?", ts = "1740787200.000100", thread_ts = "1740787200.000100", reply_count = 1, latest_reply = "1740787300.000200" },
    { type = "message", user = "U2", text = "hello", ts = "1740787100.000100" },
  } } }
  t.api["GET /conversations.replies?limit=200&channel=C1&ts=1740787200.000100"] = { json = { ok = true, messages = {
    { type = "message", user = "U1", text = "who?", ts = "1740787200.000100", thread_ts = "1740787200.000100", reply_count = 1 },
    { type = "message", user = "U2", text = "me", ts = "1740787300.000200", thread_ts = "1740787200.000100" },
  } } }
  t.api["GET /users.list"] = { json = { ok = true, members = json.array {} } }
  local load = t.run("slack.lua", options("2025-03-01T12:00:00Z"))
  t.equal(load.rows("messages")[2], { channel_id = "C1", ts = "1740787100.000100", sent_at = "2025-02-28T23:58:20.0001Z", type = "message", user = "U2", text = "hello" })
  t.equal(#load.rows("messages"), 2)
  t.equal(load.rows("replies"), { { channel_id = "C1", ts = "1740787300.000200", thread_ts = "1740787200.000100", sent_at = "2025-03-01T00:01:40.0002Z", type = "message", user = "U2", text = "me" } })

  -- The next day: nothing new in the thread, so its replies are not asked for.
  local history = t.api["GET /conversations.history?limit=200&channel=C1"]
  t.api = { ["GET /conversations.list"] = general,
    ["GET /conversations.history?limit=200&channel=C1&oldest=1740744000"] = history, -- 2 days back
    ["GET /conversations.history?limit=200&channel=C1&oldest=1738324800"] = history } -- 30 days back
  load = t.run("slack.lua", options("2025-03-02T12:00:00Z", "channels", "messages", "threads", "replies"))
  t.equal(#load.requests, 3)
  t.equal(#load.rows("messages"), 2)
end)

test.case("a channel is read from its beginning when the bot was invited", function(t)
  t.api["GET /conversations.list"] = general
  t.api["GET /conversations.history"] = { json = { ok = false, error = "not_in_channel" } }
  local load = t.run("slack.lua", options(nil, "channels", "messages"))
  t.equal(load.rows("messages"), json.array {})
  t.api["GET /conversations.history"] = { json = { ok = true, messages = { { type = "message", text = "hello", ts = "1740787100.000100" } } } }
  load = t.run("slack.lua", options(nil, "channels", "messages"))
  t.equal(load.requests[2].params.oldest, nil)
  t.equal(#load.rows("messages"), 1)
end)
