"""The first thing that a worker does: says what can be imported, takes its pipes, sets its limits, and serves."""

from __future__ import annotations

import _thread
import base64
import gc
import importlib.util
import io
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import ModuleType
from typing import Any


class Course:
    """Finds the modules that an answer may import beside Python's own, each at its place, and no others."""

    def __init__(self, places: dict[str, str]):
        self._places = places

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> Any:
        """Where a module of that name lies, if it is one of them."""
        place = self._places.get(name)
        if place is None:
            return None
        if not place.endswith(".py"):
            start = os.path.join(place, "__init__.py")
            return importlib.util.spec_from_file_location(name, start, submodule_search_locations=[place])
        # The stand-in for bnlib is a package in which only what is listed here can be found.
        package = any(other.startswith(f"{name}.") for other in self._places)
        return importlib.util.spec_from_file_location(
            name, place, submodule_search_locations=[] if package else None
        )


def main() -> None:
    """Settle in with the settings of the command line, and serve."""
    settings = json.loads(sys.argv[1])
    del sys.argv[1:]
    sys.meta_path.insert(0, Course(settings["modules"]))
    sys.dont_write_bytecode = True
    # NumPy before the limits, and before the clock of the first cell; it leaves no garbage to look for.
    gc.disable()
    from _bnlib_inside.serve import Server
    from _bnlib_inside.silence import SilentModules

    sys.meta_path.append(SilentModules())
    # The pipes get numbers of their own; what prints behind Python's back goes nowhere.
    hands = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)
    if sys.platform == "win32":
        import msvcrt

        for hand in hands:
            msvcrt.setmode(hand, os.O_BINARY)
    _limit(settings["limits"])
    if settings["user"] is not None:
        _become(settings["user"])
    if settings["filter"]:
        _filter(base64.b64decode(settings["filter"]))
    sys.stdin = io.StringIO()
    # Threads that share in a call whose memory is judged should not cost it 8 MB each.
    _thread.stack_size(2**19)
    gc.enable()
    Server(hands).serve()


def _become(user: int) -> None:
    """Give up being root, for good; where the system does not let even root do that, go on without."""
    with suppress(OSError):
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)


def _limit(limits: dict[str, int]) -> None:
    """Set this process's limits, which nothing that runs here can raise again."""
    try:
        import resource
    except ImportError:
        return
    for name, value in limits.items():
        which = getattr(resource, f"RLIMIT_{name}", None)
        if which is not None:
            with suppress(OSError, ValueError):
                _, hard = resource.getrlimit(which)
                value = value if hard == resource.RLIM_INFINITY else min(value, hard)
                resource.setrlimit(which, (value, value))


def _filter(program: bytes) -> None:
    """Ask the kernel to refuse the system calls that no answer needs; where it can't, go on without."""
    import ctypes

    class Program(ctypes.Structure):
        _fields_ = (("count", ctypes.c_ushort), ("rules", ctypes.c_char_p))

    libc = ctypes.CDLL(None, use_errno=True)
    # If the grader is killed, so is this.
    libc.prctl(1, 9, 0, 0, 0)
    rules = Program(len(program) // 8, program)
    if libc.prctl(38, 1, 0, 0, 0) == 0:
        libc.prctl(22, 2, ctypes.byref(rules), 0, 0)
