"""Where everything stands: Graphviz places the nodes once, from left to right, and leads the edges between them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import graphviz

from ..draw.render import RenderError, render
from ..graph import Graph
from .columns import spread, width_of

Point = tuple[float, float]
Box = tuple[float, float, float, float]

# In pixels. A node holds its name, its shape, and under these two small pictures: the value and the gradient.
_HEIGHT, _LEAST = 66, 45
# What Graphviz leaves between two ranks and two nodes of one; the ranks are moved apart or together afterwards.
_GAP, _BETWEEN = 42, 18
# Letters in a node and on an edge, as in flow.css.
NAME, LABEL, SHAPE = 14, 13, 11.5
_NODE = re.compile(r'<g id="(node|seed)(\d+)".*?<(?:polygon|ellipse)[^>]*?/>', re.DOTALL)
_EDGE = re.compile(r'<g id="edge(\d+)".*?<path[^>]*? d="([^"]+)"', re.DOTALL)
_SHIFT = re.compile(r"translate\(([-\d.]+)[ ,]([-\d.]+)\)")
_PAIR = re.compile(r"(-?[\d.]+),(-?[\d.]+)")


def layout(
    graph: Graph, seeds: Iterable[str], labels: Mapping[tuple[str, str], str] | None = None
) -> dict[str, Any]:
    """The picture's width and height, a box (x, y, width, height) for each node, a path for each edge.

    An edge is the points of a cubic spline from the node that is used to the one that uses it. `seeds` names
    the nodes to which a gradient comes from outside: their paths come from the right. `labels` are the texts
    that will stand at the edges, by (source, target). Raises RenderError where there is no Graphviz.
    """
    seeds = list(seeds)
    names = {name: i for i, name in enumerate(graph.nodes)}
    pairs = [(edge.source, edge.target) for edge in graph.edges]
    texts = [(labels or {}).get(pair, f"d{pair[0]}") for pair in pairs] + [f"d{name}" for name in seeds]
    dot = graphviz.Digraph("flow")
    dot.attr(rankdir="LR", nodesep=_inches(_BETWEEN), ranksep=_inches(_GAP), pad="0")
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
    boxes, paths = _read(render(dot.source), len(names))
    ends = [(names[parent], names[user]) for parent, user in pairs]
    return _placed(*spread(boxes, paths, ends, [width_of(text, LABEL) + 3 for text in texts]))


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
    shape = f"({', '.join(map(str, node.shape))})"
    return math.ceil(max(least, width_of(name, NAME, bold=True) + 4, width_of(shape, SHAPE) + 4))


def _inches(pixels: float) -> str:
    return f"{pixels / 72:.4f}"


def _read(svg: str, count: int) -> tuple[list[Box], list[list[Point]]]:
    """The boxes and the paths out of the SVG."""
    shift = _SHIFT.search(svg)
    if shift is None:
        raise RenderError("the renderer wrote an SVG that is not the graph asked for")
    right, down = float(shift[1]), float(shift[2])

    def points(text: str) -> list[Point]:
        return [(float(x) + right, float(y) + down) for x, y in _PAIR.findall(text)]

    boxes: dict[int, Box] = {}
    for found in _NODE.finditer(svg):
        corners = points(found[0])
        if found[1] == "node" and corners:
            left, top = min(x for x, _ in corners), min(y for _, y in corners)
            boxes[int(found[2])] = (left, top, max(x for x, _ in corners) - left, _HEIGHT)
    paths = {int(found[1]): points(found[2]) for found in _EDGE.finditer(svg)}
    if len(boxes) < count:
        raise RenderError("the renderer left out nodes of the graph asked for")
    return [boxes[i] for i in range(count)], [paths[i] for i in sorted(paths)]


def _placed(boxes: list[Box], paths: list[list[Point]]) -> dict[str, Any]:
    """The places with the upper left corner of everything at (0, 0)."""
    every = [point for path in paths for point in path]
    every += [corner for x, y, w, h in boxes for corner in ((x, y), (x + w, y + h))]
    x0, y0 = min(x for x, _ in every) - 8, min(y for _, y in every) - 14
    return {
        "width": math.ceil(max(x for x, _ in every) - x0 + 10),
        "height": math.ceil(max(y for _, y in every) - y0 + 20),
        "nodes": [[round(v, 1) for v in (x - x0, y - y0, w, h)] for x, y, w, h in boxes],
        "edges": [[[round(x - x0, 1), round(y - y0, 1)] for x, y in path] for path in paths],
    }
