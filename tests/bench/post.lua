-- wrk's requests: the sample event, from a thousand users in turn (each user's events are delivered one at a time), with
-- $POSTHASTE_TOKEN if there is one; with $POSTHASTE_CLOSE, each over a connection of its own.
-- Prints one line at the end: requests a second, median latency in µs, requests, answers over 399, socket errors, and
-- the latency that 99 of 100 stay under, in µs.

local requests = {}
local at = 0

function init()
  local headers = {["Content-Type"] = "application/json"}
  local token = os.getenv("POSTHASTE_TOKEN")
  if token and token ~= "" then headers["Authorization"] = "Bearer " .. token end
  if os.getenv("POSTHASTE_CLOSE") then headers["Connection"] = "close" end
  for user = 0, 999 do
    local body = string.format('{"event": "Ticket Created", "userId": "10101010101%03d", "data": {"ticketName": ' ..
      '"Refund request", "customerEmail": "ada@example.com", "description": "Please help"}}', user)
    requests[user] = wrk.format("POST", "/run/event", headers, body)
  end
end

function request()
  at = (at + 1) % 1000
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %.0f %.1f %d %d %d %.1f\n", summary.requests * 1e6 / summary.duration,
    latency:percentile(50), summary.requests, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout, latency:percentile(99)))
end
