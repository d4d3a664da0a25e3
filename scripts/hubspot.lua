-- hubspot.lua: contacts, companies, deals and owners of a HubSpot account, and
-- which contacts and companies belong to a deal.
--
--   restlua run hubspot.lua
--
-- Needs the secret hubspot.token: the access token of a private app with the
-- scopes crm.objects.{contacts,companies,deals,owners}.read, under [hubspot] in
-- secrets.toml or in HUBSPOT__TOKEN.
--
-- What changed is found by the search API. It ends at 10,000 results, so the
-- pages here do not follow its cursor: each asks for what has a greater id than
-- the last object of the page before. It does not find what was deleted, so that
-- stays in the tables.

local config = require("config")
local secrets = require("secrets")
local time = require("time")

-- A search gives the properties that it is asked for, and no others. Add those
-- of your account.
local properties = {
  contacts = { "email", "firstname", "lastname", "phone", "company", "jobtitle", "lifecyclestage", "hs_lead_status", "hubspot_owner_id", "createdate" },
  companies = { "name", "domain", "industry", "city", "country", "numberofemployees", "annualrevenue", "lifecyclestage", "hubspot_owner_id", "createdate" },
  deals = { "dealname", "amount", "deal_currency_code", "dealstage", "pipeline", "closedate", "hs_is_closed_won", "hubspot_owner_id", "createdate" },
}

-- A table of the objects of one type. Only contacts call the time of their last
-- change lastmodifieddate; all others have hs_lastmodifieddate.
local function objects(name, changed, columns)
  return {
    name = name,
    endpoint = {
      path = "crm/v3/objects/" .. name .. "/search",
      method = "POST",
      json = {
        filterGroups = { { filters = {
          { propertyName = changed, operator = "GTE", value = "{incremental.start_value}" },
          { propertyName = "hs_object_id", operator = "GT", value = "0" },
        } } },
        sorts = { { propertyName = "hs_object_id", direction = "ASCENDING" } },
        properties = properties[name],
        limit = 200, -- the most that a search gives; 10 if nothing is said
      },
      data_selector = "results",
      paginator = {
        update_state = function(response, records, state)
          state.last = #records > 0 and records[#records].id or nil
          return response.json.paging and state.last -- without paging this page is the last
        end,
        update_request = function(request, state)
          request.json.filterGroups[1].filters[2].value = state.last
        end,
      },
      incremental = {
        cursor_path = "updatedAt",
        initial_value = config.get("hubspot.since", "2006-01-01T00:00:00Z"),
        -- The filter wants milliseconds.
        convert = function(value) return time.parse(value).unix_ms end,
        -- A change can be found some moments after it was made.
        lag = 300,
      },
    },
    columns = columns,
    processing_steps = {
      -- { id, properties = { email, ... }, updatedAt } becomes { email, ..., id, updatedAt }.
      { map = function(object)
          local row = object.properties
          row.id, row.createdAt, row.updatedAt = object.id, object.createdAt, object.updatedAt
          -- These say the same once more.
          row.hs_object_id, row.createdate, row[changed] = nil, nil, nil
          return row
        end },
    },
  }
end

-- A table of what belongs to a deal. Up to 1,000 deals are asked about at once:
-- the body wants { inputs = { { id = "1" }, { id = "2" } } }. A deal with more
-- than 500 of them says where its rest begins.
local function associations(name, to)
  return {
    name = name,
    batch = 1000,
    merge_key = "deal_id", -- what a deal had before is replaced
    primary_key = { "deal_id", "to_id" },
    endpoint = {
      path = "crm/v4/associations/deals/" .. to .. "/batch/read",
      method = "POST",
      json = { inputs = "{resources.deals.id}" },
      data_selector = "results",
      paginator = {
        init_request = function(request)
          for i, id in ipairs(request.json.inputs) do request.json.inputs[i] = { id = id } end
        end,
        update_state = function(response, records, state)
          state.inputs = {}
          for _, result in ipairs(records) do
            if result.paging then
              state.inputs[#state.inputs + 1] = { id = result.from.id, after = result.paging.next.after }
            end
          end
          return #state.inputs > 0
        end,
        update_request = function(request, state)
          request.json.inputs = state.inputs
        end,
      },
    },
    processing_steps = {
      { yield_map = function(result, emit)
          for _, one in ipairs(result.to) do
            emit { deal_id = result.from.id, to_id = one.toObjectId, types = one.associationTypes }
          end
        end },
    },
  }
end

return {
  name = "hubspot",

  client = {
    base_url = config.get("hubspot.url", "https://api.hubapi.com/"),
    auth = { type = "bearer", token = secrets.get("hubspot.token") },
    -- Searches are limited to 5 a second for the whole account, other requests
    -- to 100 in 10 seconds or more.
    rate_limit = { requests = 4, per = "1s" },
  },

  resource_defaults = { primary_key = "id", write_disposition = "merge" },

  resources = {
    objects("contacts", "lastmodifieddate"),
    -- Every property is text; numbers are declared.
    objects("companies", "hs_lastmodifieddate", {
      numberofemployees = { data_type = "bigint" },
      annualrevenue = { data_type = "decimal", precision = 38, scale = 2 },
    }),
    objects("deals", "hs_lastmodifieddate", { amount = { data_type = "decimal", precision = 38, scale = 2 } }),
    associations("deal_contacts", "contacts"),
    associations("deal_companies", "companies"),
    {
      name = "owners",
      endpoint = {
        path = "crm/v3/owners",
        params = { limit = 100 },
        data_selector = "results",
        paginator = { type = "cursor", cursor_path = "paging.next.after", cursor_param = "after" },
      },
      write_disposition = "replace", -- a short list, without "changed since"
    },
  },
}
