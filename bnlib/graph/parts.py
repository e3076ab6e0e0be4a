"""What a graph is made of: nodes, edges, and the gradients that a way back leaves at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Node:
    """An input, or what one statement computes.

    `name` is the function's own name for it, `op` the operation as text, `line` and `lineno` the line of code
    that made it, `parents` the names it was computed from in order of use, `operations` the indices of its
    operations on the tape. `value` is the array as it was then.
    """

    name: str
    op: str
    value: np.ndarray
    parents: tuple[str, ...]
    line: str
    lineno: int
    operations: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return self.value.shape

    @property
    def dtype(self) -> np.dtype:
        """The dtype of the value."""
        return self.value.dtype

    @property
    def is_input(self) -> bool:
        """Whether the function was given it."""
        return not self.operations


@dataclass(frozen=True)
class Edge:
    """`source` is used by `target`; no gradient passes where it is not `differentiable`."""

    source: str
    target: str
    differentiable: bool


@dataclass(frozen=True)
class Contribution:
    """What one use of `target` sends back to it: `source` is the node that used it.

    `name` is d<target>, numbered in order of arrival where there are several: dxmu1, dxmu2.
    """

    name: str
    source: str
    target: str
    value: np.ndarray


class Gradients(Mapping[str, np.ndarray]):
    """The gradient of every node by name, and each contribution it is the sum of.

    A node that the result does not depend on has a gradient of zeros. `order` is the reverse topological order
    in which the nodes were processed, `seed` what came from outside, by name.
    """

    def __init__(
        self,
        sums: dict[str, np.ndarray],
        arrived: dict[str, list[Contribution]],
        order: tuple[str, ...],
        seed: dict[str, np.ndarray],
    ) -> None:
        self._sums = sums
        self._arrived = arrived
        self.order = order
        self.seed = seed

    def __getitem__(self, name: str) -> np.ndarray:
        try:
            return self._sums[name]
        except KeyError:
            raise KeyError(f"no node is named {name!r}; there are {', '.join(self._sums)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._sums)

    def __len__(self) -> int:
        return len(self._sums)

    def contributions(self, name: str) -> list[Contribution]:
        """What arrived at a node, in order of arrival; with the seed, if any, it adds up to the gradient."""
        self[name]
        return list(self._arrived.get(name, ()))

    def contribution(self, source: str, target: str) -> Contribution:
        """What node `source` sent back to its parent `target`; raises KeyError where no gradient passed."""
        for one in self._arrived.get(target, ()):
            if one.source == source:
                return one
        raise KeyError(f"no gradient passed from {source!r} to {target!r}")


def contribution_name(target: str, number: int, count: int) -> str:
    """`dxmu` where there is one contribution, `dxmu1`, `dxmu2` where there are several."""
    if count == 1:
        return f"d{target}"
    return f"d{target}_{number}" if target[-1].isdigit() else f"d{target}{number}"
