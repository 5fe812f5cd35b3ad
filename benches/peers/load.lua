-- Tells wrk to send the prepared requests of a file, one after the other, round and round.
-- Not a workload of its own: which requests these are is decided in queries.py.
--
-- wrk … -s load.lua URL -- FILE
-- FILE holds one form body a line, already percent-encoded. The first line is the path, the second an Authorization
-- header's value or nothing. Every line is turned into the bytes of a request before the clock starts.

local requests = {}
local at = 0

function init(args)
   local file = assert(io.open(args[1], "r"))
   local path = file:read("*l")
   local authorization = file:read("*l")
   local headers = {
      ["Content-Type"] = "application/x-www-form-urlencoded",
      ["Accept"] = "application/sparql-results+json",
   }
   if authorization ~= "" then
      headers["Authorization"] = authorization
   end
   for body in file:lines() do
      requests[#requests + 1] = wrk.format("POST", path, headers, body)
   end
   file:close()
end

function request()
   at = at % #requests + 1
   return requests[at]
end

-- One line that measure.py reads: requests, microseconds, answers that were no success, failed connections and
-- timeouts, median and 99th percentile in microseconds.
function done(summary, latency, _)
   local errors = summary.errors
   io.write(string.format(
      "RESULT %d %d %d %d %d %d\n",
      summary.requests, summary.duration, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50), latency:percentile(99)))
end
