"""Whether a plain array that `+=` changes has one owner, so that a traced array can take its place."""

from __future__ import annotations

import dis
import sys
from functools import cache
from types import CodeType
from typing import Any

import numpy as np

from ..blame import calling_frame

# Up to 3.12 reading a function's local variables makes a copy of them that stays, with references of its own.
_COPIES = sys.version_info < (3, 13)
_CO_NEWLOCALS = 0x0002


def augmented() -> bool:
    """Whether the learner's code is at an augmented assignment, `total += x`, and not at `np.add(x, 1, out=x)`."""
    frame = calling_frame()
    return frame is not None and _in_place(frame.f_code.co_code, frame.f_lasti)


def stores_item() -> bool:
    """Whether the learner's code is at an assignment to items, `buffer[i] = x` or `buffer[i] += x`."""
    frame = calling_frame()
    if frame is None:
        return False
    code, at = frame.f_code.co_code, frame.f_lasti
    if _in_place(code, at):
        at += 2
        while dis.opname[code[at]] in ("CACHE", "SWAP"):
            at += 2
    return dis.opname[code[at]] in ("STORE_SUBSCR", "STORE_SLICE")


def _in_place(code: bytes, at: int) -> bool:
    # CPython numbers thirteen plain operators first, then the same thirteen in place.
    return dis.opname[code[at]] == "BINARY_OP" and 13 <= code[at + 1] < 26


def sole(out: np.ndarray, stop: CodeType) -> bool:
    """Whether nothing but the target of the augmented assignment holds `out`, the array to be changed.

    References are counted, and those that the assignment itself makes are taken off: they are the same in number
    whenever this is called first thing from an `__array_ufunc__`, so it must not be called from anywhere else.
    `stop` is the code of the function that runs the learner's; frames beyond it are not looked at.
    """
    if out.base is not None and sys.getrefcount(out.base) > 2:
        return False
    held, local = _held(out, stop)
    return held <= _once()[local]


def _held(out: np.ndarray, stop: CodeType) -> tuple[int, bool]:
    """How many references there are, without the copies of local variables; whether a variable is among them."""
    copies, local, frame = 0, False, calling_frame()
    while frame is not None and frame.f_code is not stop:
        found = sum(value is out for value in frame.f_locals.values())
        local = local or found > 0
        if _COPIES and frame.f_code.co_flags & _CO_NEWLOCALS:
            copies += found
        frame = frame.f_back
    return sys.getrefcount(out) - copies, local


@cache
def _once() -> dict[bool, int]:
    """The references to an array with one owner, for an owner that is no variable and for one that is."""
    stop = sys._getframe().f_code
    seen: dict[bool, int] = {}

    def measure(out: np.ndarray) -> None:
        held, local = _held(out, stop)
        seen[local] = held

    class Probe:
        def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
            out = kwargs.pop("out")[0]
            measure(out)
            return self

    # Compiled under a name that is not ours, as a learner's code is.
    exec(compile(_LEARNER, "<one owner>", "exec"), {"np": np, "probe": Probe()})
    return seen


_LEARNER = """
def variable():
    total = np.zeros(1)
    total += probe

def entry():
    totals = {"a": np.zeros(1)}
    totals["a"] += probe

variable()
entry()
"""
