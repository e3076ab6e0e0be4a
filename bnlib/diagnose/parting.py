"""Where two forward passes part: the first array, by the name that both gave it, whose numbers differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..graph import Graph
from .piece import CLOSE, Piece


@dataclass(frozen=True)
class Parting:
    """`name` is the first array that differs and `line` the line of code that made it; `agreed` come before it."""

    name: str
    line: str
    agreed: tuple[str, ...]
    error: float
    shape: tuple[int, ...]
    expected: tuple[int, ...]

    @property
    def says(self) -> str:
        """The words for a learner; no more than what was measured."""
        before = f"Your `{self.agreed[-1]}` is still right. " if self.agreed else ""
        if self.shape != self.expected:
            how = f"it has the shape {self.shape} where {self.expected} belongs"
        else:
            how = f"its largest error is {self.error:.2g} of its size"
        return f"{before}The first array that differs is `{self.name}`: {how}."


def parting(own: Graph, piece: Piece) -> Parting | None:
    """Compare the arrays of two graphs that have a name in common, in the order in which `own` made them.

    The right graph's arrays go by its own names and by those of the outputs that they are.

    None where all of them agree, and where no array that was computed has a name in common.
    """
    agreed: list[str] = []
    right = piece.graph
    for name, node in own.nodes.items():
        there = piece.values.get(name, name)
        if node.is_input or there not in right.nodes or right[there].is_input:
            continue
        got, expected = node.value, right[there].value
        if got.shape != expected.shape:
            return Parting(name, node.line, tuple(agreed), np.inf, got.shape, expected.shape)
        size = float(np.max(np.abs(expected), initial=0.0)) or 1.0
        error = float(np.max(np.abs(got - expected), initial=0.0)) / size
        if not error <= CLOSE:
            return Parting(name, node.line, tuple(agreed), error, got.shape, expected.shape)
        agreed.append(name)
    return None
