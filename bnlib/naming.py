"""What nodes are called and how their operations read: in the traced function's own words where there are any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .code import Text
from .tape import Operation, Ref


def names_of_nodes(operations: Sequence[Operation], root: Sequence[int], outputs: Sequence[int]) -> dict[int, str]:
    """A name for every node, by its last operation, all different.

    Of a name that is assigned several times the last bears it plain, unless an input has it; the others are
    `out#1`, `out#2`, which no variable can be called. A result without a name is `out`; anything else that
    never got one is named after the node that uses it and its place there, `out.1`.
    """
    ends = [i for i, r in enumerate(root) if i == r]
    names: dict[int, str] = {}
    bearers: dict[str, list[int]] = {}
    for i in ends:
        if operations[i].name:
            bearers.setdefault(operations[i].name or "", []).append(i)
    for name, found in bearers.items():
        plain = found[0] if operations[found[0]].rule is None else found[-1]
        names |= {i: name if i == plain else f"{name}#{k}" for k, i in enumerate(found, 1)}
    for i in outputs:
        if i not in names:
            names[i] = _free("out" if len(outputs) == 1 else f"out{outputs.index(i) + 1}", names)
    users = _first_user(operations)
    for i in reversed(ends):
        if i not in names:
            user = users.get(i)
            base = names[root[user]].split(".")[0] if user is not None else operations[i].rule.name  # type: ignore[union-attr]
            names[i] = f"{base}.?"
    return {i: _numbered(i, ends, names) for i in ends}


def _numbered(i: int, ends: Sequence[int], names: dict[int, str]) -> str:
    if not names[i].endswith(".?"):
        return names[i]
    alike = [j for j in ends if names[j] == names[i]]
    return names[i][:-1] + str(alike.index(i) + 1)


def _free(name: str, names: Mapping[int, str]) -> str:
    taken = set(names.values())
    return name if name not in taken else next(f"{name}#{k}" for k in range(2, 10**6) if f"{name}#{k}" not in taken)


def _first_user(operations: Sequence[Operation]) -> dict[int, int]:
    users: dict[int, int] = {}
    for operation in operations:
        for _, parent in operation.refs:
            users.setdefault(parent, operation.index)
    return users


def expression(
    operations: Sequence[Operation], end: int, root: Sequence[int], names: Mapping[int, str], text: Text
) -> str:
    """A node's operation as text: as the statement wrote it where it is known, else put together from the rules."""
    last = operations[end]
    alone = sum(r == end for r in root)
    in_statement = sum(
        operation.statement == last.statement and operation.rule is not None for operation in operations
    )
    written = text.expressions.get(last.name or "", "") or ("" if last.name else text.returned)
    # The written expression is this node's only if all that the statement did belongs to it, or if the
    # statement assigns several names, each from an expression of its own.
    if written and (alone == in_statement or len(text.expressions) > 1):
        return written
    return _read(operations, end, end, root, names)


def _read(operations: Sequence[Operation], i: int, end: int, root: Sequence[int], names: Mapping[int, str]) -> str:
    operation = operations[i]
    if operation.rule is None or root[i] != end:
        return names[root[i]]
    parts = [operand_text(operand, operations, end, root, names) for operand in operation.operands]
    reads = operation.rule.reads
    if "{all}" in reads:
        return reads.format(all=", ".join(parts))
    # Inside a call's brackets an operand needs none of its own.
    if reads.count("{") == 1 and reads.endswith("({0})"):
        parts = [part[1:-1] if part.startswith("(") and part.endswith(")") else part for part in parts]
    shown = reads.format(*parts)
    axis = operation.parameters.get("axis")
    return shown[:-1] + f", axis={axis})" if axis is not None and shown.endswith(")") else shown


def _constant(value: Any) -> str:
    if isinstance(value, (bool, int, float, np.number)):
        return f"{value:.4g}" if isinstance(value, (float, np.floating)) else str(value)
    if isinstance(value, np.ndarray):
        return f"{value.item():.4g}" if value.ndim == 0 and value.dtype.kind in "fiu" else "array"
    return type(value).__name__


def operand_text(
    operand: Any, operations: Sequence[Operation], end: int, root: Sequence[int], names: Mapping[int, str]
) -> str:
    """An operand as text: a node's name, a number, or in brackets what was computed inside the node `end`."""
    if not isinstance(operand, Ref):
        return _constant(operand)
    inner = _read(operations, operand.index, end, root, names)
    called = inner.endswith(")") and inner.split("(")[0].isidentifier()
    return inner if inner.isidentifier() or called or root[operand.index] != end else f"({inner})"
