-- wrk's requests: the sample event, from a thousand users in turn (each user's events are delivered one at a time), with
-- $POSTHASTE_TOKEN if there is one; with $POSTHASTE_CLOSE, each over a connection of its own; with $POSTHASTE_NUMBERED,
-- each with a header of that name and a value of its own; with $POSTHASTE_BATCH, so many events in each request; with
-- $POSTHASTE_PAUSE, after a pause of so many milliseconds, on the average.
-- Prints one line at the end: requests a second, median latency in µs, requests, answers over 399, socket errors, and
-- the latency that 99 of 100 stay under, in µs.

local requests = {}
local at = 0
local batch = tonumber(os.getenv("POSTHASTE_BATCH") or "")
local numbered = os.getenv("POSTHASTE_NUMBERED")
local behind = {}  -- what follows the number
local pause = tonumber(os.getenv("POSTHASTE_PAUSE") or "")
local run = os.time() .. "-" .. math.random(1e9)

local function event_of(user)
  return string.format('{"event": "Ticket Created", "userId": "10101010101%03d", "data": {"ticketName": ' ..
    '"Refund request", "customerEmail": "ada@example.com", "description": "Please help"}}', user)
end

function init()
  local headers = {["Content-Type"] = "application/json"}
  local token = os.getenv("POSTHASTE_TOKEN")
  if token and token ~= "" then headers["Authorization"] = "Bearer " .. token end
  if os.getenv("POSTHASTE_CLOSE") then headers["Connection"] = "close" end
  if batch then
    local events = {}
    for n = 1, batch do events[n] = event_of(n % 1000) end
    requests[0] = wrk.format("POST", "/run/events", headers, "[" .. table.concat(events, ",") .. "]")
    return
  end
  if numbered then headers[numbered] = run .. "-NUMBER" end
  for user = 0, 999 do
    local text = wrk.format("POST", "/run/event", headers, event_of(user))
    local from, to = text:find("NUMBER", 1, true)
    requests[user] = numbered and text:sub(1, from - 1) or text
    behind[user] = numbered and text:sub(to + 1)
  end
end

function request()
  if batch then return requests[0] end
  at = at + 1
  local user = at % 1000
  return numbered and requests[user] .. at .. behind[user] or requests[user]
end

if pause then
  function delay() return math.random(0, 2 * pause) end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %.0f %.1f %d %d %d %.1f\n", summary.requests * 1e6 / summary.duration,
    latency:percentile(50), summary.requests, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout, latency:percentile(99)))
end
