-- slack.lua: users, channels, messages and the replies in threads.
--
--   restlua run slack.lua
--
-- Needs the secret slack.token, the bot token of an app that was made for this
-- workspace, under [slack] in secrets.toml or in SLACK__TOKEN. Its scopes:
-- users:read, channels:read, channels:history, and groups:read, groups:history for
-- private channels. A bot reads only channels that it was invited to.
--
-- A message that was edited or deleted later than slack.edit_days after it was
-- sent is not seen again, nor is a reply in a thread older than slack.thread_days.

local config = require("config")
local secrets = require("secrets")
local time = require("time")

local edit_days = config.get("slack.edit_days", 2)
local thread_days = config.get("slack.thread_days", 30)

-- The history of a channel is read whole the first time, and from some days back
-- later. Messages are found by when they were sent, whatever came of them since.
local function history(days)
  return {
    init_request = function(request, state, ctx)
      if ctx.state[request.params.channel] then request.params.oldest = time.now().unix - days * 86400 end
    end,
    -- An empty cursor is the end.
    update_state = function(response, records, state)
      local cursor = response.json.response_metadata and response.json.response_metadata.next_cursor
      state.cursor = cursor ~= "" and cursor or nil
      return state.cursor
    end,
    update_request = function(request, state)
      request.params.cursor = state.cursor
    end,
  }
end

-- Notes that a channel was read. It is a step, and the first: what is noted is kept
-- with the rows, while pages are asked for ahead of them.
local function read(m, ctx)
  ctx.state[m._channels_id] = true
  return true
end

-- A message as a row. ts is a time, and with the channel the message's name: text,
-- since no digit of it may be lost.
local function message(m, channel)
  return {
    channel_id = channel, ts = m.ts, sent_at = time.from_unix(tonumber(m.ts)).iso,
    type = m.type, subtype = m.subtype, user = m.user, bot_id = m.bot_id, text = m.text,
    thread_ts = m.thread_ts, reply_count = m.reply_count, latest_reply = m.latest_reply,
    edited_ts = m.edited and m.edited.ts, reactions = m.reactions, files = m.files, blocks = m.blocks,
  }
end

-- What is wrong with an answer, in Slack's word; nil if nothing is. An answer that
-- is no JSON comes from something in between, and its status says what to do.
local function failure(response)
  local answer = response.json
  if answer and not answer.ok then return answer.error end
end

return {
  name = "slack",

  client = {
    base_url = config.get("slack.url", "https://slack.com/api/"),
    auth = { type = "bearer", token = secrets.get("slack.token") },
    paginator = { type = "cursor", cursor_path = "response_metadata.next_cursor", cursor_param = "cursor" },
    -- Slack allows 20 or 50 requests a minute, by method, and says with 429 and
    -- Retry-After when it goes on. The client keeps that by itself.
  },

  resource_defaults = {
    write_disposition = "merge",
    primary_key = "id",
    endpoint = {
      params = { limit = 200 },
      -- Failures come with status 200 and { ok = false, error = "..." }.
      response_actions = {
        { when = function(response) return failure(response) == "ratelimited" end, action = "retry" },
        { when = function(response) return failure(response) == "not_in_channel" end, action = "ignore" },
        { when = failure, action = "fail", message = "Slack says {json.error} (needed: {json.needed})" },
      },
    },
  },

  resources = {
    {
      name = "users",
      endpoint = { path = "users.list", data_selector = "members" },
    },
    {
      name = "channels",
      endpoint = {
        path = "conversations.list",
        params = { types = "public_channel,private_channel" },
        data_selector = "channels",
      },
    },
    {
      name = "messages",
      primary_key = { "channel_id", "ts" },
      endpoint = {
        path = "conversations.history",
        params = { channel = "{resources.channels.id}" },
        data_selector = "messages",
        paginator = history(edit_days),
      },
      include_from_parent = { "id" },
      columns = { blocks = { data_type = "json" } },
      processing_steps = {
        { filter = read },
        { map = function(m) return message(m, m._channels_id) end },
      },
    },
    {
      -- Replies are not in the history. A thread is asked for when its latest
      -- reply is later than what was seen in its channel; this is no table.
      name = "threads",
      selected = false,
      primary_key = { "channel_id", "ts" },
      endpoint = {
        path = "conversations.history",
        params = { channel = "{resources.channels.id}" },
        data_selector = "messages",
        paginator = history(thread_days),
        incremental = { cursor_path = "latest_reply", initial_value = "0", per_parent = true },
      },
      include_from_parent = { "id" },
      processing_steps = {
        { filter = read },
        { filter = function(m) return m.latest_reply ~= nil end },
        { map = function(m) return { channel_id = m._channels_id, ts = m.ts, latest_reply = m.latest_reply } end },
      },
    },
    {
      name = "replies",
      primary_key = { "channel_id", "ts" },
      endpoint = {
        path = "conversations.replies",
        params = { channel = "{resources.threads.channel_id}", ts = "{resources.threads.ts}" },
        data_selector = "messages",
      },
      include_from_parent = { "channel_id" },
      columns = { blocks = { data_type = "json" } },
      processing_steps = {
        { filter = function(m) return m.ts ~= m.thread_ts end }, -- each page begins with the message itself
        { map = function(m) return message(m, m._threads_channel_id) end },
      },
    },
  },
}
