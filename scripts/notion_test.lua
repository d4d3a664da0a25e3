-- Tests of notion.lua: restlua test notion_test.lua
local test = require("test")
local json = require("json")

local function options(...)
  return { secrets = { notion = { token = "ntn_1" } }, resources = { ... } }
end

local function piece(text) return { type = "text", plain_text = text } end

local function list(results, more)
  return { json = { object = "list", results = #results > 0 and results or json.array {}, has_more = more ~= nil, next_cursor = more } }
end

local function answers(t)
  t.api["POST /v1/search"] = list { { object = "data_source", id = "ds1", title = { piece("Road "), piece("Map") }, parent = { type = "database_id", database_id = "db1" }, properties = { Name = { type = "title" } } } }
  t.api["POST /v1/data_sources/ds1/query"] = list { { object = "page", id = "p1", created_time = "2024-01-01T00:00:00.000Z", last_edited_time = "2024-02-01T10:00:00.000Z",
    created_by = { id = "u1" }, last_edited_by = { id = "u2" }, properties = {
      Name = { id = "title", type = "title", title = { piece("Ship "), piece("it") } },
      State = { id = "a", type = "status", status = { name = "Doing", color = "blue" } },
      Empty = { id = "b", type = "select", select = json.null },
      Effort = { id = "c", type = "number", number = 3 },
      Due = { id = "d", type = "date", date = { start = "2024-03-01", ["end"] = "2024-03-05" } },
      Tags = { id = "e", type = "multi_select", multi_select = { { name = "x" }, { name = "y" } } },
      Late = { id = "i", type = "formula", formula = { type = "boolean", boolean = false } },
      Next = { id = "j", type = "rollup", rollup = { type = "date", date = { start = "2024-04-01" } } },
      Names = { id = "k", type = "rollup", rollup = { type = "array", array = { { type = "title" } } } },
      id = { id = "l", type = "number", number = 7 },
      Total = { id = "f", type = "formula", formula = { type = "number", number = 6 } },
      Ref = { id = "g", type = "unique_id", unique_id = { prefix = "RM", number = 12 } },
      Tasks = { id = "h%3A", type = "relation", relation = { { id = "t1" } }, has_more = true },
    } } }
  t.api["GET /v1/pages/p1/properties/h%3A"] = list { { object = "property_item", type = "relation", relation = { id = "t1" } }, { object = "property_item", type = "relation", relation = { id = "t2" } } }
  t.api["GET /v1/blocks/p1/children"] = list { { id = "b1", type = "toggle", has_children = true, toggle = { rich_text = { piece("more") } } }, { id = "b2", type = "child_page", has_children = true, child_page = { title = "other" } } }
  t.api["GET /v1/blocks/b1/children?page_size=100"] = list({ { id = "b3", type = "to_do", to_do = { rich_text = { piece("buy "), piece("milk") }, checked = true } } }, "c2")
  t.api["GET /v1/blocks/b1/children?page_size=100&start_cursor=c2"] = list { { id = "b4", type = "divider", divider = {} } }
end

test.case("properties become columns of a table for each database", function(t)
  answers(t)
  local load = t.run("notion.lua", options("data_sources", "pages"))
  t.equal(load.rows("pages_road_map"), { {
    id = "p1", created_time = "2024-01-01T00:00:00Z", last_edited_time = "2024-02-01T10:00:00Z", created_by = "u1", last_edited_by = "u2", _data_sources_title = "Road Map",
    name = "Ship it", state = "Doing", effort = 3, due = "2024-03-01", due_end = "2024-03-05", total = 6, ref = "RM-12", late = false, id_property = 7, ["next"] = "2024-04-01",
  } })
  t.equal(load.rows("pages_road_map__tasks"), { { value = "t1" }, { value = "t2" } })
  t.equal(load.requests[1].headers["Notion-Version"], "2025-09-03")
  t.equal(load.requests[1].headers.Authorization, "Bearer ntn_1")
end)

test.case("each database goes on where it was, a minute earlier", function(t)
  answers(t)
  t.run("notion.lua", options("data_sources", "pages"))
  local load = t.run("notion.lua", options("data_sources", "pages"))
  t.equal(load.requests[2].json.filter.last_edited_time, { on_or_after = "2024-02-01T09:59:00.000000Z" })
end)

test.case("blocks are read with the blocks in them", function(t)
  answers(t)
  local load = t.run("notion.lua", options("data_sources", "pages", "blocks"))
  local rows = load.rows("blocks")
  for _, row in ipairs(rows) do row.content = nil end
  t.equal(rows, {
    { id = "b1", page_id = "p1", parent_id = "p1", position = 1, type = "toggle", text = "more" },
    { id = "b3", page_id = "p1", parent_id = "b1", position = 1, type = "to_do", text = "buy milk" },
    { id = "b4", page_id = "p1", parent_id = "b1", position = 2, type = "divider", text = "" },
    { id = "b2", page_id = "p1", parent_id = "p1", position = 2, type = "child_page", text = "" },
  })
end)
