-- zendesk.lua: tickets, their comments, users, organizations and groups of a
-- Zendesk account.
--
--   restlua run zendesk.lua --set zendesk.subdomain=acme
--
-- acme is the account acme.zendesk.com. Needs the secrets zendesk.email and
-- zendesk.token, an administrator and an API token (Admin Center > Apps and
-- integrations > APIs), under [zendesk] in secrets.toml or in ZENDESK__EMAIL and
-- ZENDESK__TOKEN.
--
-- Tickets, comments and users come from the incremental exports: up to 1,000 rows
-- with one request, those that were deleted too (status "deleted"). Search would
-- end at 1,000 results.

local config = require("config")
local secrets = require("secrets")
local time = require("time")

local since = time.parse(config.get("zendesk.since", "2008-01-01"))

-- An export always gives the place where it goes on, at the end of the stream too,
-- for the next time; whether more is there now is said apart. Some give a cursor
-- for it, the older ones the time of their last row.
local function stream(request, response)
  local page = response.json
  if page.end_of_stream then return nil end
  if page.after_cursor then
    request.params.cursor, request.params.start_time = page.after_cursor, nil
  else
    request.params.start_time = page.end_time
  end
  return request
end

-- The newest minute is not exported, and a start in it is refused. Two minutes
-- back is always allowed, and loses nothing.
local lag = 120

-- Where an older export goes on at a time, the rows of that second come again.
-- They come in the order of their time, so those of the last second are enough to
-- know them by. ctx.state is kept with the position of a run that is interrupted;
-- a variable would be lost.
local function again(event, state)
  if event.timestamp ~= state.second then state.second, state.seen = event.timestamp, {} end
  local id = tostring(event.id)
  local was = state.seen[id]
  state.seen[id] = true
  return was
end

return {
  name = "zendesk",

  client = {
    base_url = config.get("zendesk.url", "https://" .. config.get("zendesk.subdomain") .. ".zendesk.com/"),
    -- "/token" says that the password is a token.
    auth = { type = "http_basic", username = secrets.get("zendesk.email") .. "/token", password = secrets.get("zendesk.token") },
    -- Exports are limited to 10 requests a minute; the other limits are far away.
    rate_limit = { requests = 10, per = "1m" },
    paginator = { type = "cursor", cursor_path = "meta.after_cursor", cursor_param = "page[after]", has_more_path = "meta.has_more" },
  },

  resource_defaults = { primary_key = "id", write_disposition = "merge" },

  resources = {
    {
      name = "tickets",
      endpoint = {
        path = "api/v2/incremental/tickets/cursor",
        params = { per_page = 1000 },
        data_selector = "tickets",
        paginator = stream,
        incremental = {
          -- When the ticket changed for the export, in seconds. updated_at is not
          -- touched by changes that the system makes.
          cursor_path = "generated_timestamp", start_param = "start_time", initial_value = since.unix, lag = lag,
        },
      },
      processing_steps = { { map = function(ticket) ticket.fields = nil; return ticket end } }, -- custom_fields once more
    },
    {
      name = "comments",
      endpoint = {
        path = "api/v2/incremental/ticket_events",
        params = { include = "comment_events", per_page = 1000 },
        data_selector = "ticket_events",
        paginator = stream,
        incremental = { cursor_path = "timestamp", start_param = "start_time", initial_value = since.unix, lag = lag },
      },
      processing_steps = {
        { filter = function(event, ctx) return not again(event, ctx.state) end },
        { yield_map = function(event, emit)
            for _, child in ipairs(event.child_events) do
              if child.event_type == "Comment" then
                emit {
                  id = child.id, ticket_id = event.ticket_id, author_id = child.author_id, public = child.public,
                  body = child.body, attachments = child.attachments, created_at = event.created_at, timestamp = event.timestamp,
                }
              end
            end
          end },
      },
    },
    {
      name = "users",
      endpoint = {
        path = "api/v2/incremental/users/cursor",
        params = { per_page = 1000 },
        data_selector = "users",
        paginator = stream,
        incremental = {
          cursor_path = "updated_at", start_param = "start_time", initial_value = since.iso, lag = lag,
          convert = function(value) return time.parse(value).unix end,
        },
      },
      processing_steps = { { map = function(user) user.photo = nil; return user end } },
    },
    -- Short lists, read whole each time.
    {
      name = "organizations",
      endpoint = { path = "api/v2/organizations", params = { ["page[size]"] = 100 }, data_selector = "organizations" },
      write_disposition = "replace",
    },
    {
      name = "groups",
      endpoint = { path = "api/v2/groups", params = { ["page[size]"] = 100 }, data_selector = "groups" },
      write_disposition = "replace",
    },
  },
}
