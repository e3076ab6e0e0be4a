"""`draw`: a graph as a picture, with the gradient's way back beside the forward one where it is wished."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import graphviz
import numpy as np

from .describe import describe
from .graph import Gradients, Graph, Node
from .picture import Picture, with_title
from .render import render

# Forward is dark and solid, backward red and dashed, so that grey shows the difference too.
FORWARD, BACKWARD, PALE = "#1f2933", "#b3261e", "#9aa5b1"
FONT = "Helvetica,Arial,DejaVu Sans,sans-serif"
_FILL = {"input": "#e3ecf9", "step": "#ffffff", "result": "#e4f3e7", "faded": "#f5f7fa"}
# What is written out whole in a node: more entries than this nobody reads there.
_SMALL = 12
# A longer way than this, side by side, is wider than a notebook at a size one can read.
_LONG = 6


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
    processed. `unfold` makes every operation a node of its own. `values` writes the entries of small arrays into
    the nodes. `dims`, such as {"N": 5, "D": 3}, writes shapes in letters. `rankdir` is Graphviz's, "LR" or "TB";
    without it a short graph runs from left to right and a long one downwards, where its text stays legible. The same graph and options give the same picture. Raises KeyError for a name that is no node.
    """
    if unfold:
        graph = graph.unfold()
        backward = graph.backward(backward.seed) if isinstance(backward, Gradients) else backward
    if backward is None or backward is False:
        if reached is not None:
            raise ValueError("`reached` says how far the gradient has come; give `backward` as well")
        gradients, numbers = None, False
    else:
        numbers = isinstance(backward, Gradients)
        gradients = backward if isinstance(backward, Gradients) else graph.backward(_ones(graph))
    for name in (step, reached):
        if name is not None:
            graph[name]
    view = _View(graph, gradients, step, reached, values, numbers, dict(dims or {}), rankdir or "")
    dot = view.dot()
    alt = describe(graph, gradients, view.nodes, view.shape, step, reached)
    return Picture(with_title(render(dot.source), alt).encode("utf-8"), "image/svg+xml", alt)


def identifier(name: str) -> str:
    """A name as an id for SVG: letters, digits and underscores, different for different names."""
    return re.sub(r"\W", lambda match: f"_{ord(match[0]):x}_", name)


def _ones(graph: Graph) -> np.ndarray:
    return np.ones(graph[graph.result].shape)


@dataclass
class _View:
    """One picture in the making: which nodes it has, and how each of them looks."""

    graph: Graph
    gradients: Gradients | None
    step: str | None
    reached: str | None
    values: bool
    numbers: bool
    dims: dict[str, int]
    rankdir: str
    nodes: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.nodes = list(self.graph.nodes)
        if self.step is not None:
            near = {self.step, *self.graph[self.step].parents, *self.graph.consumers(self.step)}
            self.nodes = [name for name in self.nodes if name in near]
        self.rankdir = self.rankdir or ("TB" if self._depth() > _LONG else "LR")

    def dot(self) -> graphviz.Digraph:
        """The picture as DOT, nodes and edges in the order of execution."""
        dot = graphviz.Digraph("graph")
        dot.attr(rankdir=self.rankdir, nodesep="0.22", ranksep="0.3", bgcolor="transparent", margin="0.02")
        dot.attr("node", shape="box", style="rounded,filled", fontname=FONT, fontsize="12", margin="0.09,0.05")
        dot.attr("edge", fontname=FONT, fontsize="11", arrowsize="0.7", color=FORWARD)
        for name in self.nodes:
            self._node(dot, self.graph[name])
        for edge in self.graph.edges:
            if self._shows(edge.source, edge.target):
                self._edge(dot, edge.source, edge.target)
        self._seeds(dot)
        return dot

    def _depth(self) -> int:
        """The number of nodes on the longest way through what is shown."""
        depth: dict[str, int] = {}
        for name in self.nodes:
            depth[name] = 1 + max((depth.get(parent, 0) for parent in self.graph[name].parents), default=0)
        return max(depth.values())

    def shape(self, node: Node) -> str:
        """A shape in brackets, in letters where `dims` has exactly one letter for the number."""
        parts = []
        for size in node.shape:
            found = [letter for letter, n in self.dims.items() if n == size]
            parts.append(found[0] if len(found) == 1 else str(size))
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"

    def _shows(self, source: str, target: str) -> bool:
        if self.step is None:
            return True
        return self.step in (source, target) and source in self.nodes and target in self.nodes

    def _node(self, dot: graphviz.Digraph, node: Node) -> None:
        lines = [f"{node.name}  {self.shape(node)}"]
        if node.op:
            lines.append(_cut(node.op))
        if self.values:
            lines += _entries(node.value)
            if self.numbers and self.gradients is not None and self._passed(node.name):
                lines += _entries(self.gradients[node.name], f"d{node.name}")
        kind = "input" if node.is_input else "result" if node.name == self.graph.result else "step"
        faded = self.step is not None and node.name != self.step and node.name not in self.graph[self.step].parents
        here = node.name in (self.step, self.reached)
        dot.node(
            f"n_{identifier(node.name)}",
            label=graphviz.nohtml(graphviz.escape("\n".join(lines)).replace("\n", "\\n")),
            id=f"node_{identifier(node.name)}",
            **{"class": f"node {kind}"},
            fillcolor=_FILL["faded" if faded else kind],
            color=PALE if faded else BACKWARD if here and self.gradients else FORWARD,
            penwidth="2.4" if here else "1",
        )

    def _edge(self, dot: graphviz.Digraph, source: str, target: str) -> None:
        ends = (f"n_{identifier(source)}", f"n_{identifier(target)}")
        pair = f"{identifier(source)}__{identifier(target)}"
        label = self._label(source, target)
        # Without a label of its own the forward edge would lie under the backward one.
        blank = "    " if label and self.rankdir == "TB" else ""
        dot.edge(*ends, id=f"edge_{pair}", label=blank, **{"class": "forward"})
        if label:
            dot.edge(
                *ends,
                id=f"back_{pair}",
                dir="back",
                style="dashed",
                color=BACKWARD,
                fontcolor=BACKWARD,
                label=f" {label} ",
                **{"class": "backward"},
            )

    def _label(self, source: str, target: str) -> str:
        """The name of the contribution that has come back along an edge, or nothing."""
        if self.gradients is None or not self._processed(target):
            return ""
        found = [one.name for one in self.gradients.contributions(source) if one.source == target]
        return found[0] if found else ""

    def _processed(self, name: str) -> bool:
        order = self.gradients.order if self.gradients else ()
        return self.reached is None or order.index(name) <= order.index(self.reached)

    def _passed(self, name: str) -> bool:
        """Whether a node's gradient is complete: all that use it have been processed."""
        return all(self._processed(consumer) for consumer in self.graph.consumers(name))

    def _seeds(self, dot: graphviz.Digraph) -> None:
        """The gradient that comes from outside, as a dashed edge into each node that was given one."""
        for name in self.gradients.seed if self.gradients else ():
            if name in self.nodes and (self.step is None or name == self.step):
                place = f"from_{identifier(name)}"
                dot.node(place, label="", shape="point", style="invis", width="0.01", id=place)
                dot.edge(
                    f"n_{identifier(name)}",
                    place,
                    id=f"back_{identifier(name)}",
                    dir="back",
                    style="dashed",
                    color=BACKWARD,
                    fontcolor=BACKWARD,
                    label=f" d{name} ",
                    **{"class": "backward"},
                )


def _cut(text: str, width: int = 44) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _entries(value: np.ndarray, name: str = "") -> list[str]:
    """A small array's entries, a line a row; nothing for a large one."""
    if value.size > _SMALL:
        return []
    head = f"{name} = " if name else ""
    rows = np.atleast_2d(value) if value.ndim < 3 else value.reshape(-1, value.shape[-1])
    return [head + "  ".join(f"{float(entry):.4g}" for entry in row) for row in rows]
