-- pokemon.lua: Pokémon and berries from https://pokeapi.co, which needs no key.
--
--   restlua run pokemon.lua

local config = require("config")

return {
  name = "pokemon",

  client = {
    base_url = config.get("pokemon.url", "https://pokeapi.co/api/v2/"),
    -- Each answer holds the address of the next page: {"next": "https://...", "results": [...]}
    paginator = { type = "json_link", next_url_path = "next" },
  },

  resource_defaults = {
    -- The API has no "changed since": every run takes all rows anew.
    write_disposition = "replace",
    endpoint = {
      params = { limit = 200 },
      data_selector = "results",
    },
  },

  resources = {
    "pokemon", -- the same as { name = "pokemon", endpoint = { path = "pokemon" } }
    "berry",
    {
      name = "berry_details",
      primary_key = "id",
      endpoint = {
        -- One request for each berry of the list; the answer is one record, not
        -- a page of them, hence neither selector nor limit.
        path = "berry/{resources.berry.name}",
        data_selector = "$",
        params = { limit = require("json").null },
        paginator = "single_page",
      },
      processing_steps = {
        -- The links between the API's own pages are of no use in a table.
        { map = function(berry)
            berry.item = berry.item and berry.item.name
            berry.firmness = berry.firmness and berry.firmness.name
            berry.natural_gift_type = berry.natural_gift_type and berry.natural_gift_type.name
            return berry
          end },
      },
    },
  },
}
