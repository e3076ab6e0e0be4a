"""What a picture of a graph shows: which nodes and edges, their texts, how far the gradient has come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..graph import Edge, Gradients, Graph, Node
from .entries import entries, wrap
from .scene import Arrow, Back, Box, Scene


@dataclass
class View:
    """Which nodes and edges a picture has, and what stands at each of them."""

    graph: Graph
    gradients: Gradients | None
    step: str | None
    reached: str | None
    values: bool
    numbers: bool
    letters: dict[str, int]

    def scene(self) -> Scene:
        """The boxes, the arrows and their texts."""
        names = list(self.graph.nodes)
        edges = list(self.graph.edges)
        if self.step is not None:
            near = {self.step, *self.graph[self.step].parents, *self.graph.consumers(self.step)}
            names = [name for name in names if name in near]
            edges = [edge for edge in edges if self.step in (edge.source, edge.target)]
        seeds = {} if self.gradients is None else self.gradients.seed
        return Scene(
            function=self.graph.function or "a function",
            boxes=[self._box(self.graph[name]) for name in names],
            arrows=[self._arrow(edge) for edge in edges],
            seeds={name: self._seed(name) for name in seeds if self.step in (None, name)},
            backward=self.gradients is not None,
            step=self.step,
            reached=self.reached,
            order=self.gradients.order if self.gradients else (),
        )

    def shape(self, node: Node) -> str:
        """A shape in brackets, in letters where `dims` has exactly one letter for the number."""
        parts = []
        for size in node.shape:
            found = [letter for letter, n in self.letters.items() if n == size]
            parts.append(found[0] if len(found) == 1 else str(size))
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"

    def _box(self, node: Node) -> Box:
        # In a step's piece what passes stands at the edges; a node holds no more than the sum of several.
        whole = self.step is None
        if self.gradients is not None and self.step == node.name:
            whole = len(self.gradients.contributions(node.name)) > 1
        known = self.gradients is not None and self.numbers and whole and self._arrives(node.name)
        return Box(
            name=node.name,
            kind="input" if node.is_input else "result" if node.name == self.graph.result else "step",
            shape=self.shape(node),
            op=node.op,
            op_lines=wrap(node.op),
            value=entries(node.value) if self.values else (),
            gradient=entries(self.gradients[node.name]) if known and self.gradients else (),
            gradient_hidden=not self._complete(node.name),
            state=self._state(node),
        )

    def _state(self, node: Node) -> str:
        if node.name in (self.step, self.reached):
            return "here" if self.gradients else "chosen"
        if self.step is not None:
            return "" if node.name in self.graph[self.step].parents else "context"
        return "known" if self.reached is not None and self._complete(node.name) else ""

    def _arrow(self, edge: Edge) -> Arrow:
        back = None
        node = self.graph[edge.source]
        for one in self.gradients.contributions(edge.source) if self.gradients else ():
            if one.source == edge.target:
                back = Back(
                    name=one.name,
                    way=f"from {edge.target} to {edge.source}",
                    shape=self.shape(node) if self.step else "",
                    value=self._at_edge(one.value),
                    remark=self._remark(edge.source),
                    hidden=not self._processed(edge.target),
                )
        return Arrow(edge.source, edge.target, back, flat=not edge.differentiable)

    def _seed(self, name: str) -> Back:
        assert self.gradients is not None
        return Back(
            name=f"d{name}",
            way="from outside",
            shape=self.shape(self.graph[name]) if self.step else "",
            remark=self._remark(name),
            value=self._at_edge(self.gradients.seed[name]),
        )

    def _remark(self, target: str) -> str:
        """In a step's piece, on which side of the step a gradient on its way to `target` is."""
        return "" if self.step is None else "comes in" if target == self.step else "goes out"

    def _at_edge(self, value: np.ndarray) -> tuple[str, ...]:
        """The numbers of a single contribution: in a step's piece, and where there is one number only."""
        return entries(value) if self.numbers and (self.step is not None or value.size == 1) else ()

    def _processed(self, name: str) -> bool:
        if self.reached is None or self.gradients is None:
            return True
        order = self.gradients.order
        return order.index(name) <= order.index(self.reached)

    def _arrives(self, name: str) -> bool:
        """Whether a gradient ever comes to a node: not to a mask, nor to what the result does not use."""
        return self.gradients is not None and (
            bool(self.gradients.contributions(name)) or name in self.gradients.seed
        )

    def _complete(self, name: str) -> bool:
        """Whether a node's gradient has come, and all of it: whatever sends it has been processed."""
        if self.gradients is None or not self._arrives(name):
            return False
        return all(self._processed(one.source) for one in self.gradients.contributions(name))
