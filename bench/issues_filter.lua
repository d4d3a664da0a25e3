-- issues.lua with a filter of two fields on every record; it keeps them all.
local config = require("config")

return {
  name = "bench",
  client = { base_url = config.get("bench.url"), paginator = "header_link" },
  resources = {
    { name = "records", write_disposition = "replace", endpoint = { path = config.get("bench.path") },
      processing_steps = { { filter = function(record) return record.state ~= "deleted" and record.comments >= 0 end } } },
  },
}
