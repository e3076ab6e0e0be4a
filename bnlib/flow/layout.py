"""Where everything stands: Graphviz places the nodes once, from left to right, and leads the edges between them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

import graphviz

from ..draw.render import RenderError, render
from ..graph import Graph

Point = tuple[float, float]

# In pixels. A node holds its name, its shape, and under these two small pictures: the value and the gradient.
_HEIGHT, _LEAST, _LETTER = 68, 56, 7.2
# Between two ranks stands the name of a contribution.
_GAP, _BETWEEN = 42, 18
_NODE = re.compile(r'<g id="(node|seed)(\d+)".*?<(?:polygon|ellipse)[^>]*?/>', re.DOTALL)
_EDGE = re.compile(r'<g id="edge(\d+)".*?<path[^>]*? d="([^"]+)"', re.DOTALL)
_SHIFT = re.compile(r"translate\(([-\d.]+)[ ,]([-\d.]+)\)")
_PAIR = re.compile(r"(-?[\d.]+),(-?[\d.]+)")


def layout(graph: Graph, seeds: Iterable[str]) -> dict[str, Any]:
    """The picture's width and height, a box (x, y, width, height) for each node, a path for each edge.

    An edge is the points of a cubic spline from the node that is used to the one that uses it. `seeds` names
    the nodes to which a gradient comes from outside: their paths come from the right. Raises RenderError where
    there is no Graphviz.
    """
    names = {name: i for i, name in enumerate(graph.nodes)}
    dot = graphviz.Digraph("flow")
    # A number stands behind the name of its contribution, which takes more room than the name alone.
    gap = _GAP + 28 * all(node.value.size == 1 for node in graph.nodes.values())
    dot.attr(rankdir="LR", nodesep=_inches(_BETWEEN), ranksep=_inches(gap), pad="0")
    dot.attr("node", shape="box", fixedsize="true", label="", height=_inches(_HEIGHT))
    dot.attr("edge", dir="none")
    dot.attr(**_patience(graph))
    for name, i in names.items():
        dot.node(f"n{i}", id=f"node{i}", width=_inches(_wide(graph, name)))
    for i, edge in enumerate(graph.edges):
        dot.edge(f"n{names[edge.source]}", f"n{names[edge.target]}", id=f"edge{i}")
    for i, name in enumerate(seeds, len(graph.edges)):
        dot.node(f"s{i}", id=f"seed{i}", width="0.02", height="0.02", style="invis")
        dot.edge(f"n{names[name]}", f"s{i}", id=f"edge{i}", weight="4")
    return _read(render(dot.source), len(names))


def _patience(graph: Graph) -> dict[str, str]:
    """How long Graphviz may look for the best places: it does so for every rank that an edge passes.

    A weight that is used all along a deep network makes that minutes; a rougher layout takes a second.
    """
    depth = dict.fromkeys(graph.nodes, 0)
    for edge in graph.edges:
        depth[edge.target] = max(depth[edge.target], depth[edge.source] + 1)
    passed = sum(depth[edge.target] - depth[edge.source] for edge in graph.edges)
    if passed < 6000:
        return {"nslimit": "2", "nslimit1": "2"} if passed > 1500 else {}
    return {"nslimit": "0.1", "nslimit1": "0.1", "mclimit": "0.1"}


def _wide(graph: Graph, name: str) -> int:
    node = graph[name]
    # A single number is written out, twice, where an array has its pictures.
    least = 92 if node.value.size == 1 else _LEAST
    shape = ", ".join(map(str, node.shape))
    return max(least, math.ceil(_LETTER * len(name)) + 12, math.ceil(5.6 * len(shape)) + 20)


def _inches(pixels: float) -> str:
    return f"{pixels / 72:.4f}"


def _read(svg: str, count: int) -> dict[str, Any]:
    """The places out of the SVG, with the upper left corner of everything at (0, 0)."""
    shift = _SHIFT.search(svg)
    if shift is None:
        raise RenderError("the renderer wrote an SVG that is not the graph asked for")
    right, down = float(shift[1]), float(shift[2])

    def points(text: str) -> list[Point]:
        return [(float(x) + right, float(y) + down) for x, y in _PAIR.findall(text)]

    boxes: dict[int, tuple[float, float, float, float]] = {}
    for found in _NODE.finditer(svg):
        corners = points(found[0])
        if found[1] == "node" and corners:
            left, top = min(x for x, _ in corners), min(y for _, y in corners)
            boxes[int(found[2])] = (left, top, max(x for x, _ in corners) - left, _HEIGHT)
    paths = {int(found[1]): points(found[2]) for found in _EDGE.finditer(svg)}
    if len(boxes) < count:
        raise RenderError("the renderer left out nodes of the graph asked for")
    every = [*(point for path in paths.values() for point in path)]
    every += [corner for x, y, w, h in boxes.values() for corner in ((x, y), (x + w, y + h))]
    x0, y0 = min(x for x, _ in every) - 12, min(y for _, y in every) - 14
    return {
        "width": math.ceil(max(x for x, _ in every) - x0 + 14),
        "height": math.ceil(max(y for _, y in every) - y0 + 20),
        "nodes": [
            [round(v, 1) for v in (x - x0, y - y0, w, h)] for x, y, w, h in (boxes[i] for i in range(count))
        ],
        "edges": [[[round(x - x0, 1), round(y - y0, 1)] for x, y in paths[i]] for i in sorted(paths)],
    }
