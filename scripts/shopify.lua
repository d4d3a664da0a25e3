-- shopify.lua: orders, customers, products and abandoned checkouts of a Shopify
-- shop.
--
--   restlua run shopify.lua --set shopify.shop=acme
--
-- acme is the shop acme.myshopify.com. Needs the secret shopify.token, the Admin API
-- access token of a custom app (Settings > Apps > Develop apps) with the scopes
-- read_orders, read_customers and read_products, under [shopify] in secrets.toml or
-- in SHOPIFY__TOKEN. Orders of more than 60 days ago need read_all_orders too.
--
-- What is deleted stays in the tables: the lists do not tell of it.

local config = require("config")
local secrets = require("secrets")

-- A version of the API is there for a year, then Shopify answers in the oldest
-- one that it still has.
local version = config.get("shopify.version", "2025-07")

-- Amounts come as text with two digits behind the point.
local amount = { data_type = "decimal", precision = 18, scale = 2 }

-- A table of what was changed since the last run.
local function changed(name, params, columns)
  return {
    name = name,
    endpoint = {
      path = name .. ".json",
      params = params,
      data_selector = name,
      incremental = {
        cursor_path = "updated_at",
        start_param = "updated_at_min",
        initial_value = config.get("shopify.since", "2006-01-01T00:00:00Z"),
        lag = 60, -- times are whole seconds, and a row may change twice in one
      },
    },
    columns = columns,
  }
end

return {
  name = "shopify",

  client = {
    base_url = config.get("shopify.url", "https://" .. config.get("shopify.shop") .. ".myshopify.com/") .. "admin/api/" .. version .. "/",
    auth = { type = "api_key", name = "X-Shopify-Access-Token", api_key = secrets.get("shopify.token") },
    -- The next page is a link with page_info, beside which Shopify refuses every
    -- other parameter but limit. Links are followed as they are, so none is there.
    paginator = "header_link",
    -- A bucket of 40 requests, of which 2 a second flow off: the header
    -- X-Shopify-Shop-Api-Call-Limit says how full it is, and the client slows
    -- down by it.
  },

  resource_defaults = {
    primary_key = "id",
    write_disposition = "merge",
    endpoint = { params = { limit = 250, order = "updated_at asc" } }, -- 50 if nothing is said
  },

  resources = {
    -- Only open orders, unless all are asked for.
    changed("orders", { status = "any" }, {
      subtotal_price = amount, total_discounts = amount, total_line_items_price = amount, total_tax = amount, total_price = amount,
      current_subtotal_price = amount, current_total_discounts = amount, current_total_tax = amount, current_total_price = amount,
    }),
    changed("customers", nil, { total_spent = amount }),
    changed("products"),
    changed("checkouts", nil, { subtotal_price = amount, total_price = amount, total_tax = amount }),
  },
}
