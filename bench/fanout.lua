-- The source that bench measures with -data fanout: one request for each parent.
local config = require("config")

return {
  name = "bench",
  client = {
    base_url = config.get("bench.url"),
    paginator = "single_page",
    concurrency = tonumber(config.get("bench.connections")),
  },
  resources = {
    { name = "parents", write_disposition = "replace", endpoint = { path = "parents" } },
    {
      name = "children",
      write_disposition = "replace",
      endpoint = { path = "parents/{resources.parents.id}/children" },
      include_from_parent = { "id" },
    },
  },
}
