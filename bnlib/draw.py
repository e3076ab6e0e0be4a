"""`draw`: a graph as a picture, with the gradient's way back beside the forward one where it is wished."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from operator import index

import numpy as np

from .describe import describe
from .dress import dress
from .entries import entries, wrap
from .graph import Edge, Gradients, Graph, Node
from .picture import Picture, with_title
from .render import render
from .scene import Arrow, Back, Box, Scene, identifier

__all__ = ["draw", "identifier"]

_DIRECTIONS = ("LR", "TB", "RL", "BT")
# In points: what a notebook shows at natural size. A longer way than this many nodes never fits into it.
_WIDTH, _LONG = 690, 9


def draw(
    graph: Graph,
    backward: Gradients | bool | None = None,
    *,
    step: str | None = None,
    reached: str | None = None,
    unfold: bool = False,
    values: bool = False,
    dims: Mapping[str, int] | None = None,
    rankdir: str | None = None,
) -> Picture:
    """Draw a traced graph: each node with its name, its shape in brackets and its operation.

    `backward` adds the backward edges, labelled d<name>: the Gradients of `graph.backward(dout)`, or True where
    only the ways matter and not the numbers. `step` names one node and draws that alone with what it uses and
    what uses it. `reached` draws the backward edges only as far as the sweep has come once that node has been
    processed, in the same layout for every node. `unfold` makes every operation a node of its own. `values`
    writes the entries of small arrays into the nodes. `dims`, such as {"N": 5, "D": 3}, writes shapes in
    letters. `rankdir` is Graphviz's, "LR" or "TB"; without it a short graph runs from left to right and a long
    one downwards, where its text stays legible. The same graph and options give the same picture.

    Raises KeyError for a name that is no node, ValueError for Gradients of another graph, for `reached` without
    `backward` and for an unknown `rankdir`, and TypeError for a `backward` or `dims` of another kind.
    """
    _refuse(graph, backward, reached, rankdir)
    if unfold:
        graph = graph.unfold()
        backward = graph.backward(backward.seed) if isinstance(backward, Gradients) else backward
    for name in (step, reached):
        if name is not None:
            graph[name]
    gradients = backward if isinstance(backward, Gradients) else _ways(graph) if backward else None
    numbers = values and isinstance(backward, Gradients)
    view = _View(graph, gradients, step, reached, values, numbers, _letters(dims))
    scene = view.scene()
    alt = describe(scene)
    svg = dress(*_layout(scene, rankdir))
    return Picture(with_title(svg, alt).encode("utf-8"), "image/svg+xml", alt)


def _refuse(graph: Graph, backward: object, reached: str | None, rankdir: str | None) -> None:
    if not isinstance(graph, Graph):
        raise TypeError(f"draw needs a Graph, which `trace` makes, and got {type(graph).__name__}")
    if backward is not None and not isinstance(backward, (bool, Gradients)):
        kind = type(backward).__name__
        raise TypeError(f"`backward` is True or what `graph.backward(dout)` returns, and not {kind}")
    if isinstance(backward, Gradients):
        shapes = {name: node.shape for name, node in graph.nodes.items()}
        if {name: gradient.shape for name, gradient in backward.items()} != shapes:
            raise ValueError("`backward` holds the gradients of another graph; call `backward` on this one")
    if reached is not None and not backward:
        raise ValueError("`reached` says how far the gradient has come; give `backward` as well")
    if rankdir is not None and rankdir not in _DIRECTIONS:
        raise ValueError(f'`rankdir` is "LR" or "TB", and not {rankdir!r}')


def _letters(dims: Mapping[str, int] | None) -> dict[str, int]:
    """`dims` as asked for: a letter or word for each size."""
    if dims is None:
        return {}
    if not isinstance(dims, Mapping):
        raise TypeError(f'`dims` is a dictionary such as {{"N": 5, "D": 3}}, and not {type(dims).__name__}')
    found = {}
    for letter, size in dims.items():
        if not isinstance(letter, str) or not re.fullmatch(r"\w+", letter):
            raise TypeError(f"`dims` has the key {letter!r}; a size is called by a letter or a word")
        try:
            found[letter] = index(size)
        except TypeError:
            raise TypeError(f"`dims` says {letter} = {size!r}; a size is a whole number") from None
    return found


def _ways(graph: Graph) -> Gradients:
    """Gradients of which only the ways count: their numbers are nobody's, and warn nobody."""
    with np.errstate(all="ignore"):
        return graph.backward(np.ones(graph[graph.result].shape))


def _layout(scene: Scene, rankdir: str | None) -> tuple[str, Scene, str]:
    """The SVG of the asked direction; without one, from left to right where that fits into a notebook."""
    if rankdir is None and scene.depth <= _LONG:
        svg = render(scene.dot("LR"))
        width = re.search(r'<svg width="([\d.]+)pt"', svg)
        if width and float(width[1]) <= _WIDTH:
            return svg, scene, "LR"
    rankdir = rankdir or "TB"
    return render(scene.dot(rankdir)), scene, rankdir


@dataclass
class _View:
    """Which nodes and edges a picture has, and what stands at each of them."""

    graph: Graph
    gradients: Gradients | None
    step: str | None
    reached: str | None
    values: bool
    numbers: bool
    letters: dict[str, int]

    def scene(self) -> Scene:
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
                    says=f"{one.name} from {edge.target} to {edge.source}",
                    shape=self.shape(node) if self.step else "",
                    value=self._at_edge(one.value),
                    remark="" if self.step is None else "comes in" if edge.source == self.step else "goes out",
                    hidden=not self._processed(edge.target),
                )
        return Arrow(edge.source, edge.target, back, flat=not edge.differentiable)

    def _seed(self, name: str) -> Back:
        assert self.gradients is not None
        return Back(
            name=f"d{name}",
            says=f"d{name} from outside",
            shape=self.shape(self.graph[name]) if self.step else "",
            remark="comes in" if self.step else "",
            value=self._at_edge(self.gradients.seed[name]),
        )

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
        """Whether a node's gradient has come, and all of it: every contribution's source has been processed."""
        if self.gradients is None or not self._arrives(name):
            return False
        return all(self._processed(one.source) for one in self.gradients.contributions(name))
