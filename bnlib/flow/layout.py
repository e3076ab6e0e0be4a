"""The graph laid out once for the animation: names and shapes written, room kept for what comes later."""

from __future__ import annotations

import graphviz

from ..scene import FONT, identifier
from ..graph import Graph
from ..render import render

# Room for a norm such as "1.23e+04": Graphviz measures text, so what is written later needs it now.
_ROOM = "1.23e+4"


def layout(graph: Graph) -> str:
    """The graph as SVG from left to right, each node with `id` and `class`, each edge twice: there and back."""
    dot = graphviz.Digraph("flow")
    dot.attr(rankdir="LR", nodesep="0.16", ranksep="0.22", bgcolor="transparent", margin="0.02")
    dot.attr("node", shape="box", style="rounded,filled", fontname=FONT, fontsize="13", margin="0.06,0.05")
    dot.attr("edge", fontname=FONT, fontsize="13", arrowsize="0.7")
    for node in graph.nodes.values():
        shape = f"({', '.join(map(str, node.shape))}{',' if len(node.shape) == 1 else ''})"
        label = "\n".join([node.name, shape, _ROOM, _ROOM])
        dot.node(
            f"n_{identifier(node.name)}",
            label=graphviz.nohtml(graphviz.escape(label).replace("\n", "\\n")),
            id=f"node_{identifier(node.name)}",
            **{"class": "flow-node"},
        )
    for edge in graph.edges:
        ends = (f"n_{identifier(edge.source)}", f"n_{identifier(edge.target)}")
        pair = f"{identifier(edge.source)}__{identifier(edge.target)}"
        dot.edge(*ends, id=f"edge_{pair}", **{"class": "flow-edge"})
        if edge.differentiable:
            label = f" d{edge.source}9 "
            dot.edge(*ends, id=f"back_{pair}", dir="back", label=label, **{"class": "flow-back"})
    return render(dot.source)
