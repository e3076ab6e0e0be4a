"""`trace`: run a plain NumPy function and give back the graph of what it did."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import CodeType, FrameType, FunctionType
from typing import Any

import numpy as np

from . import code
from .graph import Graph
from .tape import Statement, Tape, TraceError, frozen, refusals
from .traced import Traced


def trace(function: Callable[..., Any], *arrays: Any, **constants: Any) -> Graph:
    """Run `function(*arrays, **constants)` and return its computational graph.

    `arrays` are the inputs of the graph, arrays or numbers, float64 or float32 as given; `constants` are handed
    on as they are (`eps=1e-5`) and are no nodes. Nodes bear the names of the function's own local variables,
    every intermediate array is kept, in the order of execution. The function's result, or the first of its
    results, is the graph's. Inputs are copied, so the caller's arrays stay as they are. Raises TraceError, with
    the line of the function's code, for an operation that the graph does not know or that would leave it, and
    for a function that returns nothing which depends on its inputs; errors of the function itself pass through.
    """
    tape = Tape(trace.__code__)
    names = _parameter_names(function, len(arrays))
    inputs = [_input(tape, name, array) for name, array in zip(names, arrays, strict=True)]
    watch = _Watch(function, tape)
    before, outer = sys.gettrace(), refusals.heard
    refusals.heard = []
    sys.settrace(watch.on_call)
    try:
        # A refusal that the function caught itself would be a way out of the graph, and of some NumPy makes a
        # ValueError that says less.
        try:
            result = function(*inputs, **constants)
        except Exception:
            refusals.speak()
            raise
        refusals.speak()
        outputs = _outputs(result, tape)
    finally:
        sys.settrace(before)
        refusals.heard = outer
        tape.recording = False
    return Graph(tape.operations, outputs, watch.source, _name(function))


def _name(function: Callable[..., Any]) -> str:
    # A partial tells its function, an object that can be called its class.
    return str(getattr(getattr(function, "func", function), "__name__", type(function).__name__))


def _input(tape: Tape, name: str, array: Any) -> Traced:
    if isinstance(array, Traced):
        raise TraceError(f"`{name}` belongs to another trace; trace one function that does it all")
    try:
        value = frozen(np.asanyarray(array))
    except ValueError as error:
        raise TraceError(f"`{name}` is no array: {error}") from None
    if value.dtype.kind not in "fiub":
        raise TraceError(f"`{name}` holds {value.dtype}, and the graph is for real numbers")
    # A number stays a number beside the array: in float32 work it must not pull everything up to float64.
    number = isinstance(array, (int, float, np.generic))
    return Traced(tape, tape.input(name, array if number else value, value))


def _parameter_names(function: Callable[..., Any], count: int) -> list[str]:
    """The names of the first `count` parameters; x1, x2 where the function does not tell, or takes *arrays."""
    # Reading the signature takes longer than a small layer, and most functions are plain ones.
    if isinstance(function, FunctionType) and not hasattr(function, "__wrapped__"):
        own = function.__code__
        if count <= own.co_argcount:
            return list(own.co_varnames[:count])
    names: list[str] = []
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            names += [f"{parameter.name}{i + 1}" for i in range(count - len(names))]
        elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            names.append(parameter.name)
    names += [f"x{i + 1}" for i in range(len(names), count)]
    return names[:count]


def _outputs(result: Any, tape: Tape) -> list[int]:
    """The operations that the function returned, the first result first, each once."""
    parts = result if isinstance(result, (tuple, list)) else [result]
    first = parts[0] if len(parts) else None
    if not isinstance(first, Traced):
        returned = "nothing" if first is None else f"a plain {type(first).__name__}"
        raise TraceError(
            f"the function returns {returned} as its result, which does not depend on the arrays it was given; "
            "a graph needs a result"
        )
    parts = [part for part in parts if isinstance(part, Traced)]
    if any(part._tape is not tape for part in parts):
        raise TraceError(
            "the function returns an array of another trace; trace one function that does it all"
        )
    return list(dict.fromkeys(part._index for part in parts))


class _Watch:
    """Follows the traced function line by line: which statement runs, and what its local variables stand for."""

    def __init__(self, function: Callable[..., Any], tape: Tape) -> None:
        plain = inspect.unwrap(getattr(function, "func", function))
        plain = getattr(plain, "__func__", plain)
        plain = plain if hasattr(plain, "__code__") else getattr(type(plain), "__call__", plain)  # noqa: B004
        self._code: CodeType | None = getattr(plain, "__code__", None)
        self._tape = tape
        self._frame: FrameType | None = None
        self._began = -1
        self._turn = 0
        self._seen: dict[str, int] = {}
        self.source = code.read(plain) if self._code else code.Source({})

    def on_call(self, frame: FrameType, event: str, argument: Any) -> Any:
        # Only the first call is followed: what helpers do belongs to the statement that called them.
        if frame.f_code is self._code and self._frame is None:
            self._frame = frame
            return self._on_line
        return None

    def _on_line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "return":
            self._name(frame)
        elif event == "line":
            text = self.source.at(frame.f_lineno)
            # Going back to where the statement began is another run of it; inside it, a comprehension goes round.
            again = text.loops or frame.f_lasti <= self._began
            if again or text.line != self._tape.statement.line:
                self._name(frame)
                self._turn += 1
                self._tape.statement = Statement(self._turn, text.line)
                self._began = frame.f_lasti
        return self._on_line

    def _name(self, frame: FrameType) -> None:
        for name, value in frame.f_locals.items():
            if type(value) is Traced and self._seen.get(name) != value._index:
                self._seen[name] = value._index
                operation = self._tape.operations[value._index]
                operation.name = operation.name or name
