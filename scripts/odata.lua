-- odata.lua: users, groups, their members, and sign-ins of a Microsoft Entra
-- directory, from Microsoft Graph, an API by the rules of OData.
--
--   restlua run odata.lua --set graph.tenant=acme.onmicrosoft.com --set graph.client_id=11111111-...
--
-- Needs the secret graph.client_secret of an app registration with the application
-- permissions User.Read.All, GroupMember.Read.All and AuditLog.Read.All, under [graph]
-- in secrets.toml or in GRAPH__CLIENT_SECRET. Sign-ins need a P1 licence:
-- without one add --resource users --resource groups --resource members.
--
-- What is OData here, and the same in other APIs of that kind (Dynamics, SAP, ...):
-- records stand in "value", the address of the next page in "@odata.nextLink",
-- and $select, $filter, $top and $orderby say what is wanted.

local config = require("config")
local secrets = require("secrets")

local tenant = config.get("graph.tenant")

-- Entra tells what changed since a run: the last page of a list holds a deltaLink
-- in place of a nextLink, and the next run begins there. Both are whole addresses
-- in which all parameters stand already.
local delta = {
  init_request = function(request, state, ctx)
    if ctx.state.delta then request.url, request.params = ctx.state.delta, {} end
  end,
  update_state = function(response, records, state)
    state.next = response.json["@odata.nextLink"]
    return state.next
  end,
  update_request = function(request, state)
    request.url, request.params = state.next, {}
  end,
}

-- A deltaLink is good for some days, for users for seven. Later it is answered
-- with 410: then it is forgotten, and the next run reads everything.
local function expired(response, ctx)
  ctx.state.delta = nil
  ctx.log.warn("the directory does not know any more what was changed since the last run; the next run reads everything")
  return "ignore"
end

-- A table that follows the changes of a list. rows makes rows of each object in it;
-- those that are marked as removed leave the table.
local function changes(name, key, list, select, rows)
  return {
    name = name,
    primary_key = key,
    write_disposition = "merge",
    endpoint = {
      path = list .. "/delta",
      params = { ["$select"] = select },
      -- The page is the record: beside its objects a step sees the deltaLink.
      data_selector = "$",
      paginator = delta,
      response_actions = { { status_code = 410, action = expired } },
    },
    columns = { removed = { data_type = "bool", hard_delete = true } },
    processing_steps = {
      { yield_map = function(page, emit, ctx)
          for _, object in ipairs(page.value) do rows(object, emit) end
          ctx.state.delta = page["@odata.deltaLink"] or ctx.state.delta
        end },
    },
  }
end

-- What was removed comes with its id alone, and "@removed", which says why.
local function itself(object, emit)
  object.removed, object["@removed"] = object["@removed"] ~= nil, nil
  emit(object)
end

-- Who came into a group and who left it stands in the group's object.
local function members(group, emit)
  for _, member in ipairs(group["members@delta"] or {}) do
    emit { group_id = group.id, id = member.id, kind = member["@odata.type"], removed = member["@removed"] ~= nil }
  end
end

return {
  name = "odata",

  client = {
    base_url = config.get("graph.url", "https://graph.microsoft.com/") .. "v1.0/",
    auth = {
      type = "oauth2_client_credentials",
      access_token_url = config.get("graph.login_url", "https://login.microsoftonline.com/") .. tenant .. "/oauth2/v2.0/token",
      client_id = config.get("graph.client_id"),
      client_secret = secrets.get("graph.client_secret"),
      scopes = "https://graph.microsoft.com/.default",
    },
    -- A dot in a name means a step in a path, so the name is quoted.
    paginator = { type = "json_link", next_url_path = "['@odata.nextLink']" },
  },

  resource_defaults = {
    primary_key = "id",
    endpoint = { data_selector = "value" },
  },

  resources = {
    changes("users", "id", "users", "id,displayName,userPrincipalName,mail,jobTitle,department,officeLocation,accountEnabled,createdDateTime", itself),
    changes("groups", "id", "groups", "id,displayName,description,mail,securityEnabled,groupTypes,createdDateTime", itself),
    -- The members of a group that was removed stay behind; a join with groups
    -- drops them.
    changes("members", { "group_id", "id" }, "groups", "id,members", members),
    {
      -- A log: rows are added and never change, so the filter asks for later ones.
      name = "sign_ins",
      write_disposition = "merge",
      endpoint = {
        path = "auditLogs/signIns",
        params = {
          ["$filter"] = "createdDateTime ge {incremental.start_value}",
          ["$orderby"] = "createdDateTime asc",
          ["$top"] = 1000,
        },
        -- Entra keeps 30 days. Entries may appear some minutes late.
        incremental = { cursor_path = "createdDateTime", initial_value = config.get("graph.since", "2020-01-01T00:00:00Z"), lag = 900 },
      },
    },
  },
}
