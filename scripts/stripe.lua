-- stripe.lua: customers, products, prices, subscriptions, invoices, charges,
-- refunds and balance transactions of a Stripe account.
--
--   restlua run stripe.lua
--
-- Needs the secret stripe.key: a restricted key that may read what is loaded
-- (Developers > API keys), under [stripe] in secrets.toml or in STRIPE__KEY.
--
-- Stripe's lists can be asked for what was created since a time, but not for
-- what was changed. Changes are told by events, which Stripe keeps for 30 days.
-- So the first run reads the lists, and each later one the events since the
-- last; a run that comes more than 30 days later reads the lists again.

local config = require("config")
local http = require("http")
local secrets = require("secrets")
local time = require("time")

local started = time.now().unix -- of this run, whatever the clock says later
local keeps_events = 29 * 86400 -- seconds, a day to spare

-- Lists and events are paged alike: the next page begins behind the last object
-- of this one, as long as has_more is true.
local function pages(events)
  return {
    init_request = function(request, state, ctx)
      local since = ctx.state.since
      if since and since > started - keeps_events then
        request.path = "/v1/events"
        request.params = { type = events, limit = 100, ["created[gte]"] = since }
      end
    end,
    update_state = function(response, records, state)
      state.last = #records > 0 and records[#records].id or nil
      return response.json.has_more and state.last
    end,
    update_request = function(request, state)
      request.params.starting_after = state.last
    end,
  }
end

-- An object holds only the first entries of a list in it; the list says where
-- the others are.
local function entries(list)
  local all = {}
  while list do
    for _, entry in ipairs(list.data) do all[#all + 1] = entry end
    if not list.has_more then break end
    local response = http.get(list.url, { params = { limit = 100, starting_after = all[#all].id } })
    if response.status ~= 200 then error("status " .. response.status .. " for url: " .. response.url) end
    list = response.json
  end
  return all
end

-- Where the next run begins is kept in ctx.state, and written with the rows: pages
-- are asked for ahead of them. Events become visible a little late, hence the
-- minute; what comes twice by that takes its own place.
local function begin(state)
  if state.since ~= started - 60 then
    state.since, state.second, state.seen = started - 60, nil, nil
  end
end

-- An object that changes several times in one second has several events with the
-- same time. The newest comes first.
local function newest(event, state)
  if event.created ~= state.second then state.second, state.seen = event.created, {} end
  local id = event.data.object.id
  local was = state.seen[id]
  state.seen[id] = true
  return not was
end

-- A table of objects of one kind. o.events is the type of the events that tell of
-- them, o.deleted the one that says that an object is gone; o.list names a
-- list inside of each.
local function objects(o)
  return {
    name = o.name,
    endpoint = { path = "v1/" .. o.name, params = o.params, paginator = pages(o.events) },
    columns = {
      created = { data_type = "timestamp" }, -- Stripe counts seconds
      event_created = { data_type = "timestamp", dedup_sort = "desc" }, -- of several changes the last one counts
      deleted = { data_type = "bool", hard_delete = true },
    },
    processing_steps = {
      { map = function(record, ctx)
          begin(ctx.state)
          if record.object == "event" then
            local event = record
            record = event.data.object
            -- customer.* has the events of subscriptions and cards as well.
            if record.object ~= o.object or not newest(event, ctx.state) then return nil end
            record.event_created = event.created
            record.deleted = event.type == o.deleted
          end
          if o.list then record[o.list] = entries(record[o.list]) end
          return record
        end },
    },
  }
end

return {
  name = "stripe",

  client = {
    base_url = config.get("stripe.url", "https://api.stripe.com/"),
    -- There is no header Stripe-Version: events come in the version of the
    -- account, so lists are asked for in that one too.
    auth = { type = "bearer", token = secrets.get("stripe.key") },
    -- Stripe allows 100 requests a second, in test mode 25.
    rate_limit = { requests = 20, per = "1s" },
  },

  resource_defaults = {
    primary_key = "id",
    write_disposition = "merge",
    endpoint = {
      params = { limit = 100 }, -- 10 if nothing is said
      data_selector = "data",
    },
  },

  resources = {
    objects { name = "customers", object = "customer", events = "customer.*", deleted = "customer.deleted" },
    objects { name = "products", object = "product", events = "product.*", deleted = "product.deleted" },
    objects { name = "prices", object = "price", events = "price.*", deleted = "price.deleted" },
    -- A subscription that was cancelled stays an object; the list leaves it out
    -- unless all are asked for.
    objects { name = "subscriptions", object = "subscription", events = "customer.subscription.*", list = "items", params = { status = "all" } },
    objects { name = "invoices", object = "invoice", events = "invoice.*", deleted = "invoice.deleted", list = "lines" },
    objects { name = "charges", object = "charge", events = "charge.*" },
    objects { name = "refunds", object = "refund", events = "refund.*" },
    {
      -- These never change, so what was created since the last run is all that
      -- is new.
      name = "balance_transactions",
      endpoint = {
        path = "v1/balance_transactions",
        paginator = { type = "cursor", cursor_path = "data[-1].id", cursor_param = "starting_after", has_more_path = "has_more" },
        incremental = { cursor_path = "created", start_param = "created[gte]", initial_value = 0 },
      },
    },
  },
}
