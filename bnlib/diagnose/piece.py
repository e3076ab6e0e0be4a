"""The right computation as a graph, what comes from above, and which of its arrays an answer should give back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..graph import Gradients, Graph

# What is taken for the same number, as a part of the largest entry; far above rounding in float64.
CLOSE = 1e-8


@dataclass(frozen=True)
class Piece:
    """One input's graph. `gradients` maps an answer's outputs to the nodes whose gradients they are.

    `values` maps outputs to the nodes whose values they are, for a forward pass. `seeds` is what comes from
    above, by node. `sizes` names the lengths that a wrong factor may be made of, such as N and D.
    """

    graph: Graph
    seeds: Mapping[str, np.ndarray] = field(default_factory=dict)
    gradients: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def backward(self) -> Gradients:
        """Every gradient of the right computation."""
        return self.graph.backward(self.seeds)

    def right(self) -> dict[str, np.ndarray]:
        """What the outputs should be."""
        found = {output: self.graph[node].value for output, node in self.values.items()}
        if self.gradients:
            found.update({output: self.backward[node] for output, node in self.gradients.items()})
        return found

    def ways(self) -> Iterator[tuple[str, str]]:
        """Every edge that a gradient passes, as (source, target): what `source` sends back to `target`."""
        for name in self.backward.order:
            for one in self.backward.contributions(name):
                yield one.source, one.target

    def carried(self, target: str, extra: np.ndarray) -> dict[str, np.ndarray]:
        """What the gradients of the outputs gain where `extra` joins the gradient of `target`."""
        return self._outputs(self._sweep({target: extra}, frozenset()))

    def without(self, ways: frozenset[tuple[str, str]]) -> dict[str, np.ndarray]:
        """The gradients of the outputs where the named contributions, (source, target), are left out."""
        return self._outputs(self._sweep(dict(self.backward.seed), ways))

    def _sweep(self, sums: dict[str, np.ndarray], cut: frozenset[tuple[str, str]]) -> dict[str, np.ndarray]:
        for name in self.backward.order:
            if name in sums:
                for parent, part in self.graph.through(name, sums[name]).items():
                    if (name, parent) not in cut:
                        sums[parent] = sums[parent] + part if parent in sums else part
        return sums

    def _outputs(self, sums: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {
            output: sums.get(node, np.zeros(self.graph[node].shape))
            for output, node in self.gradients.items()
        }


@dataclass(frozen=True)
class Sample:
    """An answer at one input: `got` and `right` by output. `right` is what the check holds for right."""

    piece: Piece
    got: Mapping[str, np.ndarray]
    right: Mapping[str, np.ndarray]
    scale: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def wrong(self) -> tuple[str, ...]:
        """The outputs that are not right, in order."""
        return tuple(name for name in self.right if not self.fits(name, self.right[name]))

    def size(self, name: str) -> float:
        """Against what an error in an output is measured."""
        return self.scale.get(name) or float(np.max(np.abs(self.right[name]), initial=0.0)) or 1.0

    def fits(self, name: str, expected: np.ndarray) -> bool:
        """Whether what came back under an output's name is `expected`, but for rounding."""
        got = self.got[name]
        if got.shape != np.shape(expected):
            return False
        size = max(self.size(name), float(np.max(np.abs(expected), initial=0.0)))
        return bool(np.all(np.abs(got - expected) <= CLOSE * size))
