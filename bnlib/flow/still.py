"""A large graph as a still picture, drawn where the animation has laid it out: a second layout would take too long."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape
from typing import Any

_STYLE = (
    "text{font:11px Helvetica,Arial,sans-serif;text-anchor:middle;fill:#1f2933}.n{font-weight:700;font-size:12.5px}"
    "rect{fill:#fff;stroke:#1f2933}path{fill:none;stroke:#1f2933}"
    ".b{stroke:#b3261e;stroke-dasharray:5 3}.d{fill:#b3261e}"
)


def still(data: dict[str, Any], seen: Iterable[dict[str, Any]]) -> str:
    """The picture as an <img> element: nodes with name and shape, edges forward solid and backward dashed.

    `seen` are the frames that have been: the way back is there as far as they go.
    """
    layout, nodes = data["layout"], data["nodes"]
    passed = {frame["edge"] for frame in seen if frame["kind"] == "back"}
    parts = [f"<style>{_STYLE}</style>"]
    for i, (edge, points) in enumerate(zip(data["edges"], layout["edges"], strict=False)):
        path = "M{},{}C".format(*points[0]) + " ".join(f"{x},{y}" for x, y in points[1:])
        parts.append(f'<path d="{path}" transform="translate(0 -3)"/>')
        if i in passed:
            x, y = points[len(points) // 2]
            parts.append(f'<path class="b" d="{path}" transform="translate(0 3)"/>')
            parts.append(f'<text class="d" x="{x}" y="{y + 16}">{escape(edge["name"])}</text>')
    for node, (x, y, width, height) in zip(nodes, layout["nodes"], strict=True):
        shape = ", ".join(map(str, node["value"]["shape"]))
        parts.append(f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="7"/>')
        parts.append(f'<text class="n" x="{x + width / 2}" y="{y + 28}">{escape(node["name"])}</text>')
        parts.append(f'<text x="{x + width / 2}" y="{y + 46}">({shape})</text>')
    size = f'width="{layout["width"]}" height="{layout["height"]}"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(parts)}</svg>'
    inputs = ", ".join(node["name"] for node in nodes if not node["op"])
    alt = (
        f"The computational graph of {data['function']}: {len(nodes)} nodes and {len(data['edges'])} edges, each with "
        f"its way back where the gradient has come. Inputs: {inputs}. Result: {nodes[data['seeds'][0]]['name']}."
    )
    source = base64.b64encode(svg.encode()).decode("ascii")
    return f'<img alt="{escape(alt)}" src="data:image/svg+xml;base64,{source}" style="background:#fff;max-width:none">'
