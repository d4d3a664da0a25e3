-- Tests of pokemon.lua: restlua test pokemon_test.lua
local test = require("test")

local function answers(t, berries)
  t.api["GET /pokemon?limit=200"] = { json = { next = "https://pokeapi.co/api/v2/pokemon?offset=1&limit=200", results = { { name = "bulbasaur" } } } }
  t.api["GET /pokemon?offset=1&limit=200"] = { json = { results = { { name = "ivysaur" } } } }
  t.api["GET /berry?limit=200"] = { json = { results = berries } }
  t.api["GET /berry/cheri"] = { json = { id = 1, name = "cheri", size = 20, firmness = { name = "soft", url = "https://pokeapi.co/api/v2/berry-firmness/2/" } } }
end

test.case("pages follow next, and each berry is asked for", function(t)
  answers(t, { { name = "cheri" } })
  local load = t.run("pokemon.lua")
  t.equal(load.rows("pokemon"), { { name = "bulbasaur" }, { name = "ivysaur" } })
  t.equal(load.rows("berry_details"), { { id = 1, name = "cheri", size = 20, firmness = "soft" } })
end)

test.case("every run replaces the tables", function(t)
  answers(t, { { name = "cheri" } })
  t.run("pokemon.lua")
  local load = t.run("pokemon.lua")
  t.equal(load.rows("berry"), { { name = "cheri" } })
end)
