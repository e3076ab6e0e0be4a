"""What is to be seen in a picture of a graph, before anybody says where it stands or what it looks like.

A `Scene` is lists of boxes and arrows with their texts. As DOT it is only what a layout needs; colours come
afterwards (see `dress`), so that pictures which differ only in what is lit up have the same layout.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import graphviz

FONT = "Helvetica,Arial,DejaVu Sans,sans-serif"
DOWN = ("TB", "BT")
# In points: 14 pixels, the size of a notebook's own text.
SIZE = 10.5
# What a layout reckons with: the wheel's estimate of a text's width is a little short, and side by side a
# label must keep clear of the pair of edges above it.
_SIZE, _LABEL = 11, {"LR": 14, "RL": 14}


@dataclass(frozen=True)
class Box:
    """A node. `value` and `gradient` are the lines of numbers in it; a hidden gradient keeps its place free.

    `kind` is "input", "step" or "result"; `state` is "", "here" or "chosen" (what the picture is about, with
    the gradient and without), "known" (its gradient is complete) or "context".
    """

    name: str
    kind: str
    shape: str
    op: str
    op_lines: tuple[str, ...] = ()
    value: tuple[str, ...] = ()
    gradient: tuple[str, ...] = ()
    gradient_hidden: bool = False
    state: str = ""

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Every line as a pair of its role ("name", "op", "value", "gradient" or "hidden") and its text."""
        role = "hidden" if self.gradient_hidden else "gradient"
        lines = [("name", f"{self.name}  {self.shape}"), *(("op", text) for text in self.op_lines)]
        # The name stands above the rows anyway.
        value = headed(self.name, self.value) if len(self.value) == 1 else self.value
        lines += [("value", text) for text in value]
        return lines + [(role, text) for text in headed(f"d{self.name}", self.gradient)]


@dataclass(frozen=True)
class Back:
    """A gradient and its way ("from out to beta"), with shape, numbers and a remark where they are shown."""

    name: str
    way: str
    shape: str = ""
    value: tuple[str, ...] = ()
    remark: str = ""
    hidden: bool = False

    @property
    def lines(self) -> list[str]:
        """The lines of its label."""
        name = f"{self.name}  {self.shape}" if self.shape else self.name
        return [*(headed(name, self.value) or [name]), *([self.remark] if self.remark else [])]


@dataclass(frozen=True)
class Arrow:
    """`target` uses `source`; `back` is what comes back, and `flat` says that nothing ever can."""

    source: str
    target: str
    back: Back | None = None
    flat: bool = False

    @property
    def pair(self) -> str:
        """The part of an id that both its edges share."""
        return f"{identifier(self.source)}__{identifier(self.target)}"


@dataclass(frozen=True)
class Scene:
    """One picture: boxes and arrows in the order of execution, and by name the gradients from outside."""

    function: str
    boxes: list[Box]
    arrows: list[Arrow]
    seeds: dict[str, Back] = field(default_factory=dict)
    backward: bool = False
    step: str | None = None
    reached: str | None = None
    # The names of nodes in the order in which the gradient comes to them.
    order: tuple[str, ...] = ()

    @property
    def seeds_shown(self) -> list[Back]:
        """The gradients from outside that have arrived."""
        return [back for back in self.seeds.values() if not back.hidden]

    @property
    def arrows_back(self) -> list[Arrow]:
        """The arrows in the order in which something comes back along them."""
        place = {name: i for i, name in enumerate(self.order)}
        return sorted(self.arrows, key=lambda arrow: place.get(arrow.target, len(place)))

    @property
    def depth(self) -> int:
        """The number of boxes on the longest way through."""
        depth = {box.name: 1 for box in self.boxes}
        for arrow in self.arrows:
            depth[arrow.target] = max(depth[arrow.target], depth[arrow.source] + 1)
        return max(depth.values(), default=0)

    def dot(self, rankdir: str) -> str:
        """The layout's task as DOT. A pair of edges is laid out as one, with the backward edge's label."""
        dot = graphviz.Digraph("graph")
        down = rankdir in DOWN
        ranksep, beside = ("0.26", "  ") if down else ("0.34", " ")
        dot.attr(rankdir=rankdir, nodesep="0.3", ranksep=ranksep, bgcolor="white", pad="0.06")
        dot.attr("node", shape="box", fontname=FONT, fontsize=f"{_SIZE}", margin="0.11,0.06", height="0.3")
        dot.attr("edge", fontname=FONT, fontsize=f"{_LABEL.get(rankdir, _SIZE)}", arrowsize="0.7")
        for box in self.boxes:
            name = identifier(box.name)
            dot.node(f"n_{name}", label=_label([text for _, text in box.lines]), id=f"node_{name}")
        given = {box.name for box in self.boxes if box.kind == "input"}
        for arrow in self.arrows:
            ends = (f"n_{identifier(arrow.source)}", f"n_{identifier(arrow.target)}")
            both = {"dir": "both", "label": _label(arrow.back.lines, beside)} if arrow.back else {}
            # Downwards what is computed stays in line, and the parameters stand at its side.
            weight = "6" if down and arrow.source not in given else "1"
            dot.edge(*ends, id=f"edge_{arrow.pair}", weight=weight, **both)
        for name, back in self.seeds.items():
            place, end = f"from_{identifier(name)}", f"n_{identifier(name)}"
            dot.node(place, label="", shape="point", style="invis", width="0.01", id=place)
            dot.edge(end, place, id=f"back_{identifier(name)}", dir="back", label=_label(back.lines, beside))
        return dot.source


def identifier(name: str) -> str:
    """A name as an id for SVG: letters, digits and underscores, different for different names."""
    if re.fullmatch(r"\w+", name) and not re.search(r"__|^_|_$|_[0-9a-f]+_", name):
        return name
    return re.sub(r"\W|_", lambda match: f"_{ord(match[0]):x}_", name)


def headed(name: str, rows: Sequence[str]) -> list[str]:
    """`name = 3` where there is one row, else the name on a line of its own above them."""
    if len(rows) == 1:
        return [f"{name} = {rows[0].strip()}"]
    return [f"{name} =", *rows] if rows else []


def one_line(rows: Sequence[str]) -> str:
    """Rows of numbers as text for the ear: single spaces within a row, semicolons between rows."""
    return "; ".join(" ".join(row.split()) for row in rows)


def _label(lines: Sequence[str], beside: str = "") -> str:
    """Lines of plain text for DOT: no escapes, no entities, no HTML."""
    plain = [graphviz.escape(f"{beside}{line}{beside}").replace("&", "&amp;") for line in lines]
    return graphviz.nohtml("\\n".join(plain))
