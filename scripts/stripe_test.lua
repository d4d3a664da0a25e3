-- Tests of stripe.lua: restlua test stripe_test.lua
local test = require("test")
local json = require("json")

local function options(more)
  local o = { secrets = { stripe = { key = "rk_test_1" } }, now = "2025-03-01T00:00:00Z" }
  for k, v in pairs(more) do o[k] = v end
  return o
end

local nothing = { json = { object = "list", data = json.array{}, has_more = false } }

test.case("a list is read behind its last object while there is more", function(t)
  t.api["GET /v1/customers?limit=100"] = { json = { has_more = true, data = {
    { id = "cus_2", object = "customer", created = 1740000002, email = "b@example.com" },
    { id = "cus_1", object = "customer", created = 1740000001, email = "a@example.com" },
  } } }
  t.api["GET /v1/customers?limit=100&starting_after=cus_1"] = { json = { has_more = false, data = {
    { id = "cus_0", object = "customer", created = 1740000000 },
  } } }
  local load = t.run("stripe.lua", options { resources = { "customers" } })
  t.equal(load.rows("customers"), {
    { id = "cus_2", object = "customer", created = "2025-02-19T21:20:02Z", email = "b@example.com" },
    { id = "cus_1", object = "customer", created = "2025-02-19T21:20:01Z", email = "a@example.com" },
    { id = "cus_0", object = "customer", created = "2025-02-19T21:20:00Z" },
  })
  t.equal(load.requests[1].headers.Authorization, "Bearer rk_test_1")
end)

test.case("later runs read events: of several the last one counts, and deleted objects go", function(t)
  t.api["GET /v1/customers"] = { json = { has_more = false, data = {
    { id = "cus_1", object = "customer", created = 1740000001, email = "a@example.com" },
    { id = "cus_2", object = "customer", created = 1740000002, email = "b@example.com" },
  } } }
  t.run("stripe.lua", options { resources = { "customers" } })

  t.api = {}
  -- The first run was at 1740787200; events are asked for from a minute before.
  t.api["GET /v1/events?type=customer.*&limit=100&created[gte]=1740787140"] = { json = { has_more = true, data = {
    { id = "evt_4", object = "event", type = "customer.deleted", created = 1740873604, data = { object = { id = "cus_2", object = "customer", created = 1740000002 } } },
    { id = "evt_3", object = "event", type = "customer.updated", created = 1740873603, data = { object = { id = "cus_1", object = "customer", created = 1740000001, email = "new@example.com" } } },
  } } }
  t.api["GET /v1/events?type=customer.*&limit=100&created[gte]=1740787140&starting_after=evt_3"] = { json = { has_more = false, data = {
    { id = "evt_2", object = "event", type = "customer.updated", created = 1740873602, data = { object = { id = "cus_1", object = "customer", created = 1740000001, email = "old@example.com" } } },
    { id = "evt_1", object = "event", type = "customer.subscription.updated", created = 1740873601, data = { object = { id = "sub_1", object = "subscription" } } },
  } } }
  local load = t.run("stripe.lua", options { resources = { "customers" }, now = "2025-03-02T00:00:05Z" })
  t.equal(load.rows("customers"), {
    { id = "cus_1", object = "customer", created = "2025-02-19T21:20:01Z", email = "new@example.com", event_created = "2025-03-02T00:00:03Z", deleted = false },
  })
end)

test.case("of events in one second the first one counts, which is the newest", function(t)
  t.api["GET /v1/charges"] = { json = { has_more = false, data = { { id = "ch_1", object = "charge", created = 1740000001, status = "pending" } } } }
  t.run("stripe.lua", options { resources = { "charges" } })
  local function event(id, status)
    return { id = id, object = "event", type = "charge.updated", created = 1740873601, data = { object = { id = "ch_1", object = "charge", created = 1740000001, status = status } } }
  end
  t.api["GET /v1/events"] = { json = { has_more = false, data = { event("evt_3", "refunded"), event("evt_2", "succeeded"), event("evt_1", "pending") } } }
  for day = 2, 3 do
    local load = t.run("stripe.lua", options { resources = { "charges" }, now = "2025-03-0" .. day .. "T00:00:05Z" })
    t.equal(load.rows("charges")[1].status, "refunded")
    t.equal(#load.rows("charges"), 1)
  end
end)

test.case("events are gone after 30 days, so the list is read again", function(t)
  t.api["GET /v1/refunds?limit=100"] = nothing
  t.run("stripe.lua", options { resources = { "refunds" } })
  local load = t.run("stripe.lua", options { resources = { "refunds" }, now = "2025-04-01T00:00:00Z" })
  t.equal(load.requests[1].path, "/v1/refunds")
end)

test.case("--full-refresh reads the lists again", function(t)
  t.api["GET /v1/refunds?limit=100"] = nothing
  t.run("stripe.lua", options { resources = { "refunds" } })
  local load = t.run("stripe.lua", options { resources = { "refunds" }, full_refresh = true })
  t.equal(load.requests[1].path, "/v1/refunds")
end)

test.case("a long invoice is completed", function(t)
  t.api["GET /v1/invoices?limit=100"] = { json = { has_more = false, data = {
    { id = "in_1", object = "invoice", created = 1740000000, lines = { url = "/v1/invoices/in_1/lines", has_more = true, data = { { id = "il_1", amount = 100 } } } },
  } } }
  t.api["GET /v1/invoices/in_1/lines?limit=100&starting_after=il_1"] = { json = { has_more = false, data = { { id = "il_2", amount = 250 } } } }
  local load = t.run("stripe.lua", options { resources = { "invoices" } })
  t.equal(load.rows("invoices__lines"), { { id = "il_1", amount = 100 }, { id = "il_2", amount = 250 } })
end)

test.case("balance transactions are asked for from the last one on", function(t)
  t.api["GET /v1/balance_transactions"] = { json = { has_more = false, data = { { id = "txn_1", created = 1740000000, net = 970 } } } }
  t.run("stripe.lua", options { resources = { "balance_transactions" } })
  local load = t.run("stripe.lua", options { resources = { "balance_transactions" } })
  t.equal(load.requests[1].params["created[gte]"], "1740000000")
  t.equal(#load.rows("balance_transactions"), 1)
end)
