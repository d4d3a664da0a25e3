-- Tests of shopify.lua: restlua test shopify_test.lua
local test = require("test")
local json = require("json")

local function options(...)
  return { config = { shopify = { shop = "acme" } }, secrets = { shopify = { token = "shpat_1" } }, resources = { ... } }
end

local first = "GET /orders.json?limit=250&order=updated_at asc&status=any&updated_at_min="

test.case("pages follow the Link header, without the parameters of the first", function(t)
  t.api[first .. "2006-01-01T00:00:00Z"] = {
    json = { orders = { { id = 1, total_price = "19.90", updated_at = "2024-02-01T05:00:00-05:00", line_items = { { id = 11, quantity = 2 } } } } },
    headers = { Link = '<https://acme.myshopify.com/admin/api/2025-07/orders.json?limit=250&page_info=abc>; rel="next"' },
  }
  t.api["GET /orders.json?limit=250&page_info=abc"] = { json = { orders = { { id = 2, total_price = "5.00", updated_at = "2024-02-01T06:00:00-05:00" } } } }
  local load = t.run("shopify.lua", options("orders"))
  t.equal(load.rows("orders"), {
    { id = 1, total_price = 19.90, updated_at = "2024-02-01T10:00:00Z" },
    { id = 2, total_price = 5.00, updated_at = "2024-02-01T11:00:00Z" },
  })
  t.equal(load.rows("orders__line_items"), { { id = 11, quantity = 2 } })
  t.equal(load.requests[1].headers["X-Shopify-Access-Token"], "shpat_1")
end)

test.case("the next run asks for what changed, a minute earlier", function(t)
  t.api["GET /orders.json"] = { json = { orders = { { id = 1, updated_at = "2024-02-01T05:00:00-05:00" } } } }
  t.run("shopify.lua", options("orders"))
  t.api = { [first .. "2024-02-01T04:59:00-05:00"] = { json = { orders = json.array {} } } }
  t.run("shopify.lua", options("orders"))
end)
