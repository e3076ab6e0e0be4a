"""The animation as a widget: one laid-out picture and a list of frames, stepped through in the browser."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from ..draw import draw
from ..graph import Graph
from .cut import Cut, Cutter
from .layout import layout
from .page import page, script, style
from .still import still
from .timeline import Steps, labels, timeline

# A graph of more nodes is laid out no second time, for the picture that stands in for the widget.
_MANY = 40
# Up to so many entries an array's numbers stand in that picture.
_FEW = 6
# With more than so many, laying out takes so long that one wonders.
_LONG = 300


def flow(graph: Graph, dout: Any = None, steps: Steps | None = None, *, through: str | None = None) -> Flow:
    """The animated graph: the values arriving, then the gradient travelling back, one contribution at a time.

    `dout` is the gradient of the result, of its shape, as `graph.backward` takes it; without it a random one
    with a fixed seed is used, or 1 where the result is a single number. `steps` maps a node's name to its number
    and to the function of the backward pass that belongs to it, or None, such as {"out": (9, step9)}; without
    it steps are counted. `through` names a node whose step alone is played: its gradient has arrived, and goes
    on. Raises ValueError for a graph without a result, for a dout of another shape and for a node from which
    nothing goes on, KeyError for a name that is no node, TypeError where `steps` gives no pair.
    """
    with _working(graph):
        return Flow(graph, dout, steps, through=through)


@contextmanager
def _working(graph: Graph) -> Iterator[None]:
    """A word in the notebook while a large graph is laid out, which takes some seconds."""
    shell = None
    if "IPython" in sys.modules and isinstance(graph, Graph) and graph.outputs and len(graph.nodes) > _LONG:
        from IPython import get_ipython

        shell = get_ipython()
    if shell is None:
        yield
        return
    from IPython.display import display

    says = f"Laying out {len(graph.nodes)} nodes. This takes some seconds."
    handle = display({"text/html": f"<div>{says}</div>", "text/plain": says}, raw=True, display_id=True)
    try:
        yield
    finally:
        handle.update({"text/html": "", "text/plain": ""}, raw=True)


class Flow(anywidget.AnyWidget):
    """The widget that `flow` gives back. `step` is the frame shown, from 0 to `last`, and can be linked."""

    _esm = script()
    _css = style()

    step = traitlets.Int(0).tag(sync=True)
    last = traitlets.Int(0).tag(sync=True)
    # Everything that is shown, gzipped: it is sent once, and no step needs an answer from here.
    _piece = traitlets.Bytes(b"").tag(sync=True)
    # What the browser asks to be cut, and what comes of it. The number tells answers to old questions apart.
    _ask = traitlets.Dict().tag(sync=True)
    _answer = traitlets.Dict().tag(sync=True)

    def __init__(
        self, graph: Graph, dout: Any = None, steps: Steps | None = None, *, through: str | None = None
    ) -> None:
        if not isinstance(graph, Graph):
            raise TypeError(f"flow shows a graph, as trace gives it, and got {type(graph).__name__}")
        if not graph.outputs:
            raise ValueError("this graph has no result, so no gradient can start anywhere")
        if dout is None and graph[graph.result].value.size != 1:
            # A seed that nobody draws x with: with dout = x nearly nothing would come back to x.
            dout = np.random.default_rng(150203167).normal(size=graph[graph.result].shape)
        self._graph = graph
        self._gradients = graph.backward(dout)
        self._cutter = Cutter(graph, self._gradients)
        self._through = through
        self._data = timeline(graph, self._gradients, steps, through)
        self._data["layout"] = layout(graph, self._gradients.seed, labels(graph, self._gradients))
        text = json.dumps(self._data, separators=(",", ":")).encode("utf-8")
        super().__init__(last=len(self._data["frames"]), _piece=gzip.compress(text, compresslevel=6, mtime=0))
        self.observe(self._on_ask, names="_ask")

    def cut(self, *cuts: Cut) -> dict[str, Any]:
        """What changes when contributions are left out, as `Cutter.answer` has it.

        A cut is (source, target) for what `source` sends back to `target`, or (source, target, origin) for the
        part of it that came from `origin`.
        """
        return self._cutter.answer(cuts)

    def arrival(self, name: str) -> int:
        """The step at which a node's gradient is complete and about to go on; raises KeyError for no node.

        Setting `step` to it shows where one step of the backward pass starts.
        """
        self._graph[name]
        names = list(self._graph.nodes)
        place, found = names.index(name), 0
        before = self._data.get("before", [])
        for i, frame in enumerate([*before, *self._data["frames"]], 1 - len(before)):
            edge = self._data["edges"][frame["edge"]] if frame["kind"] == "back" else None
            if (edge["parent"] if edge else frame["node"]) == place and frame["kind"] != "forward":
                found = max(0, i)
        return found

    def save_html(self, path: str | Path, title: str = "") -> Path:
        """Write one page that needs no kernel and no network.

        One edge at a time can be cut there where the graph is small enough to have all answers in the page;
        else the page says that it can't.
        """
        path = Path(path)
        path.write_text(
            page(self._data, self._cutter, title or f"The flow of {self._graph.function}"), "utf-8"
        )
        return path

    @property
    def fallback(self) -> str:
        """The still picture of where it stands, with its words, for where no widget runs.

        At the start it is the whole, both ways; later what has gone back so far, and for one step's piece what
        has when that is done.
        """
        seen = [*self._data.get("before", []), *self._data["frames"][: self.step or None]]
        if len(self._graph.nodes) > _MANY:
            return f'<div style="overflow:auto">{still(self._data, seen)}</div>'
        values = all(node.value.size <= _FEW for node in self._graph.nodes.values())
        gone = [self._data["edges"][frame["edge"]]["user"] for frame in seen if frame["kind"] == "back"]
        if not gone:
            return draw(self._graph, self._gradients if not self.step else None, values=values).html
        whole = not self.step and not self._through
        reached = None if whole else self._through or list(self._graph.nodes)[gone[-1]]
        return draw(self._graph, self._gradients, values=values, reached=reached).html

    @property
    def said(self) -> str:
        """What it is, in words."""
        where = f" back through {self._through}" if self._through else ""
        return f"The flow of {self._graph.function}{where}, in {self.last} step{'s' * (self.last != 1)}"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        found = super()._repr_mimebundle_(**kwargs)
        if found is None:
            return None
        data, metadata = found
        note = '<div style="font-size:90%">Run this cell to see the gradient move.</div>'
        return {**data, "text/html": self.fallback + note, "text/plain": self.said}, metadata

    @traitlets.validate("step")
    def _within(self, proposal: dict[str, Any]) -> int:
        # A linked slider may have a longer range; the ends hold.
        return max(0, min(int(proposal["value"]), self.last))

    def _on_ask(self, change: dict[str, Any]) -> None:
        asked = change["new"]
        if asked:
            self._answer = {"number": asked.get("number"), **self._cutter.answer(asked.get("cuts", []))}
