"""The tape: every operation that ran, in order, with its operands, its value and the statement it stands in."""

from __future__ import annotations

import operator
import threading
import weakref
from dataclasses import dataclass, field
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from ..blame import Line, calling_line
from ..ops import Rule


class _Refusals(threading.local):
    """What was refused since the running trace began, in case the function catches it and goes on without."""

    heard: list[TraceError] | None = None

    def speak(self) -> None:
        """Raise the first refusal, if there was one."""
        if self.heard:
            raise self.heard[0] from None


refusals = _Refusals()


class TraceError(TypeError):
    """Something that the graph can't follow, with the line of the traced code on which it stands."""

    def __init__(self, what: str, line: Line | None = None):
        self.line = line or calling_line()
        super().__init__(f"{self.line}: {what}" if self.line else what)
        if refusals.heard is not None:
            refusals.heard.append(self)


@dataclass(slots=True)
class Ref:
    """An operand that is itself on the tape, at `index`."""

    index: int


class Statement(NamedTuple):
    """One execution of one statement of the traced function: a loop's body gives one for each turn."""

    turn: int
    line: int


@dataclass(slots=True)
class Operation:
    """One entry of the tape.

    Inputs have no rule; `operands` holds Refs and plain values; `name` may come later. `plain` is what the
    function would have in its hands without a tape: an array, NumPy's scalar, or the Python number it was
    given, whose precision follows the array that it meets. `value` is the same as an array.
    """

    index: int
    rule: Rule | None
    operands: tuple[Any, ...]
    parameters: dict[str, Any]
    plain: Any
    value: np.ndarray
    statement: Statement
    name: str | None = None

    @property
    def refs(self) -> list[tuple[int, int]]:
        """The operands that are on the tape, as pairs of position and index."""
        return [(i, operand.index) for i, operand in enumerate(self.operands) if type(operand) is Ref]


# Between Python's own numbers an operator gives a Python number again, where NumPy's function would not.
_PYTHON = (float, int, bool)
_OPERATORS: dict[Any, Any] = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.divide: operator.truediv,
    np.negative: operator.neg,
    np.positive: operator.pos,
}


@dataclass
class Tape:
    """Records while the traced function runs, called by the function whose code is `runner`."""

    runner: CodeType
    operations: list[Operation] = field(default_factory=list)
    statement: Statement = field(default=Statement(0, 0))
    recording: bool = True
    # The arrays that the function may still have in its hands, for finding those that show parts of each other.
    living: list[weakref.ref[Any]] = field(default_factory=list)
    # A function may compute on threads of its own, and an index must be the operation's place.
    lock: Any = field(default_factory=threading.Lock)

    def input(self, name: str, plain: Any, value: np.ndarray) -> int:
        """Enter an input; returns its index."""
        return self._enter(None, (), {}, plain, value, name)

    def record(
        self,
        rule: Rule,
        operands: tuple[Any, ...],
        values: list[Any],
        parameters: dict[str, Any],
        into: np.ndarray | None = None,
    ) -> int:
        """Run an operation on the operands' `values` and enter it; returns its index.

        `into` is the array whose shape, dtype and layout an in-place operation must keep. NumPy's own errors
        about shapes and dtypes pass through unchanged.
        """
        if not self.recording:
            raise TraceError("this array belongs to a trace that has ended; trace the function again")
        if into is not None:
            # NumPy refuses to write into what `np.broadcast_to` gives.
            if not into.flags.writeable:
                raise ValueError("output array is read-only")
            plain = np.empty_like(into)
            rule.call(*values, **parameters, out=plain)
        elif type(values[0]) in _PYTHON and all(type(value) in _PYTHON for value in values):
            call = _OPERATORS.get(rule.call, rule.call)
            plain = call(*values, **parameters)
        else:
            plain = rule.call(*values, **parameters)
        value = np.asarray(plain)
        if value.dtype.kind not in "fiub":
            raise TraceError(f"`{rule.name}` gives {value.dtype} numbers; the graph is for real ones")
        return self._enter(rule, operands, parameters, plain, value, None)

    def _enter(
        self,
        rule: Rule | None,
        operands: Any,
        parameters: Any,
        plain: Any,
        value: np.ndarray,
        name: str | None,
    ) -> int:
        with self.lock:
            index = len(self.operations)
            self.operations.append(
                Operation(index, rule, operands, parameters, plain, value, self.statement, name)
            )
        return index


def frozen(operand: Any) -> Any:
    """A plain operand as the tape keeps it: a list as an array, an array as a copy, which nobody can change.

    The backward pass reads operands again, and the function may have written over its own by then. Raises
    TraceError for a matrix or a masked array, which mean something else by the same operators.
    """
    if isinstance(operand, np.ndarray) and type(operand) not in (np.ndarray, np.memmap):
        raise TraceError(f"a {type(operand).__name__} is not known to the graph; use a plain array")
    return np.array(operand) if isinstance(operand, (np.ndarray, list, tuple)) else operand
