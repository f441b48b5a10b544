-- wrk's requests: the sample event, from a thousand users in turn (each user's events are delivered one at a time), with
-- $POSTHASTE_TOKEN if there is one; with $POSTHASTE_CLOSE, each over a connection of its own; with $POSTHASTE_KEYS, each
-- with an Idempotency-Key of its own; with $POSTHASTE_BATCH, so many events in each request; with $POSTHASTE_PAUSE, after
-- a pause of so many milliseconds, on the average.
-- Prints one line at the end: requests a second, median latency in µs, requests, answers over 399, socket errors, and
-- the latency that 99 of 100 stay under, in µs.

local requests = {}
local at = 0
local batch = tonumber(os.getenv("POSTHASTE_BATCH") or "")
local keys = os.getenv("POSTHASTE_KEYS")
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
  if keys then headers["Idempotency-Key"] = "KEY" end
  for user = 0, 999 do
    requests[user] = wrk.format("POST", "/run/event", headers, event_of(user))
  end
end

function request()
  if batch then return requests[0] end
  at = at + 1
  local chosen = requests[at % 1000]
  return keys and chosen:gsub("KEY", run .. "-" .. at, 1) or chosen
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
