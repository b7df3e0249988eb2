-- For wrk: creates a session, then sends with its id; every connection's next request takes an id that is waiting, or creates.
local sessions = "/api/v2/conversations/webchat/sessions"
local sendmessage = "/api/v2/conversations/messaging/external/guests/sendmessage"
local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. os.getenv("TOKEN") }
local waiting, create = {}, nil

function init()
  create = wrk.format("POST", sessions, headers, '{"guest":{"name":"Ann","email":"ann@example.com"}}')
end

function request()
  local id = table.remove(waiting)
  if id == nil then return create end
  return wrk.format("POST", sendmessage, headers, '{"webChatSessionId":"' .. id .. '","text":"hello"}')
end

function response(status, _, body)
  if #body < 80 then waiting[#waiting + 1] = string.sub(body, 22, 57) end
end
