"""What nodes are called and how their operations read: in the traced function's own words where there are any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .code import Text
from .tape import Operation, Ref


def names_of_nodes(
    operations: Sequence[Operation], root: Sequence[int], outputs: Sequence[int]
) -> dict[int, str]:
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
    bases: dict[int, str] = {}
    for i in reversed(ends):
        if i not in names:
            user = users.get(i)
            if user is None:
                bases[i] = operations[i].rule.name  # type: ignore[union-attr]
            else:
                bases[i] = bases[root[user]] if root[user] in bases else names[root[user]]
    count: Counter[str] = Counter()
    for i in ends:
        if i in bases:
            count[bases[i]] += 1
            names[i] = f"{bases[i]}.{count[bases[i]]}"
    return {i: names[i] for i in ends}


def _free(name: str, names: Mapping[int, str]) -> str:
    taken = set(names.values())
    return (
        name
        if name not in taken
        else next(f"{name}#{k}" for k in range(2, 10**6) if f"{name}#{k}" not in taken)
    )


def _first_user(operations: Sequence[Operation]) -> dict[int, int]:
    users: dict[int, int] = {}
    for operation in operations:
        for _, parent in operation.refs:
            users.setdefault(parent, operation.index)
    return users


def expression(
    operations: Sequence[Operation],
    members: Sequence[int],
    root: Sequence[int],
    names: Mapping[int, str],
    text: Text,
) -> str:
    """A node's operation as text: as the statement wrote it where it is known, else put together from the rules.

    `members` are the node's operations; `text.returned` is read for a node without a name.
    """
    last = operations[members[-1]]
    written = text.expressions.get(last.name, "") if last.name else text.returned
    # What was written is this node's only if no part of it became a node of its own.
    if written and not any(
        root[parent] != last.index
        and operations[parent].statement == last.statement
        and operations[parent].rule is not None
        and not operations[parent].name
        for i in members
        for _, parent in operations[i].refs
    ):
        return written
    return _read(operations, members, root, names)


# A helper's loop can put thousands of operations into one node.
_LONG = 200


def _read(
    operations: Sequence[Operation], members: Sequence[int], root: Sequence[int], names: Mapping[int, str]
) -> str:
    texts: dict[int, str] = {}
    for i in members:
        operation = operations[i]
        assert operation.rule is not None
        bare = [
            (texts[operand.index] if operand.index in texts else names[root[operand.index]])
            if isinstance(operand, Ref)
            else _constant(operand)
            for operand in operation.operands
        ]
        inner = [isinstance(operand, Ref) and operand.index in texts for operand in operation.operands]
        reads = operation.rule.reads
        if "{all}" in reads:
            shown = reads.format(all=", ".join(bare))
        elif _call(reads):
            shown = reads.format(*bare)
        else:
            shown = reads.format(
                *(
                    f"({part})" if mine and not _call(part) else part
                    for part, mine in zip(bare, inner, strict=True)
                )
            )
        axis = operation.parameters.get("axis")
        if axis is not None and _call(shown):
            shown = f"{shown[:-1]}, axis={axis})"
        texts[i] = shown if len(shown) <= _LONG else f"{operation.rule.name}(...)"
    return texts[members[-1]]


def _call(text: str) -> bool:
    """Whether a text is one call from end to end, `sqrt(a)` and not `sqrt(a) + sqrt(b)`."""
    head, bracket, rest = text.partition("(")
    if not (head.isidentifier() and bracket and rest.endswith(")")):
        return False
    depth = 1
    for place, letter in enumerate(rest):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return place == len(rest) - 1
    return False


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
    if root[operand.index] != end:
        return names[root[operand.index]]
    before = [i for i in range(operand.index + 1) if root[i] == end]
    inner = _read(operations, before, root, names)
    return inner if _call(inner) else f"({inner})"
