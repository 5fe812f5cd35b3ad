"""A small HTTP/1.1 client for measuring: one kept connection, bytes out, bytes in.

Not a general client: no redirects, no TLS, no compression. It exists because the time a general client spends in its own
code is of the same size as a point lookup. Small packets go out at once (TCP_NODELAY) and are acknowledged at once
(TCP_QUICKACK), so that no engine is charged for the delays of TCP.
"""

import itertools
import multiprocessing
import socket
import time

# No answer in these benches is larger; a server that sends more is cut off.
MAX_ANSWER = 1 << 30
HOST = "127.0.0.1"


class HttpError(Exception):
    """The server answered with something else than success, or not in HTTP."""


class Connection:
    """One kept connection to a server on loopback."""

    def __init__(self, port, timeout=120.0):
        self._peer = (HOST, port)
        self._timeout = timeout
        self._socket = None
        # What was read, and how far it is used: servers send chunks of a few bytes, which must not cost a copy of the whole each.
        self._read, self._at = b"", 0

    def close(self):
        """Ends the connection; the next request opens another."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._read, self._at = b"", 0

    def send(self, request):
        """Sends the bytes of a request and returns (status, body). A kept connection that the server closed meanwhile is
        opened anew once."""
        kept = self._socket is not None
        try:
            return self._exchange(request)
        except (ConnectionError, BrokenPipeError):
            self.close()
            if not kept:
                raise
            return self._exchange(request)
        except BaseException:
            # What remains on the connection would be read as the next answer.
            self.close()
            raise

    def expect(self, request):
        """Like `send`, but returns the body alone and raises `HttpError` when the status is not a success."""
        status, body = self.send(request)
        if not 200 <= status < 300:
            raise HttpError(f"HTTP {status}: {body[:400].decode('utf-8', 'replace')}")
        return body

    def _exchange(self, request):
        if self._socket is None:
            self._socket = socket.create_connection(self._peer, self._timeout)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        head = self._until(b"\r\n\r\n").split(b"\r\n")
        status = int(head[0].split(b" ", 2)[1])
        fields = {}
        for line in head[1:]:
            name, _, value = line.partition(b":")
            fields[name.strip().lower()] = value.strip()
        if fields.get(b"transfer-encoding", b"").lower() == b"chunked":
            body = self._chunks()
        elif b"content-length" in fields:
            body = self._exactly(int(fields[b"content-length"]))
        elif status in (204, 304):
            body = b""
        else:
            body = self._to_the_end()
        if fields.get(b"connection", b"").lower() == b"close":
            self.close()
        return status, body

    def _more(self):
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        data = self._socket.recv(1 << 18)
        if not data:
            raise ConnectionResetError("the server closed the connection")
        return data

    def _until(self, mark):
        end = self._read.find(mark, self._at)
        while end < 0:
            self._read, self._at = self._read[self._at :] + self._more(), 0
            if len(self._read) > MAX_ANSWER:
                raise HttpError("the answer is too large")
            end = self._read.find(mark)
        found = self._read[self._at : end]
        self._at = end + len(mark)
        return found

    def _exactly(self, length):
        if length > MAX_ANSWER:
            raise HttpError("the answer is too large")
        begin = self._at
        have = len(self._read) - begin
        if have >= length:
            self._at = begin + length
            return self._read[begin : self._at]
        parts = [self._read[begin:]]
        while have < length:
            data = self._more()
            parts.append(data)
            have += len(data)
        # All but what lies beyond the length, which is at the end of the last part.
        beyond = have - length
        self._read, self._at = parts[-1], len(parts[-1]) - beyond
        if beyond:
            parts[-1] = parts[-1][:-beyond]
        return b"".join(parts)

    def _chunks(self):
        parts, total = [], 0
        while True:
            size = int(self._until(b"\r\n").split(b";")[0], 16)
            if size == 0:
                # Trailers end with an empty line; mostly there are none.
                while self._until(b"\r\n"):
                    pass
                return b"".join(parts)
            total += size
            if total > MAX_ANSWER:
                raise HttpError("the answer is too large")
            parts.append(self._exactly(size))
            self._exactly(2)

    def _to_the_end(self):
        parts = [self._read[self._at :]]
        total = len(parts[0])
        try:
            while total <= MAX_ANSWER:
                parts.append(self._more())
                total += len(parts[-1])
        except ConnectionResetError:
            pass
        self.close()
        return b"".join(parts)


def percentile(sorted_values, share):
    """The value below which `share` (0 to 1) of the sorted values lie, by nearest rank."""
    if not sorted_values:
        return None
    rank = max(1, -(-len(sorted_values) * share // 1))
    return sorted_values[min(len(sorted_values), int(rank)) - 1]


def latencies(connection, requests, seconds, check=None):
    """Sends requests one after the other until they or the seconds run out; returns the sorted times in seconds."""
    times = []
    end = time.perf_counter() + seconds
    for request in requests:
        begin = time.perf_counter()
        body = connection.expect(request)
        done = time.perf_counter()
        times.append(done - begin)
        if check is not None:
            check(body)
        if done > end:
            break
    times.sort()
    return times


def _worker(port, requests, again, seconds, ready, go, results):
    """One client process: connect, say ready, wait for the rest, send until the time is over."""
    connection = Connection(port)
    count = 0
    try:
        connection.expect(requests[0])
        ready.put(None)
        go.wait(60)
        begin = time.perf_counter()
        last = begin
        # The first request served to connect; a repeated write would write nothing.
        for request in itertools.cycle(requests) if again else requests[1:]:
            connection.expect(request)
            last = time.perf_counter()
            count += 1
            if last - begin > seconds:
                break
        results.put((count, last - begin, None))
    except Exception as problem:  # whatever it is, the parent must hear of it
        ready.put(None)
        results.put((count, seconds, f"{type(problem).__name__}: {problem}"))


def parallel(port, requests_of_clients, seconds, again):
    """Lets every list of requests be sent by a client process of its own, all at once, for some seconds or until a list is
    done; `again` begins a list anew instead.

    Returns requests answered each second by all together, and how many that were; the requests with which the clients
    connected are not among them, though they were answered too. Raises `HttpError` when a client failed.
    """
    context = multiprocessing.get_context("fork")
    ready, results, go = context.Queue(), context.Queue(), context.Event()
    workers = [
        context.Process(target=_worker, args=(port, own, again, seconds, ready, go, results), daemon=True)
        for own in requests_of_clients
    ]
    for worker in workers:
        worker.start()
    try:
        for _ in workers:
            ready.get(timeout=120)
        go.set()
        answers = [results.get(timeout=seconds + 180) for _ in workers]
    finally:
        for worker in workers:
            worker.join(5)
            if worker.is_alive():
                worker.kill()
    errors = [error for _, _, error in answers if error]
    if errors:
        raise HttpError(errors[0])
    return sum(count / spent for count, spent, _ in answers if spent > 0), sum(count for count, _, _ in answers)
