"""The animation as a widget: one laid-out picture and a list of frames, stepped through in the browser."""

from __future__ import annotations

import gzip
import json
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from ..draw import draw
from ..graph import Graph
from .arrays import pack
from .cut import Cut, backward_with_cuts, numeric
from .layout import layout
from .timeline import Steps, changed, timeline

_HERE = Path(__file__).parent


def flow(graph: Graph, dout: Any = None, steps: Steps | None = None) -> Flow:
    """The animated graph: the values arriving, then the gradient travelling back, one contribution at a time.

    `dout` is the gradient of the result, of its shape; without it a random one with a fixed seed is used, or 1
    where the result is a single number. `steps` maps a node's name to its number and to the function of the
    backward pass that belongs to it (None for none), such as {"out": (9, step9)}; without it steps are counted.
    Raises ValueError for a dout of another shape and KeyError where `steps` names no node.
    """
    return Flow(graph, dout, steps)


class Flow(anywidget.AnyWidget):
    """The widget that `flow` gives back. `step` is the frame shown, from 0 to `last`, and can be linked."""

    _esm = _HERE / "flow.js"
    _css = _HERE / "flow.css"

    step = traitlets.Int(0).tag(sync=True)
    last = traitlets.Int(0).tag(sync=True)
    # The whole piece, gzipped: it is sent once, and no step needs an answer from here.
    _piece = traitlets.Bytes(b"").tag(sync=True)
    # What the browser asks to be cut, and what comes of it. The number tells answers to old questions apart.
    _ask = traitlets.Dict().tag(sync=True)
    _answer = traitlets.Dict().tag(sync=True)

    def __init__(self, graph: Graph, dout: Any = None, steps: Steps | None = None) -> None:
        if dout is None:
            shape = graph[graph.result].shape
            dout = np.random.default_rng(0).normal(size=shape) if graph[graph.result].value.size > 1 else None
        self._graph = graph
        self._gradients = graph.backward(dout)
        self._numeric: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._data = timeline(graph, self._gradients, steps)
        self._data["svg"] = layout(graph)
        text = json.dumps(self._data, separators=(",", ":")).encode("utf-8")
        super().__init__(last=len(self._data["frames"]), _piece=gzip.compress(text, mtime=0))
        self.observe(self._on_ask, names="_ask")

    @property
    def fallback(self) -> str:
        """The still picture, with both ways and its words, for where no widget runs."""
        return draw(self._graph, self._gradients).html

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        found = super()._repr_mimebundle_(**kwargs)
        if found is None:
            return None
        data, metadata = found
        return {**data, "text/html": self.fallback, "text/plain": f"The flow of {self._graph.function}"}, metadata

    @traitlets.validate("step")
    def _within(self, proposal: dict[str, Any]) -> int:
        # A linked slider may have a longer range; the ends hold.
        return max(0, min(int(proposal["value"]), self.last))

    def _on_ask(self, change: dict[str, Any]) -> None:
        asked = change["new"]
        if asked:
            self._answer = {"number": asked.get("number"), **self.cut(asked.get("cuts", []))}

    def cut(self, cuts: list[Cut]) -> dict[str, Any]:
        """What changes when contributions are left out, in the form in which the browser gets it.

        A cut is (source, target) for what `source` sends to `target`, or (source, target, origin) for the part
        of it that came from `origin`. Returns the changed gradients by node, which contributions changed, and
        for every input the error against centred differences.
        """
        graph, true = self._graph, self._gradients
        sums, sent = backward_with_cuts(graph, true.seed, [tuple(cut) for cut in cuts])
        other = [name for name in graph.nodes if changed(true[name], sums[name])]
        edges = [
            i
            for i, edge in enumerate(graph.edges)
            if (edge.target, edge.source) in sent
            and changed(true.contribution(edge.target, edge.source).value, sent[edge.target, edge.source])
        ]
        place = {name: i for i, name in enumerate(graph.nodes)}
        return {
            "nodes": {str(place[name]): pack(sums[name]) for name in other},
            "edges": edges,
            "errors": [{"name": f"d{name}", "error": f"{self._error(name, sums[name]):.2g}"} for name in graph.inputs],
        }

    def _error(self, name: str, gradient: np.ndarray) -> float:
        """The largest difference from the numeric gradient, of the numeric gradient's largest entry."""
        if gradient.size == 0:
            return 0.0
        if name not in self._numeric:
            self._numeric[name] = numeric(self._graph, self._gradients.seed, name)
        picked, right = self._numeric[name]
        scale = float(np.abs(right).max()) or 1.0
        return float(np.abs(gradient.ravel()[picked] - right).max()) / scale

    def save_html(self, path: str | Path, title: str = "") -> Path:
        """Write one page that needs no kernel and no network; cutting is absent there, and the page says so."""
        path = Path(path)
        path.write_text(self.page(title or f"The flow of {self._graph.function}"), encoding="utf-8")
        return path

    def page(self, title: str) -> str:
        """The page that `save_html` writes."""
        template = (_HERE / "page.html").read_text(encoding="utf-8")
        piece = json.dumps({**self._data, "still": True}, separators=(",", ":"))
        return (
            template.replace("{{title}}", escape(title))
            .replace("{{css}}", (_HERE / "flow.css").read_text(encoding="utf-8"))
            .replace("{{esm}}", (_HERE / "flow.js").read_text(encoding="utf-8").replace("export default", "void"))
            .replace("{{piece}}", piece.replace("<", "\\u003c"))
        )
