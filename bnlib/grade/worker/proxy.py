"""Callables on the trusted side that stand for a learner's functions in the worker."""

from __future__ import annotations

import builtins
import errno
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from ...blame import Line
from ...memory import TooMuchMemory
from .desk import Desk
from .host import Ended
from .wire import Message, Node, Packer, Unpacker, WireError


class Opaque:
    """An object that stays in the worker; here it can be handed back to it, and its type can be named."""

    _desk: Desk
    _worker: int
    _number: int
    _text: str

    def __repr__(self) -> str:
        return self._text


def proxies(desk: Desk, names: Iterable[str]) -> dict[str, Callable[..., Any]]:
    """A proxy for each of the names that stands for something callable in the worker. May raise Ended."""
    wanted = list(names)
    return {name: _proxy(desk, name) for name, there in zip(wanted, desk.has(wanted), strict=True) if there}


def _proxy(desk: Desk, name: str) -> Callable[..., Any]:
    """A function that calls the worker's: same result, same changes to its arguments, same exceptions.

    Its attribute `within(allowed, *args)` does so under a limit on memory; see `bnlib.memory.call_within`.
    """

    def call(*args: Any, **options: Any) -> Any:
        header, packer = _pack(desk, name, args, options)
        return _finish(desk, desk.call(header, packer), args)

    def within(allowed: int, *args: Any) -> Any:
        # The worker is gone after this, and with it what a result might leave there.
        reply, peak = desk.call_within(allowed, lambda: _pack(desk, name, args, {}))
        error = reply.header.get("error")
        if peak > allowed or _no_memory(error):
            raise TooMuchMemory(peak or None)
        return _finish(desk, reply, args)

    call.__name__ = call.__qualname__ = name
    call.within = within  # type: ignore[attr-defined]
    return call


def _no_memory(error: Any) -> bool:
    """Whether a call ended because there was no more memory, in Python's words or in the system's."""
    if not isinstance(error, dict):
        return False
    kinds, text = error.get("kinds"), error.get("text")
    if not isinstance(kinds, list) or not isinstance(text, str):
        return False
    return "MemoryError" in kinds or ("OSError" in kinds and text.startswith(f"[Errno {errno.ENOMEM}]"))


def _pack(
    desk: Desk, name: str, args: tuple[Any, ...], options: dict[str, Any]
) -> tuple[dict[str, Any], Packer]:
    def other(value: Any) -> Node:
        number = desk.arrays.get(id(value), (None, None))[1]
        if number is not None:
            return ["handle", number]
        if isinstance(value, Opaque):
            if value._desk is not desk or value._worker != desk.number:
                raise Ended("died", "What an earlier call left behind is gone.")
            return ["handle", value._number]
        if inspect.isfunction(value):
            return ["function", value.__name__, _text_of(value)]
        raise WireError(f"a {type(value).__name__} can't be handed over")

    packer = Packer(other)
    nodes = packer.pack(list(args)), packer.pack(options)
    return {"name": name, "args": nodes[0], "options": nodes[1]}, packer


@lru_cache(maxsize=256)
def _text_of(function: Callable[..., Any]) -> str:
    """A course's own function as text, for the worker to make it anew; it may need `np` and nothing else."""
    home = sys.modules.get(function.__module__)
    if getattr(home, function.__name__, None) is not function:
        raise WireError(f"{function.__qualname__} has no place of its own in a module")
    missing = set(inspect.getclosurevars(function).globals) - {"np"}
    if missing:
        raise WireError(f"{function.__qualname__} needs more than NumPy: {', '.join(sorted(missing))}")
    return textwrap.dedent(inspect.getsource(function))


def _finish(desk: Desk, reply: Message, args: tuple[Any, ...]) -> Any:
    """What a call gives: the changes to its arguments made, then its result, or its exception raised."""
    header = reply.header

    def other(node: list[Any]) -> Any:
        kind, *fields = node
        if kind != "opaque" or len(fields) != 4:
            raise WireError("a node is of no known kind")
        return _opaque(desk, *fields)

    unpacker = Unpacker(reply.payload, other, copy=False)
    try:
        after = header.get("args")
        if not isinstance(after, list) or len(after) != len(args):
            raise WireError("the arguments are missing")
        for old, node in zip(args, after, strict=True):
            _settle(old, node, unpacker)
        printed = header.get("printed", "")
        if isinstance(printed, str) and printed:
            print(printed[:20_000], end="")
        error = header.get("error")
        result = unpacker.unpack(header.get("result")) if error is None else None
    except WireError as reason:
        desk.close()
        raise Ended("unsound", f"The worker sent what is no reply: {reason}.") from None
    if error is not None:
        raise exception(error)
    return result


def _opaque(desk: Desk, number: Any, kind: Any, text: Any, shape: Any) -> Any:
    if type(number) is not int or type(text) is not str or type(kind) is not str:
        raise WireError("an object is damaged")
    if shape is not None:
        # An array whose entries stay there: its shape and that it holds objects is all a verdict needs.
        if type(shape) is not list or any(type(size) is not int or size < 0 for size in shape):
            raise WireError("a shape is damaged")
        if len(shape) > 16 or np.prod([float(size) for size in shape]) > 1e7:
            raise WireError("an array of objects is too large")
        array = np.empty(shape, dtype=object)
        # Kept here too, so that its id stays its own.
        desk.arrays[id(array)] = array, number
        return array
    if not kind.isidentifier() or len(kind) > 80:
        raise WireError("a type has no proper name")
    found = type(kind, (Opaque,), {})()
    found._desk, found._worker, found._number, found._text = desk, desk.number, number, text[:200]
    return found


def _settle(old: Any, node: Node, unpacker: Unpacker, replaceable: bool = False) -> Any:
    """Bring a value to what it is in the worker after the call; returns it, or what stands in its place."""
    kind = node[0] if type(node) is list and node else None
    if kind == "same":
        return old
    if type(old) is dict and kind == "dict" and len(node) == 3 and type(node[2]) is list:
        found = {}
        for pair in node[2]:
            if type(pair) is not list or len(pair) != 2 or type(pair[0]) is not str:
                raise WireError("a dictionary is damaged")
            key = pair[0]
            found[key] = (
                _settle(old[key], pair[1], unpacker, True) if key in old else unpacker.unpack(pair[1])
            )
        old.clear()
        old.update(found)
    elif type(old) is list and kind == "list" and len(node) == 3 and type(node[2]) is list:
        known = [_settle(*pair, unpacker, True) for pair in zip(old, node[2], strict=False)]
        old[:] = known + [unpacker.unpack(part) for part in node[2][len(old) :]]
    elif type(old) is tuple and kind == "tuple" and len(node) == 3 and type(node[2]) is list:
        for pair in zip(old, node[2], strict=False):
            _settle(*pair, unpacker)
    else:
        new = unpacker.unpack(node)
        if replaceable:
            return new
        if isinstance(old, np.ndarray):
            _overwrite(old, new)
    return old


def _overwrite(old: np.ndarray, new: Any) -> None:
    """Give an array the entries that it has in the worker; where it became another one, entries that differ."""
    if not old.size or not old.flags.writeable:
        return
    if isinstance(new, np.ndarray) and new.shape == old.shape and new.dtype == old.dtype:
        old[...] = new
    else:
        old[...] = np.logical_not(old)


def exception(error: Any) -> BaseException:
    """The learner's exception as one of the same name, text and kind; its line is the learner's.

    Only Python's own kinds are made, whatever the worker says; one that would end the grader is an ordinary
    exception of that name. `bnlib.blame.learners_line` finds the line as an attribute.
    """
    if not isinstance(error, dict):
        raise Ended("unsound", "The worker sent what is no reply.")
    text = error.get("text") if isinstance(error.get("text"), str) else ""
    name = error.get("type")
    if not isinstance(name, str) or not name.isidentifier():
        name = "Exception"
    kinds = error.get("kinds")
    base = next(filter(None, map(_kind, kinds if isinstance(kinds, list) else [])), Exception)
    made: Any = type(name[:80], (base,), {"__str__": lambda self: text})
    # Past a constructor that may want more than a text.
    found: Any = base.__new__(made)
    found.args = (text,)
    if isinstance(error.get("name"), str):
        found.name = error["name"]
    line = error.get("line")
    if isinstance(line, list) and [type(part) for part in line] == [int, str]:
        found.learners_line = Line(line[0], line[1][:300])
    return found


def _kind(name: Any) -> type[Exception] | None:
    """Python's own exception of that name, or NumPy's, if it is one that code can expect to catch."""
    found = getattr(builtins, name, None) if isinstance(name, str) else None
    if name == "LinAlgError":
        found = np.linalg.LinAlgError
    if (
        not isinstance(found, type)
        or not issubclass(found, Exception)
        or issubclass(found, BaseExceptionGroup)
    ):
        return None
    return found
