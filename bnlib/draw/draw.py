"""`draw`: a graph as a picture, with the gradient's way back beside the forward one where it is wished."""

from __future__ import annotations

import re
from collections.abc import Mapping
from operator import index

import numpy as np

from ..graph import Gradients, Graph
from .describe import describe
from .dress import dress
from .picture import Picture, with_title
from .render import render
from .scene import Scene, identifier
from .view import View

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

    `backward` adds the backward edges, labelled d<name>: the Gradients of `graph.backward(dout)`, or True
    where only the ways matter and not the numbers. `step` names one node and draws that alone with what it
    uses and what uses it. `reached` draws the backward edges only as far as the sweep has come once that node
    has been processed, in the same layout for every node. `unfold` makes every operation a node of its own.
    `values` writes the entries of small arrays into the nodes. `dims`, such as {"N": 5, "D": 3}, writes
    shapes in letters. `rankdir` is Graphviz's, "LR" or "TB"; without it a graph runs from left to right where
    that fits into a notebook, else downwards. The same graph and options give the same picture.

    Raises KeyError for a name that is no node; ValueError for Gradients of another graph, for `reached`
    without `backward` and for an unknown `rankdir`; TypeError for a `backward` or `dims` of another kind.
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
    scene = View(graph, gradients, step, reached, values, numbers, _letters(dims)).scene()
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
