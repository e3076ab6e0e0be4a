"""Starts a worker, talks to it within limits on time and size, and ends it with all that it started."""

from __future__ import annotations

import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .isolation import Isolation, NoIsolation
from .wire import Message, Packer, WireError, frames, receive

# What starting Python and NumPy may take on a busy machine.
STARTING = 60.0
# The room for a reply: so much, and so many times what was sent.
ROOM, TIMES = 32 * 2**20, 4
READ, WIDE = 2**16, 2**20
# Beyond what was allowed: what Python and the C library need for themselves.
SLACK = 6 * 2**20
# What a submission's cells may have set aside before a call whose memory is judged.
ASIDE = 32 * 2**20

Reason = Literal["timed out", "died", "unsound", "too late"]


class Ended(BaseException):
    """The worker is gone, so that nothing it was asked for has an answer: no exception of the learner's.

    `reason` says whether it "timed out", "died" by itself, or sent what is no message ("unsound"); it is "too
    late" where so much has gone wrong before that nothing more is tried.
    """

    def __init__(self, reason: Reason, says: str):
        super().__init__(says)
        self.reason = reason


@dataclass(frozen=True)
class Limits:
    """What one worker may use: bytes of memory and of files, and how many seconds a cell or a check may take.

    `total` bounds the seconds of a whole submission, `starts` how often its worker is started again.
    """

    seconds: float = 30.0
    memory: int = 2 * 2**30
    disk: int = 16 * 2**20
    starts: int = 12
    total: float = 420.0

    def resources(self) -> dict[str, int]:
        """The limits that the system itself holds a worker to, by their POSIX names."""
        return {
            "AS": self.memory,
            "CPU": int(self.total) + 10,
            "FSIZE": self.disk,
            "NOFILE": 256,
            "CORE": 0,
            "MSGQUEUE": 0,
        }


class Worker:
    """One process that runs a submission's code. Every method may raise Ended; then it has been ended."""

    def __init__(self, isolation: Isolation, limits: Limits):
        self._limits = limits
        self._started = isolation.start(limits.resources(), limits.disk)
        self._process = self._started.process
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        self._deadline, self._overdue = time.monotonic() + STARTING, False
        self._sent, self._ahead = 0, bytearray()
        self._watch: threading.Thread | None = None
        if os.name == "posix":
            os.set_blocking(self._to, False)
        else:
            self._watch = threading.Thread(target=self._watch_clock, daemon=True)
            self._watch.start()
        try:
            self.ask({"do": "forget"}, Packer(), STARTING)
        except Ended as end:
            # No code of a learner's has run yet.
            raise NoIsolation(f"A worker could not be started ({isolation.name}: {end.reason}).") from None
        self._at_first = _memory(self._started.pid)

    def ask(self, header: dict[str, Any], packer: Packer, seconds: float) -> Message:
        """Send a request and return the reply, which is a message but otherwise unchecked."""
        if self._process.stdin is None or self._process.stdin.closed:
            raise Ended("died", "The worker has ended.")
        token = secrets.token_hex(8)
        self._deadline = time.monotonic() + seconds
        try:
            if packer.size >= WIDE:
                self._widen()
            for part in frames({**header, "id": token}, packer):
                self._send(part)
            # A call in two steps has its arguments in the first.
            self._sent = self._sent if header["do"] == "go" else packer.size
            reply = receive(self._receive, ROOM + TIMES * self._sent)
        except WireError as error:
            self.end()
            raise Ended("unsound", f"The worker sent what is no reply: {error}.") from None
        except TimeoutError:
            self.end()
            raise Ended("timed out", "It took too long.") from None
        except (OSError, EOFError):
            overdue = self._overdue
            self.end()
            if overdue:
                raise Ended("timed out", "It took too long.") from None
            raise Ended("died", "Your code ended Python itself.") from None
        except BaseException:
            self.end()
            raise
        finally:
            self._deadline = float("inf")
        if reply.header.get("id") != token:
            self.end()
            raise Ended("unsound", "The worker sent a reply that nobody asked for.")
        return reply

    def allow(self, allowed: int) -> bool:
        """Limit the worker's memory to what it has now and `allowed` bytes; False where nothing can do that."""
        if sys.platform != "linux":
            return False
        import resource

        now, first = _memory(self._started.pid), self._at_first
        if not now or not first:
            return False
        try:
            for name, which in (("VmSize", resource.RLIMIT_AS), ("VmData", resource.RLIMIT_DATA)):
                limit = now[name] + allowed + SLACK
                resource.prlimit(self._started.pid, which, (limit, limit))
        except (OSError, ValueError):
            return False
        return True

    def held(self) -> int:
        """The bytes that the worker holds beyond what it had when it was new; 0 where the system can't tell."""
        now, first = _memory(self._started.pid), self._at_first
        return now["VmData"] - first["VmData"] if now and first else 0

    def end(self) -> None:
        """End the worker, all that it started, and its folder; may be called twice."""
        process = self._process
        for pid in {self._started.pid, process.pid} if process.poll() is None else ():
            with suppress(OSError):
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        if os.name == "posix":
            # It leads a session of its own, as it was started.
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        if self._started.folder:
            shutil.rmtree(self._started.folder, ignore_errors=True)

    def _widen(self) -> None:
        """Give the pipes more room, where they have a size: fewer turns for what is large."""
        if sys.platform == "linux":
            import fcntl

            for pipe in (self._to, self._from):
                with suppress(OSError):
                    fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, WIDE)

    def _send(self, part: bytes | memoryview) -> None:
        view = memoryview(part)
        while len(view):
            self._wait(self._to, "out")
            with suppress(BlockingIOError):
                view = view[os.write(self._to, view[: 2**20]) :]

    def _receive(self, count: int) -> bytearray:
        data, self._ahead = self._ahead[:count], self._ahead[count:]
        start = len(data)
        data += bytes(count - start)
        view = memoryview(data)
        while start < count:
            self._wait(self._from, "in")
            if count - start >= READ and hasattr(os, "readv"):
                got = os.readv(self._from, [view[start:]])
                if not got:
                    raise EOFError
                start += got
                continue
            part = os.read(self._from, READ)
            if not part:
                raise EOFError
            # What was read beyond this belongs to what comes next.
            used = min(len(part), count - start)
            view[start : start + used] = part[:used]
            self._ahead += part[used:]
            start += used
        return data

    def _wait(self, pipe: int, way: Literal["in", "out"]) -> None:
        """Wait until the pipe is ready; raises TimeoutError at the deadline."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if os.name == "posix":
            poll = select.poll()
            poll.register(pipe, select.POLLIN if way == "in" else select.POLLOUT)
            if not poll.poll(min(left, 1e6) * 1000):
                raise TimeoutError

    def _watch_clock(self) -> None:
        """Where no pipe can be waited for with a limit (Windows), end the worker at the deadline."""
        while self._process.poll() is None:
            if time.monotonic() > self._deadline:
                self._overdue = True
                self._process.kill()
                return
            time.sleep(0.1)


def _memory(pid: int) -> Mapping[str, int] | None:
    """A process's address space and private memory in bytes, as Linux tells; elsewhere None."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    found = {}
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name in ("VmSize", "VmData"):
            found[name] = int(value.split()[0]) * 1024
    return found if len(found) == 2 else None
