-- issues.lua with a map of three fields on every record; their values stay, so
-- that the tables are the same.
local config = require("config")

return {
  name = "bench",
  client = { base_url = config.get("bench.url"), paginator = "header_link" },
  resources = {
    { name = "records", write_disposition = "replace", endpoint = { path = config.get("bench.path") },
      processing_steps = { { map = function(record)
        record.title = record.title .. ""
        record.comments = record.comments + 0
        record.user.login = record.user.login:lower()
        return record
      end } } },
  },
}
