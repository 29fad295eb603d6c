-- Registers customers that all differ. DELAY: mean milliseconds that a connection waits before each request.
local delay_of = tonumber(os.getenv("DELAY") or "0")
local number = 1000000000 + math.floor((tonumber(os.getenv("SEED") or "0")))
local body = '{"name":{"title":"Ms","firstName":"First%d","lastName":"Last%04d"},'
  .. '"contact":{"email":"customer%d@example.com","primaryPhone":"+1 217 555 0100"},'
  .. '"addresses":[{"type":"SHIPPING","address1":"1 Main Street","city":"Springfield","state":"IL","postalCode":"%05d","country":"US"}],'
  .. '"creditCards":[{"type":"PRIMARY","number":"4111111111111111","expiration":"12/30","nameOnCard":"First%d Last%04d"}]}'

local function next_body()
  number = number + 1
  local last_name, postal_code = number % 5000, number % 90000
  return string.format(body, number, last_name, number, postal_code, number, last_name)
end

local head = "POST /accounts/customers HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
  .. #next_body() .. "\r\n\r\n"

function request()
  return head .. next_body()
end

if delay_of > 0 then
  math.randomseed(number)
  function delay()
    return math.floor(math.random() * 2 * delay_of + 0.5)
  end
end

dofile(os.getenv("REPORT"))
