-- Tests of hubspot.lua: restlua test hubspot_test.lua
local test = require("test")

local function options(...)
  return { secrets = { hubspot = { token = "pat-1" } }, resources = { ... } }
end

test.case("a search is read by id, and properties become columns", function(t)
  t.api["POST /crm/v3/objects/companies/search"] = {
    { json = { total = 2, paging = { next = { after = "1" } }, results = {
      { id = "7", properties = { hs_object_id = "7", name = "Acme", numberofemployees = "12", annualrevenue = "1000.50" }, createdAt = "2024-01-01T00:00:00Z", updatedAt = "2024-02-01T00:00:00.5Z" },
    } } },
    { json = { total = 1, results = {
      { id = "9", properties = { hs_object_id = "9", name = "Bolt" }, createdAt = "2024-01-02T00:00:00Z", updatedAt = "2024-01-02T00:00:00Z" },
    } } },
  }
  local load = t.run("hubspot.lua", options("companies"))
  t.equal(load.rows("companies"), {
    { id = "7", name = "Acme", numberofemployees = 12, annualrevenue = 1000.50, created_at = "2024-01-01T00:00:00Z", updated_at = "2024-02-01T00:00:00.5Z" },
    { id = "9", name = "Bolt", created_at = "2024-01-02T00:00:00Z", updated_at = "2024-01-02T00:00:00Z" },
  })
  local first, second = load.requests[1].json, load.requests[2].json
  t.equal(first.limit, 200)
  t.equal(first.filterGroups[1].filters, {
    { propertyName = "hs_lastmodifieddate", operator = "GTE", value = 1136073600000 },
    { propertyName = "hs_object_id", operator = "GT", value = "0" },
  })
  t.equal(second.filterGroups[1].filters[2].value, "7")
  t.equal(second.after, nil)
  t.equal(load.requests[1].headers.Authorization, "Bearer pat-1")
end)

test.case("the next run begins five minutes before the last change", function(t)
  t.api["POST /crm/v3/objects/contacts/search"] = { json = { results = {
    { id = "1", properties = { email = "a@example.com" }, updatedAt = "2024-02-01T00:05:00Z" },
  } } }
  t.run("hubspot.lua", options("contacts"))
  local load = t.run("hubspot.lua", options("contacts"))
  t.equal(load.requests[1].json.filterGroups[1].filters[1], { propertyName = "lastmodifieddate", operator = "GTE", value = 1706745600000 })
  t.equal(#load.rows("contacts"), 1)
end)

test.case("what belongs to a deal is asked for many deals at once", function(t)
  t.api["POST /crm/v3/objects/deals/search"] = { json = { results = {
    { id = "1", properties = { amount = "10.00" }, updatedAt = "2024-02-01T00:00:00Z" },
    { id = "2", properties = { amount = "20.00" }, updatedAt = "2024-02-01T00:00:00Z" },
  } } }
  local kind = { { category = "HUBSPOT_DEFINED", typeId = 3 } }
  t.api["POST /crm/v4/associations/deals/contacts/batch/read"] = {
    { json = { results = {
      { from = { id = "1" }, to = { { toObjectId = 101, associationTypes = kind } }, paging = { next = { after = "500" } } },
      { from = { id = "2" }, to = { { toObjectId = 101, associationTypes = kind } } },
    } } },
    { json = { results = { { from = { id = "1" }, to = { { toObjectId = 102, associationTypes = kind } } } } } },
  }
  local load = t.run("hubspot.lua", options("deals", "deal_contacts"))
  t.equal(load.rows("deal_contacts"), { { deal_id = "1", to_id = 101 }, { deal_id = "2", to_id = 101 }, { deal_id = "1", to_id = 102 } })
  t.equal(load.requests[2].json, { inputs = { { id = "1" }, { id = "2" } } })
  t.equal(load.requests[3].json, { inputs = { { id = "1", after = "500" } } })
end)
