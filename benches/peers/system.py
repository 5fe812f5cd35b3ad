"""Processes as the benches see them: started, waited for, measured, and ended by their own id.

Linux only: memory is read from /proc, and system calls are counted with strace where it is installed.
"""

import dataclasses
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import client

# Calls that put what was written on the disk before they return.
SYNC_CALLS = ("fsync", "fdatasync", "msync", "sync_file_range", "syncfs", "sync")


class Failed(Exception):
    """A step of an engine did not succeed or took too long; the text says which."""


@dataclasses.dataclass
class Ended:
    """How a finished program did: wall time in seconds, peak resident memory in bytes."""

    seconds: float
    peak: int


def memory(pid):
    """Resident memory of a process in bytes: (now, of that without pages of files, the most there ever was)."""
    fields = {}
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in ("VmRSS", "RssAnon", "VmHWM"):
            fields[name] = int(value.split()[0]) * 1024
    return fields.get("VmRSS", 0), fields.get("RssAnon", 0), fields.get("VmHWM", 0)


def disk(folder):
    """Bytes that the files of a folder occupy on the disk. Holes count for nothing."""
    total = 0
    for path, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.stat(os.path.join(path, name), follow_symlinks=False).st_blocks * 512
            except FileNotFoundError:
                pass
    return total


def port_is_free(port):
    """Whether a server could listen on this port of the loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((client.HOST, port))
        except OSError:
            return False
    return True


def tail(log, size=800):
    """The end of a log file, for messages."""
    try:
        return pathlib.Path(log).read_bytes()[-size:].decode("utf-8", "replace").strip()
    except OSError:
        return ""


def _start(command, log, environment, folder, own_session=True):
    with open(log, "ab") as out:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={**os.environ, **(environment or {})},
            cwd=folder,
            # Ctrl-C must reach only the bench, which then ends its servers in order.
            start_new_session=own_session,
        )


def end(process, patience=60.0):
    """Asks a process to end, and ends it after some seconds."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(30)


def run(command, log, timeout, environment=None, folder=None):
    """Runs a program to its end. Raises `Failed` when it does not succeed or takes more than `timeout` seconds."""
    begin = time.perf_counter()
    process = _start(command, log, environment, folder)
    peak = 0
    try:
        while process.poll() is None:
            try:
                peak = max(peak, memory(process.pid)[2])
            except (FileNotFoundError, ProcessLookupError):
                pass
            if time.perf_counter() - begin > timeout:
                raise Failed(f"{pathlib.Path(command[0]).name} took more than {timeout:.0f} s")
            time.sleep(0.01)
        seconds = time.perf_counter() - begin
    finally:
        end(process, 5)
    if process.returncode != 0:
        raise Failed(f"{pathlib.Path(command[0]).name} ended with {process.returncode}: {tail(log)}")
    return Ended(seconds, peak)


class Server:
    """A running server. `seconds` is the time from starting it to its first answer."""

    def __init__(self, command, log, probe, port, timeout=180.0, environment=None, folder=None, own_session=True):
        """Starts the server and sends `probe` (the bytes of a request) until it is answered with success. Without a session of
        its own it shares the cores with the programs of this one as they share them among each other: Linux otherwise first
        divides the cores among sessions, and whoever asks waits for that."""
        if not port_is_free(port):
            raise Failed(f"port {port} is in use")
        begin = time.perf_counter()
        self.process = _start(command, log, environment, folder, own_session)
        connection = client.Connection(port, timeout=10.0)
        try:
            while True:
                if self.process.poll() is not None:
                    raise Failed(f"the server ended with {self.process.returncode}: {tail(log)}")
                if time.perf_counter() - begin > timeout:
                    raise Failed(f"the server did not answer within {timeout:.0f} s: {tail(log)}")
                try:
                    connection.expect(probe)
                    break
                except (OSError, client.HttpError, ValueError, IndexError):
                    connection.close()
                    time.sleep(0.002)
            self.seconds = time.perf_counter() - begin
        except BaseException:
            end(self.process, 5)
            raise
        finally:
            connection.close()

    @property
    def pid(self):
        """Id of the process."""
        return self.process.pid

    def stop(self):
        """Ends the server."""
        end(self.process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def syncs_during(pid, action):
    """How many calls put data on the disk while `action` ran, or None when strace is not there or may not look."""
    strace = shutil.which("strace")
    if strace is None:
        return None
    with tempfile.NamedTemporaryFile(suffix=".strace") as trace:
        command = [strace, "-f", "-qq", "-e", "trace=" + ",".join(SYNC_CALLS), "-o", trace.name, "-p", str(pid)]
        tracer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            # Every thread is stopped once to be attached; there is no sign when that is done.
            time.sleep(2.0)
            if tracer.poll() is not None:
                return None
            action()
            time.sleep(0.5)
        finally:
            tracer.send_signal(signal.SIGINT)
            try:
                tracer.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                tracer.kill()
                tracer.communicate()
        text = pathlib.Path(trace.name).read_text(errors="replace")
    return sum(1 for line in text.splitlines() if any(f"{call}(" in line for call in SYNC_CALLS))


def machine():
    """One line that says what the figures were measured on."""
    def field(path, name):
        for line in pathlib.Path(path).read_text().splitlines():
            if line.startswith(name):
                return line.split(":", 1)[1].strip()
        return ""
    try:
        processor = field("/proc/cpuinfo", "model name")
        gib = int(field("/proc/meminfo", "MemTotal").split()[0]) / (1 << 20)
    except (OSError, ValueError, IndexError):
        processor, gib = "", 0.0
    kernel = os.uname().release.split("-")[0]
    named = f" ({processor})" if processor else ""
    return f"{len(os.sched_getaffinity(0))} cores{named}, {gib:.0f} GiB of memory, Linux {kernel}"
