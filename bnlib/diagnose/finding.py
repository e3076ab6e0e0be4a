"""A finding: one change to the right computation that gives the answer, in words and as a prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from .laws import Factor, Law
from .piece import Piece

Kind = Literal["output", "edge", "node", "edges", "entries"]


@dataclass(frozen=True)
class Finding:
    """What explains a wrong answer.

    `slug` is its short name and `says` the words for a learner. `outputs` are those that it explains; of any
    other it says nothing. `ways` are the edges (source, target) whose contribution is changed: the one to
    look at first, then others of which the same could be said. `factor` is what the contribution, the
    gradient of `node` or the output itself is multiplied with. `entries` gives the axis and the place of what
    alone is wrong in an output.
    """

    slug: str
    says: str
    kind: Kind
    outputs: tuple[str, ...]
    factor: Factor
    ways: tuple[tuple[str, str], ...] = ()
    node: str | None = None
    entries: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def predict(self, piece: Piece) -> dict[str, np.ndarray]:
        """What the answer is at another input, for the outputs that the finding explains.

        NaN stands for an entry of which it knows only that it is wrong.
        """
        right = piece.right()
        if self.kind == "entries":
            return {name: _unknown(right[name], *self.entries[name]) for name in self.outputs}
        if self.kind == "output":
            return {name: right[name] * factor_at(self.factor, piece, right[name]) for name in self.outputs}
        if self.kind == "edges" and self.factor.says == "0":
            without = piece.without(frozenset(self.ways))
            return {name: without[name] for name in self.outputs}
        wrong = right
        for target, arrived in self._changed(piece):
            gain = piece.carried(target, arrived * (factor_at(self.factor, piece, arrived) - 1.0))
            wrong = {name: wrong[name] + gain[name] for name in gain}
        return {name: wrong[name] for name in self.outputs}

    def _changed(self, piece: Piece) -> list[tuple[str, np.ndarray]]:
        """What has another factor, each with the node at which it arrives."""
        if self.kind == "node":
            assert self.node is not None
            return [(self.node, piece.backward[self.node])]
        ways = self.ways if self.kind == "edges" else self.ways[:1]
        return [(target, piece.backward.contribution(source, target).value) for source, target in ways]


def factor_at(factor: Factor, piece: Piece, beside: np.ndarray) -> np.ndarray:
    """A factor's value at one input, in a shape that leaves the array beside it in its own; NaN where it has none."""
    if isinstance(factor, Law):
        value = factor.of(piece.sizes)
        return np.asarray(np.nan if value is None else value)
    array = piece.graph[factor.name].value
    ends = zip(reversed(array.shape), reversed(beside.shape), strict=False)
    if array.ndim > beside.ndim or any(length not in (1, there) for length, there in ends):
        return np.asarray(np.nan)
    with np.errstate(all="ignore"):
        return np.asarray(array.astype(np.float64) ** factor.power)


def _unknown(right: np.ndarray, axis: int, place: int) -> np.ndarray:
    known = right.astype(np.float64)
    np.moveaxis(known, axis, 0)[place] = np.nan
    return known
