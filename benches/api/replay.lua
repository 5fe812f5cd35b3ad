-- Sends the requests of a file one after the other, without end, and prints what wrk measured as one line of JSON.
-- Each line of the file is an address, and after a tab the value of If-None-Match where there is one.
local requests, at, count = {}, 0, 0

function init(arguments)
  local accept = arguments[2] or "application/json"
  for line in io.lines(arguments[1]) do
    local path, tag = line:match("^([^\t]+)\t(.+)$")
    local fields = { ["Accept"] = accept }
    if tag then fields["If-None-Match"] = tag end
    count = count + 1
    requests[count] = wrk.format("GET", path or line, fields)
  end
end

function request()
  at = at % count + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    "JSON {\"requests\":%d,\"microseconds\":%d,\"bytes\":%d,\"p50\":%d,\"p95\":%d,\"p99\":%d,\"failed\":%d,\"status\":%d}\n",
    summary.requests, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(95), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.timeout, errors.status))
end
