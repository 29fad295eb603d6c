-- Each thread is a reader with one connection: it reads up to BATCH events of one stream after the other, whose ids stand
-- in the file IDS, at random.
local readers = 0

function setup(thread)
  readers = readers + 1
  thread:set("reader", readers)
end

local ids = {}
for id in io.lines(os.getenv("IDS")) do
  ids[#ids + 1] = id
end
local path = "GET /accounts/customers/%s/history?limit=" .. os.getenv("BATCH") .. " HTTP/1.1\r\nHost: localhost\r\n\r\n"

function init()
  math.randomseed(tonumber(os.getenv("SEED")) + reader)
end

function request()
  return string.format(path, ids[math.random(#ids)])
end

dofile(os.getenv("REPORT"))
