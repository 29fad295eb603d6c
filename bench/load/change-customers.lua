-- Changes the names of customers, whose ids stand in the file IDS, at random.
local ids = {}
for id in io.lines(os.getenv("IDS")) do
  ids[#ids + 1] = id
end
math.randomseed(tonumber(os.getenv("SEED") or "0"))

local head = "PATCH /accounts/customers/%s HTTP/1.1\r\nHost: localhost\r\n"
  .. "Content-Type: application/merge-patch+json\r\nContent-Length: %d\r\n\r\n"
local number = 0

function request()
  number = number + 1
  local body = string.format('{"name":{"title":"T%d","firstName":"F%d"}}', number, math.random(1000000))
  return string.format(head, ids[math.random(#ids)], #body) .. body
end

dofile(os.getenv("REPORT"))
