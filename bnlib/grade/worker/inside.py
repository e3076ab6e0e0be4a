"""What runs in the sandbox: executes the cells of one submission in order, and calls its functions by name.

Started as a program of its own (see `isolation`), with `wire` beside it and no other part of the grader.
Nothing here is trusted once a learner's cell has run: whatever this process says, the other end checks.
"""

from __future__ import annotations

import _thread
import base64
import gc
import importlib.util
import io
import json
import linecache
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from types import ModuleType, TracebackType
from typing import Any

MAX_PRINTED = 20_000
MAX_MESSAGE = 2_000
MAX_HANDLES = 10_000


class _Course:
    """Finds the modules that an answer may import beside Python's own, each at its place, and no others."""

    def __init__(self, places: dict[str, str]):
        self._places = places

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> Any:
        place = self._places.get(name)
        if place is None:
            return None
        if place.endswith(".py"):
            # The stand-in for bnlib is a package in which only what is listed here can be found.
            inner: list[str] | None = (
                [] if any(other.startswith(f"{name}.") for other in self._places) else None
            )
            return importlib.util.spec_from_file_location(name, place, submodule_search_locations=inner)
        start = os.path.join(place, "__init__.py")
        return importlib.util.spec_from_file_location(name, start, submodule_search_locations=[place])


class _Capped(io.StringIO):
    """Keeps the first part of what is printed, so that a flood of it costs nothing."""

    def write(self, text: str) -> int:
        room = MAX_PRINTED - self.tell()
        if room > 0:
            super().write(str(text)[:room])
        return len(text)


class Worker:
    """One submission's names, and the objects that stay here behind a handle."""

    def __init__(self, wire: Any, hands: tuple[int, int]):
        self.wire = wire
        self._in, self._out = hands
        self.names: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__}
        self.names |= {"get_ipython": lambda: _Silent(), "display": lambda *a, **k: None, "In": [], "Out": {}}
        self.kept: dict[int, Any] = {}
        self._files: dict[str, str] = {}
        self._ready: tuple[Any, list[Any], dict[str, Any], Any, bytes | bytearray] | None = None

    def serve(self) -> None:
        """Answer one request after the other, until the other end closes."""
        while True:
            request = self.wire.receive(self._read, 2**32, 2**28)
            reply, packer = self._answer(request.header, request.payload)
            reply["id"] = request.header.get("id")
            del request
            for part in self.wire.frames(reply, packer):
                self._write(part)

    def _answer(self, header: dict[str, Any], payload: Any) -> tuple[dict[str, Any], Any]:
        packer = self.wire.Packer(self._keep)
        match header["do"]:
            case "run":
                return {"error": self._run(header["label"], header["source"], header["plain"])}, packer
            case "have":
                return {"have": [callable(self.names.get(name)) for name in header["names"]]}, packer
            case "forget":
                self.kept.clear()
                return {}, packer
            case "prepare":
                self._prepare(header, payload)
                return {}, packer
            case "go":
                return self._go(packer, header.get("count", False))
            case _:
                self._prepare(header, payload)
                return self._go(packer, False)

    def _run(self, label: str, source: str, plain: str | None) -> Any:
        try:
            compile(source, label, "exec", dont_inherit=True)
        except SyntaxError:
            # Perhaps it is IPython's; if not, the error to report is that of what was written.
            with suppress(Exception):
                compile(plain, label, "exec", dont_inherit=True)  # type: ignore[arg-type]
                source = str(plain)
        except BaseException as error:
            return self._report(error)
        self._files[label] = source
        linecache.cache[label] = (len(source), None, source.splitlines(keepends=True), label)
        try:
            with _quiet():
                exec(compile(source, label, "exec", dont_inherit=True), self.names)
        except BaseException as error:
            return self._report(error)
        return None

    def _prepare(self, header: dict[str, Any], payload: Any) -> None:
        unpacker = self.wire.Unpacker(payload, self._hand_over)
        args = unpacker.unpack(header["args"])
        options = unpacker.unpack(header["options"])
        self._ready = header["name"], args, options, header["args"], payload
        if header["do"] == "prepare":
            import numpy as np

            # What a library sets up at its first use is none of the learner's memory.
            np.ones((64, 64)) @ np.ones((64, 64))
            gc.collect()

    def _go(self, packer: Any, count: bool) -> tuple[dict[str, Any], Any]:
        assert self._ready
        name, args, options, nodes, payload = self._ready
        self._ready = None
        reply: dict[str, Any] = {"error": None}
        printed = _Capped()
        try:
            with _quiet(printed):
                result = (
                    self._counted(reply, name, args, options) if count else self.names[name](*args, **options)
                )
            reply["result"] = packer.pack(result)
        except BaseException as error:
            reply["error"] = self._report(error)
            packer = self.wire.Packer(self._keep)
        reply["printed"] = printed.getvalue()
        try:
            after = _After(self.wire, packer, payload)
            reply["args"] = [after.node(before, value) for before, value in zip(nodes[2], args, strict=True)]
        except BaseException as error:
            reply["error"] = reply["error"] or self._report(error)
            reply.pop("result", None)
            reply["args"], packer = [["same"] for _ in args], self.wire.Packer(self._keep)
        return reply, packer

    def _counted(self, reply: dict[str, Any], name: str, args: list[Any], options: dict[str, Any]) -> Any:
        """Where no limit can be set from outside, the peak is this process's own word."""
        import tracemalloc

        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            result = self.names[name](*args, **options)
            reply["peak"] = max(0, tracemalloc.get_traced_memory()[1] - before)
        finally:
            tracemalloc.stop()
        return result

    def _keep(self, value: Any) -> Any:
        if len(self.kept) >= MAX_HANDLES:
            raise self.wire.WireError("it has too many parts")
        number = len(self.kept)
        self.kept[number] = value
        try:
            text = repr(value)[:200]
        except BaseException:
            text = "?"
        # An array of objects has a shape to speak of, though nothing of it is handed over.
        shape = list(value.shape) if type(value).__name__ == "ndarray" else None
        kind = value.dtype.name if shape is not None else self.wire.type_name(value)
        return ["opaque", number, kind, text, shape]

    def _hand_over(self, node: list[Any]) -> Any:
        kind, *fields = node
        if kind == "handle":
            return self.kept[fields[0]]
        # One of the course's own functions, by its name and its text.
        import numpy as np

        names: dict[str, Any] = {"np": np, "__name__": "course"}
        exec(compile(f"from __future__ import annotations\n{fields[1]}", "<frozen course>", "exec"), names)
        return names[fields[0]]

    def _report(self, error: BaseException) -> dict[str, Any]:
        kinds = [
            kind.__name__ for kind in type(error).__mro__ if kind.__module__ in ("builtins", "numpy.linalg")
        ]
        try:
            # The line and the cell are told apart from it.
            text = str(error.msg if isinstance(error, SyntaxError) else error)[:MAX_MESSAGE]
        except BaseException:
            text = ""
        name = getattr(error, "name", None)
        return {
            "type": self.wire.type_name(error),
            "kinds": kinds[:10],
            "text": text,
            "name": name if isinstance(name, str) and len(name) < 200 else None,
            "line": self._line(error, error.__traceback__),
        }

    def _line(self, error: BaseException, traceback: TracebackType | None) -> list[Any] | None:
        """The innermost line of the learner's own on which it stopped: its number and its text."""
        if isinstance(error, SyntaxError) and error.lineno:
            return [int(error.lineno), str(error.text or "").strip()[:300]]
        label = None
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename in self._files:
                label, number = traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
            traceback = traceback.tb_next
        if label is None:
            return None
        rows = self._files[label].splitlines()
        return [number, rows[number - 1].strip()[:300] if 0 < number <= len(rows) else ""]

    def _read(self, count: int) -> bytearray:
        data = bytearray(count)
        view, start = memoryview(data), 0
        while start < count:
            if hasattr(os, "readv"):
                got = os.readv(self._in, [view[start:]])
            else:
                part = os.read(self._in, min(count - start, self.wire.CHUNK))
                got = len(part)
                view[start : start + got] = part
            if not got:
                os._exit(0)
            start += got
        return data

    def _write(self, part: bytes | memoryview) -> None:
        view = memoryview(part)
        while len(view):
            view = view[os.write(self._out, view[: 2**20]) :]


class _After:
    """Nodes of the arguments as they are after a call; what has not changed is not sent again."""

    def __init__(self, wire: Any, packer: Any, payload: Any):
        self._wire, self._packer, self._payload = wire, packer, payload

    def node(self, before: Any, value: Any) -> Any:
        kind = before[0] if type(before) is list else None
        if kind in ("handle", "function") or (kind == "array" and self._unchanged(before, value)):
            return ["same"]
        if kind == "tuple" and type(value) is tuple:
            return ["tuple", None, [self.node(*pair) for pair in zip(before[2], value, strict=True)]]
        if kind == "list" and type(value) is list:
            more = [self._packer.pack(part) for part in value[len(before[2]) :]]
            pairs = zip(before[2], value, strict=False)
            return ["list", None, [*(self.node(*pair) for pair in pairs), *more]]
        if kind == "dict" and type(value) is dict:
            known = dict(before[2])
            found = [
                [key, self.node(known[key], part) if key in known else self._packer.pack(part)]
                for key, part in value.items()
                if isinstance(key, str)
            ]
            return ["dict", None, found]
        return self._packer.pack(value)

    def _unchanged(self, before: list[Any], value: Any) -> bool:
        import numpy as np

        _, dtype, shape, axes, start, _ = before
        if type(value) is not np.ndarray or value.dtype.str != dtype or list(value.shape) != shape:
            return False
        if not value.size:
            return True
        laid = value.transpose(axes)
        sent = np.frombuffer(self._payload, laid.dtype, laid.size, start).reshape(laid.shape)
        if not laid.flags.c_contiguous or laid.ndim == 0:
            return laid.tobytes() == sent.tobytes()
        mine, theirs = (array.reshape(-1).view(np.uint8) for array in (laid, sent))
        step = self._wire.CHUNK
        return all(
            np.array_equal(mine[i : i + step], theirs[i : i + step]) for i in range(0, mine.size, step)
        )


class _Silent:
    """What `get_ipython()` gives here: whatever is asked of it, nothing happens."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **options: None


@contextmanager
def _quiet(printed: io.StringIO | None = None) -> Iterator[None]:
    """Catch what is printed, and keep NumPy's warnings away, as `judge` does in a notebook."""
    import numpy as np

    printed = printed or _Capped()
    with (
        redirect_stdout(printed),
        redirect_stderr(printed),
        np.errstate(all="ignore"),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield


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


def main() -> None:
    """Settle in with the settings of the command line, and serve."""
    settings = json.loads(sys.argv[1])
    del sys.argv[1:]
    sys.meta_path.insert(0, _Course(settings["modules"]))
    sys.dont_write_bytecode = True
    import _bnlib_wire as wire
    import numpy  # noqa: F401  (before the limits, and before the clock of the first cell)

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
    if settings["filter"]:
        _filter(base64.b64decode(settings["filter"]))
    sys.stdin = io.StringIO()
    # Threads that share in a call whose memory is judged should not cost it 8 MB each.
    _thread.stack_size(2**19)
    Worker(wire, hands).serve()


if __name__ == "__main__":
    main()
