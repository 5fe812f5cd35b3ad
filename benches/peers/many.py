"""Many clients at once: runs load.c, which install.sh compiled, over prepared requests. Knows no engine and no question."""

import os
import re
import subprocess
import tempfile

import system


def program(home):
    """The compiled load.c in the folder of the peers, or None."""
    path = home / "load"
    return path if os.access(path, os.X_OK) else None


def load(path, port, requests, clients, seconds, rate=0, folder=None):
    """Lets so many clients send these requests in turn for some seconds: each when it has its answer, or `rate` a second by all
    together. Returns answers each second and their times in seconds. Raises `system.Failed` when one was refused or got lost."""
    with tempfile.NamedTemporaryFile("wb", dir=folder) as file:
        for request in requests:
            file.write(b"%d\n" % len(request) + request)
        file.flush()
        command = [str(path), str(port), file.name, str(clients), str(seconds), str(rate)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 90)
    found = re.fullmatch(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)\s*", done.stdout)
    if found is None:
        raise system.Failed(f"load: {(done.stdout + done.stderr)[-300:]}")
    count, micros, refused, failed, p50, p95, p99, most, size = map(int, found.groups())
    if refused or failed or not count:
        raise system.Failed(f"{refused} of {count} requests were refused and {failed} connections failed with {clients} clients")
    times = {"p50": p50, "p95": p95, "p99": p99, "max": most}
    return {"rate": count / (micros / 1e6), "bytes": size / count, **{name: value / 1e6 for name, value in times.items()}}
