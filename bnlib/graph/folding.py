"""Which operations become one node: those of a statement, as long as no other statement needs one of them."""

from __future__ import annotations

from collections.abc import Sequence

from .tape import Operation


def fold(
    operations: Sequence[Operation], roots: frozenset[int] | None, outputs: Sequence[int]
) -> tuple[int, ...]:
    """For each operation the one on which its node ends.

    An operation belongs to the node that uses it when it has no name, all its uses are in that one node, and
    it stands in the same run of the same statement. Everything else ends a node of its own.
    """
    users: list[set[int]] = [set() for _ in operations]
    for operation in operations:
        for _, parent in operation.refs:
            users[parent].add(operation.index)
    root = list(range(len(operations)))
    keep = set(outputs)
    for operation in reversed(operations):
        i = operation.index
        if operation.rule is None or operation.name or i in keep or (roots is not None and i in roots):
            continue
        homes = {root[user] for user in users[i]}
        if len(homes) == 1 and all(operations[u].statement == operation.statement for u in users[i]):
            root[i] = homes.pop()
    return tuple(root)


def reaches_smoothly(operations: Sequence[Operation], root: Sequence[int]) -> list[bool]:
    """For each operation, whether a gradient at the end of its node reaches it inside that node."""
    smooth = [i == end for i, end in enumerate(root)]
    for operation in reversed(operations):
        if operation.rule is not None and smooth[operation.index]:
            for position, parent in operation.refs:
                if root[parent] == root[operation.index] and operation.rule.differentiable(position):
                    smooth[parent] = True
    return smooth
