"""Executes the cells of one submission in order, and calls its functions by name."""

from __future__ import annotations

import gc
import io
import linecache
import os
import tracemalloc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from types import TracebackType
from typing import Any

import _bnlib_wire as wire
import numpy as np

from .after import After
from .silence import Silence

MAX_PRINTED = 20_000
MAX_MESSAGE = 2_000
MAX_HANDLES = 10_000


class Server:
    """One submission's names, and the objects that stay here behind a handle."""

    def __init__(self, hands: tuple[int, int]):
        self._in, self._out = hands
        self.names: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__}
        self.names |= {"get_ipython": Silence, "display": lambda *a, **k: None, "In": [], "Out": {}}
        self.kept: dict[int, Any] = {}
        self._files: dict[str, str] = {}
        self._ready: tuple[Any, list[Any], dict[str, Any], Any, bytes | bytearray] | None = None

    def serve(self) -> None:
        """Answer one request after the other, until the other end closes."""
        while True:
            request = wire.receive(self._read, 2**32, wire.MAX_REQUEST)
            reply, packer = self._answer(request.header, request.payload)
            reply["id"] = request.header.get("id")
            del request
            for part in wire.frames(reply, packer):
                self._write(part)

    def _answer(self, header: dict[str, Any], payload: Any) -> tuple[dict[str, Any], Any]:
        packer = wire.Packer(self._keep)
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
        unpacker = wire.Unpacker(payload, self._hand_over)
        args = unpacker.unpack(header["args"])
        options = unpacker.unpack(header["options"])
        self._ready = header["name"], args, options, header["args"], payload
        if header["do"] == "prepare":
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
            packer = wire.Packer(self._keep)
        reply["printed"] = printed.getvalue()
        try:
            after = After(packer, payload)
            reply["args"] = [after.node(before, value) for before, value in zip(nodes[2], args, strict=True)]
        except BaseException as error:
            reply["error"] = reply["error"] or self._report(error)
            reply.pop("result", None)
            reply["args"], packer = [["same"] for _ in args], wire.Packer(self._keep)
        return reply, packer

    def _counted(self, reply: dict[str, Any], name: str, args: list[Any], options: dict[str, Any]) -> Any:
        """Where no limit can be set from outside, the peak is this process's own word."""
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
            raise wire.WireError("it has too many parts")
        number = len(self.kept)
        self.kept[number] = value
        try:
            text = repr(value)[:200]
        except BaseException:
            text = "?"
        # An array of objects has a shape to speak of, though nothing of it is handed over.
        shape = list(value.shape) if type(value).__name__ == "ndarray" else None
        kind = value.dtype.name if shape is not None else wire.type_name(value)
        return ["opaque", number, kind, text, shape]

    def _hand_over(self, node: list[Any]) -> Any:
        kind, *fields = node
        if kind == "handle":
            return self.kept[fields[0]]
        # One of the course's own functions, by its name and its text.
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
            "type": wire.type_name(error),
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
                part = os.read(self._in, min(count - start, wire.CHUNK))
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


class _Capped(io.StringIO):
    """Keeps the first part of what is printed, so that a flood of it costs nothing."""

    def write(self, text: str) -> int:
        room = MAX_PRINTED - self.tell()
        if room > 0:
            super().write(str(text)[:room])
        return len(text)


@contextmanager
def _quiet(printed: io.StringIO | None = None) -> Iterator[None]:
    """Catch what is printed, and keep NumPy's warnings away, as `judge` does in a notebook."""
    printed = printed or _Capped()
    with (
        redirect_stdout(printed),
        redirect_stderr(printed),
        np.errstate(all="ignore"),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield
