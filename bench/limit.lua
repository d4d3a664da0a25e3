-- A fan-out against an API with a rate limit that the script does not state.
local config = require("config")

return {
  name = "bench",
  client = { base_url = config.get("bench.url"), paginator = "single_page" },
  resources = {
    { name = "parents", selected = false },
    { name = "children", endpoint = { path = "parents/{resources.parents.id}" } },
  },
}
