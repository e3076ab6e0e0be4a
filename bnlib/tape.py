"""The tape: every operation that ran, in order, with its operands, its value and the statement it stands in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .blame import Line, calling_line
from .ops import Rule


class TraceError(TypeError):
    """Something that the graph can't follow, with the line of the traced code on which it stands."""

    def __init__(self, what: str, line: Line | None = None):
        line = line or calling_line()
        where = f"line {line.number}, `{line.text}`: " if line else ""
        super().__init__(f"{where}{what}")
        self.line = line


@dataclass(frozen=True)
class Ref:
    """An operand that is itself on the tape, at `index`."""

    index: int


@dataclass(frozen=True)
class Statement:
    """One execution of one statement of the traced function: a loop's body gives one for each turn."""

    turn: int
    line: int


@dataclass
class Operation:
    """One entry of the tape. Inputs have no rule; `operands` holds Refs and plain values; `name` may come later."""

    index: int
    rule: Rule | None
    operands: tuple[Any, ...]
    parameters: dict[str, Any]
    value: np.ndarray
    statement: Statement
    name: str | None = None

    @property
    def refs(self) -> list[tuple[int, int]]:
        """The operands that are on the tape, as pairs of position and index."""
        return [(i, operand.index) for i, operand in enumerate(self.operands) if isinstance(operand, Ref)]


@dataclass
class Tape:
    """Records while the traced function runs, and refuses what would leave the graph unseen."""

    operations: list[Operation] = field(default_factory=list)
    statement: Statement = Statement(0, 0)
    recording: bool = True
    # Plain arrays that an in-place operation put into the graph: nobody may read them under their old name.
    absorbed: list[np.ndarray] = field(default_factory=list)

    def input(self, name: str, value: np.ndarray) -> int:
        """Enter an input; returns its index."""
        return self._enter(None, (), {}, value, name)

    def record(self, rule: Rule, operands: tuple[Any, ...], parameters: dict[str, Any], into: Any = None) -> int:
        """Run an operation on the operands' values and enter it; returns its index.

        `into` is the array whose shape and dtype an in-place operation must keep. NumPy's own errors about
        shapes and dtypes pass through unchanged.
        """
        if not self.recording:
            raise TraceError("this array belongs to a trace that has ended; trace the function again")
        for operand in operands:
            self._refuse_absorbed(operand)
        values = self.values(operands)
        if into is None:
            value = rule.call(*values, **parameters)
        else:
            value = into.copy()
            rule.call(*values, **parameters, out=value)
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            raise TraceError(f"`{rule.name}` gives {array.dtype} numbers; the graph is for real ones")
        return self._enter(rule, operands, parameters, array, None)

    def values(self, operands: tuple[Any, ...]) -> tuple[Any, ...]:
        """The operands as plain arrays and numbers."""
        return tuple(self.operations[o.index].value if isinstance(o, Ref) else o for o in operands)

    def _enter(self, rule: Rule | None, operands: Any, parameters: Any, value: np.ndarray, name: str | None) -> int:
        index = len(self.operations)
        self.operations.append(Operation(index, rule, operands, parameters, value, self.statement, name))
        return index

    def _refuse_absorbed(self, operand: Any) -> None:
        if isinstance(operand, np.ndarray) and any(np.may_share_memory(operand, gone) for gone in self.absorbed):
            raise TraceError(
                "this plain array was changed in place by a traced one and is read again under another name; "
                "start from `np.zeros_like` of a traced array instead"
            )
