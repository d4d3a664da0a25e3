-- notion.lua: users, databases, their pages with all properties, and the text of
-- the pages, block by block.
--
--   restlua run notion.lua
--
-- Needs the secret notion.token, that of an internal integration
-- (notion.so/my-integrations), under [notion] in secrets.toml or in NOTION__TOKEN.
-- An integration sees nothing until it is connected to a page or database, in its
-- menu under Connections; what lies below comes with it.
--
-- Every database has a table of its own, pages_<title>. Pages that are put into
-- the trash stay in the tables: Notion does not tell of them.

local config = require("config")
local http = require("http")
local json = require("json")
local secrets = require("secrets")
local text = require("text")

-- All of an endpoint that gives its list page by page; page is the first one,
-- where it is there already.
local function all(path, page)
  local results, cursor = {}, nil
  repeat
    if not page then
      local response = http.get(path, { params = { page_size = 100, start_cursor = cursor } })
      if response.status ~= 200 then error("status " .. response.status .. " for url: " .. response.url) end
      page = response.json
    end
    for _, result in ipairs(page.results) do results[#results + 1] = result end
    cursor, page = page.has_more and page.next_cursor, nil
  until not cursor
  return results
end

local function children(block) return "v1/blocks/" .. block .. "/children" end

-- Text is a list of pieces with a format each; put together without it.
local function plain(pieces)
  local out = ""
  for _, piece in ipairs(pieces or {}) do out = out .. piece.plain_text end
  return out
end

-- What a list of objects says in one field of each.
local function each(list, field)
  local out = json.array {}
  for i, v in ipairs(list) do out[i] = v[field] end
  return out
end

-- What a formula or a rollup came to, which is of one of several types.
local function result(v)
  local value = v[v.type]
  if v.type == "date" then return value and value.start end
  return value
end

-- What a property is in a table, by its type. Types that are not here are one
-- value, and stay as they are: number, checkbox, url, email, created_time, ...
local value_of = {
  title = plain,
  rich_text = plain,
  select = function(v) return v.name end,
  status = function(v) return v.name end,
  multi_select = function(v) return each(v, "name") end,
  people = function(v) return each(v, "id") end,
  files = function(v) return each(v, "name") end, -- their addresses are good for an hour only
  date = function(v) return v.start end,
  formula = result,
  -- A list of what stands in related pages is in their tables.
  rollup = function(v) return v.type ~= "array" and result(v) or nil end,
  created_by = function(v) return v.id end,
  last_edited_by = function(v) return v.id end,
  unique_id = function(v) return (v.prefix and v.prefix .. "-" or "") .. v.number end,
}

local function property(page, p)
  local value = p[p.type]
  if value == nil then return nil end
  if p.type == "relation" then
    if not p.has_more then return each(value, "id") end
    -- A page shows 25 related ones; the others are asked for. Ids of properties
    -- are encoded for that already.
    return each(each(all("v1/pages/" .. page.id .. "/properties/" .. p.id), "relation"), "id")
  end
  local convert = value_of[p.type]
  if convert then return convert(value) end
  return value
end

-- Gives the blocks of a list, each with the blocks inside it behind it.
local function walk(page, parent, blocks, emit)
  for position, block in ipairs(blocks) do
    local content = block[block.type]
    emit {
      id = block.id, page_id = page, parent_id = parent, position = position, type = block.type,
      text = content and plain(content.rich_text), content = content, last_edited_time = block.last_edited_time,
    }
    -- A page inside a page has its own text, and comes by itself if it is in a
    -- database.
    if block.has_children and block.type ~= "child_page" and block.type ~= "child_database" then
      walk(page, block.id, all(children(block.id)), emit)
    end
  end
end

return {
  name = "notion",

  client = {
    base_url = config.get("notion.url", "https://api.notion.com/"),
    auth = { type = "bearer", token = secrets.get("notion.token") },
    -- Without a version Notion refuses to answer.
    headers = { ["Notion-Version"] = "2025-09-03" },
    rate_limit = { requests = 3, per = "1s" },
    -- A list says whether there is more and where it begins. The cursor goes into
    -- the query or, with POST, into the body.
    paginator = { type = "cursor", cursor_path = "next_cursor", cursor_param = "start_cursor", has_more_path = "has_more" },
  },

  resource_defaults = {
    primary_key = "id",
    write_disposition = "merge",
    endpoint = { data_selector = "results" },
  },

  resources = {
    {
      name = "users",
      endpoint = { path = "v1/users", params = { page_size = 100 } },
      write_disposition = "replace",
    },
    {
      -- A database holds one or more data sources, each with properties of its
      -- own; that is what has rows.
      name = "data_sources",
      endpoint = {
        path = "v1/search",
        method = "POST",
        json = { filter = { property = "object", value = "data_source" }, page_size = 100 },
        paginator = { type = "cursor", cursor_path = "next_cursor", cursor_body_path = "start_cursor", has_more_path = "has_more" },
      },
      write_disposition = "replace",
      processing_steps = {
        { map = function(source)
            return {
              id = source.id, title = plain(source.title), database_id = source.parent.database_id, url = source.url,
              created_time = source.created_time, last_edited_time = source.last_edited_time, properties = source.properties,
            }
          end },
      },
      columns = { properties = { data_type = "json" } },
    },
    {
      name = "pages",
      endpoint = {
        path = "v1/data_sources/{resources.data_sources.id}/query",
        method = "POST",
        json = {
          page_size = 100,
          filter = { timestamp = "last_edited_time", last_edited_time = { on_or_after = "{incremental.start_value}" } },
          sorts = { { timestamp = "last_edited_time", direction = "ascending" } },
        },
        paginator = { type = "cursor", cursor_path = "next_cursor", cursor_body_path = "start_cursor", has_more_path = "has_more" },
        incremental = {
          cursor_path = "last_edited_time",
          initial_value = config.get("notion.since", "2010-01-01T00:00:00Z"),
          per_parent = true, -- a database that is connected later begins at its beginning
          lag = 60, -- the time is cut to the minute: a page may change twice in one
        },
      },
      include_from_parent = { "title" },
      table_name = function(page) return "pages_" .. text.slug(page._data_sources_title, "_") end,
      processing_steps = {
        { map = function(page)
            local row = {
              id = page.id, url = page.url, created_time = page.created_time, last_edited_time = page.last_edited_time,
              created_by = page.created_by.id, last_edited_by = page.last_edited_by.id, _data_sources_title = page._data_sources_title,
            }
            for name, p in pairs(page.properties) do
              if row[name] ~= nil then name = name .. " property" end -- "id", "url"
              row[name] = property(page, p)
              if p.type == "date" and p.date then row[name .. " end"] = p.date["end"] end
            end
            return row
          end },
      },
    },
    {
      -- The text of the pages that changed, and of no others.
      name = "blocks",
      endpoint = {
        path = children("{resources.pages.id}"),
        params = { page_size = 100 },
        data_selector = "$", -- the answer is one record, of which walk makes the rows
        paginator = "single_page",
        response_actions = { { status_code = 404, action = "ignore" } }, -- put into the trash meanwhile
      },
      include_from_parent = { "id" },
      merge_key = "page_id", -- blocks that were deleted go
      columns = { content = { data_type = "json" } },
      processing_steps = {
        { yield_map = function(answer, emit)
            local page = answer._pages_id
            walk(page, page, all(children(page), answer), emit)
          end },
      },
    },
  },
}
