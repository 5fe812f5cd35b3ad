-- Posts observations, each of a moment of its own, and prints what wrk measured as one line of JSON, with how many were
-- acknowledged. Arguments: the series, the token, how many observations a post holds, and the first second (since 1970).
-- One thread only: moments are counted by it.
local series, size, at, headers
local counting = {}

function setup(thread)
  counting[#counting + 1] = thread
end

function init(arguments)
  series, size, at = arguments[1], tonumber(arguments[3]), 0
  first = tonumber(arguments[4])
  stored, refused = 0, 0
  headers = { ["Content-Type"] = "application/x-ndjson", ["Authorization"] = "Bearer " .. arguments[2] }
end

local function line()
  local second, thousandth = first + math.floor(at / 1000), at % 1000
  at = at + 1
  return string.format('{"reeks":"%s","tijd":"%s.%03dZ","waarde":%.2f}', series, os.date("!%Y-%m-%dT%H:%M:%S", second), thousandth, 20 + at % 977 / 100)
end

function request()
  local lines = {}
  for number = 1, size do lines[number] = line() end
  return wrk.format("POST", "/obs/v1/observaties", headers, table.concat(lines, "\n"))
end

function response(status)
  if status == 201 then stored = stored + size else refused = refused + 1 end
end

function done(summary, latency)
  local kept, turned = 0, 0
  for _, thread in ipairs(counting) do
    kept, turned = kept + thread:get("stored"), turned + thread:get("refused")
  end
  local errors = summary.errors
  io.write(string.format(
    "JSON {\"requests\":%d,\"microseconds\":%d,\"p50\":%d,\"p99\":%d,\"failed\":%d,\"stored\":%d,\"refused\":%d}\n",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.timeout, kept, turned))
end
