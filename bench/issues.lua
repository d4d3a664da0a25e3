-- The source that bench measures: pages of records behind Link headers.
local config = require("config")

return {
  name = "bench",
  client = { base_url = config.get("bench.url"), paginator = "header_link" },
  resources = {
    { name = "records", write_disposition = "replace", endpoint = { path = config.get("bench.path") } },
  },
}
