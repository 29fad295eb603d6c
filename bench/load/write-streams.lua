-- Each thread is a writer with one connection: it registers a customer, changes it until its stream has STREAM_LENGTH
-- events, and begins another. Each command carries BYTES bytes of JSON.
local stream_length, bytes = tonumber(os.getenv("STREAM_LENGTH")), tonumber(os.getenv("BYTES"))
local writers = 0

function setup(thread)
  writers = writers + 1
  thread:set("writer", writers)
end

local id
local written = 0
local number = 0

local address = '{"type":"SHIPPING","address1":"%s","address2":"%s","city":"Springfield","state":"IL","postalCode":"62701"}'

-- A body with places for a last name and for addresses, which are filled until it is long enough: the name takes 100
-- characters, each line of an address 200.
local function padded(body)
  local missing = bytes - #string.format(body, "", "")
  if missing <= 100 then
    return string.format(body, string.rep("x", math.max(1, missing)), "")
  end
  missing = missing - 1 - #string.format(address, "", "")
  local line = math.min(200, missing - 1)
  return string.format(body, "x", string.format(address, string.rep("x", line), string.rep("x", missing - line)))
end

local function register()
  local contact = string.format('"contact":{"email":"%d.%d@example.com"}', writer, number)
  return padded('{"name":{"firstName":"W","lastName":"%s"},' .. contact .. ',"addresses":[%s]}')
end

local function change()
  return padded(string.format('{"name":{"firstName":"%d.%d"', writer, number) .. ',"lastName":"%s"},"addresses":[%s]}')
end

function request()
  number = number + 1
  if id == nil or written >= stream_length then
    id = nil
    local body = register()
    return string.format("POST /accounts/customers HTTP/1.1\r\nHost: localhost\r\n"
      .. "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n", #body) .. body
  end
  local body = change()
  return string.format("PATCH /accounts/customers/%s HTTP/1.1\r\nHost: localhost\r\n"
    .. "Content-Type: application/merge-patch+json\r\nContent-Length: %d\r\n\r\n", id, #body) .. body
end

function response(status, _, body)
  if status == 201 then
    id, written = string.match(body, '"id":"([^"]+)"'), 1
  elseif status == 200 then
    written = written + 1
  end
end

dofile(os.getenv("REPORT"))
