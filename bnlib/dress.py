"""Gives a laid-out graph its looks: a name in bold, forward edges dark and solid, backward edges red and dashed.

Graphviz lays out one edge for each pair; here it becomes two that run beside each other. Both renderers write
the same elements, so this is also what makes their pictures alike.
"""

from __future__ import annotations

import math
import re
from copy import deepcopy
from xml.etree import ElementTree

from .render import RenderError
from .scene import DOWN, FONT, SIZE, Arrow, Back, Box, Scene, identifier

# Forward is dark and solid, backward red and dashed, so that grey shows the difference too.
FORWARD, BACKWARD, PALE, QUIET = "#1f2933", "#b3261e", "#7b8794", "#52606d"
_FILL = {"input": "#e3ecf9", "step": "#ffffff", "result": "#e2f2e5", "context": "#f5f7fa"}
# How far, in points, each edge of a pair is moved aside, and how round a box is.
_ASIDE, _ROUND = 3.4, 4.0
_SVG = "http://www.w3.org/2000/svg"
_NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")

ElementTree.register_namespace("", _SVG)

Point = tuple[float, float]
Element = ElementTree.Element


def dress(svg: str, scene: Scene, rankdir: str) -> str:
    """The SVG that a renderer made of `scene.dot(rankdir)`, as it is shown. Raises RenderError for any other SVG."""
    root = ElementTree.fromstring(svg)
    root.set("role", "img")
    canvas = root.find(_tag("g"))
    if canvas is None:
        raise RenderError("the renderer wrote an SVG without a graph in it")
    groups = {group.get("id", ""): group for group in canvas.iter(_tag("g"))}
    try:
        for box in scene.boxes:
            _dress_box(groups[f"node_{identifier(box.name)}"], box)
        for arrow in scene.arrows:
            group = groups[f"edge_{arrow.pair}"]
            back = _dress_arrow(group, arrow, scene.backward, rankdir in DOWN)
            if back is not None:
                canvas.insert(list(canvas).index(group) + 1, back)
        for name, seed in scene.seeds.items():
            group = groups[f"back_{identifier(name)}"]
            _dress_back(group, seed)
            if seed.hidden:
                canvas.remove(group)
    except (KeyError, IndexError, ValueError) as error:
        raise RenderError(f"the renderer wrote an SVG that is not the graph asked for: {error!r}") from error
    for title in canvas.findall(_tag("title")):
        canvas.remove(title)
    # Boxes above edges, so that an edge's end needs no exact place.
    canvas[:] = sorted(canvas, key=lambda child: child.get("class", "").startswith("node"))
    return ElementTree.tostring(root, encoding="unicode")


def _dress_box(group: Element, box: Box) -> None:
    context = box.state == "context"
    group.set("class", " ".join(filter(None, ("node", box.kind, box.state))))
    _retitle(group, f"{box.name} {box.shape}" + (f" = {box.op}" if box.op else ""))
    outline = group.find(_tag("polygon"))
    assert outline is not None
    points = _points(outline.get("points", ""))
    left, top = min(x for x, _ in points), min(y for _, y in points)
    width, height = max(x for x, _ in points) - left, max(y for _, y in points) - top
    frame = ElementTree.Element(_tag("rect"))
    # An input is round: in grey, too, it is told from what is computed.
    corner = min(height / 2, 12.0) if box.kind == "input" else _ROUND
    for key, number in zip(("x", "y", "width", "height", "rx"), (left, top, width, height, corner), strict=True):
        frame.set(key, f"{number:g}")
    frame.set("fill", _FILL["context" if context else box.kind])
    frame.set("stroke", BACKWARD if box.state in ("here", "known") else PALE if context else FORWARD)
    frame.set("stroke-width", "2.4" if box.state in ("here", "chosen") else "1")
    group[list(group).index(outline)] = frame
    for text, (role, line) in zip(_texts(group), box.lines, strict=True):
        _write(text, line, BACKWARD if role == "gradient" else QUIET if role == "op" else FORWARD)
        if role == "name":
            _bold(text, box.name, line)
        if role == "hidden":
            group.remove(text)


def _dress_arrow(group: Element, arrow: Arrow, backward: bool, down: bool) -> Element | None:
    """Dress the forward edge; returns the backward one where there is one to be seen."""
    back = None
    if arrow.back:
        back = deepcopy(group)
        back.set("id", f"back_{arrow.pair}")
        path = _child(group, "path")
        start, *_, end = _points(path.get("d", ""))
        heads = group.findall(_tag("polygon"))
        at_start = min(heads, key=lambda head: _distance(_points(head.get("points", ""))[1], start))
        at_end = next(head for head in heads if head is not at_start)
        place = heads.index(at_start)
        first, last = _tip(at_start, start), _tip(at_end, end)
        aside = _aside(first, last, down)
        for text in _texts(group):
            group.remove(text)
        group.remove(at_start)
        # Each of the two ends at one arrowhead and begins right at the other box.
        path.set("d", f"{_from(first, start)}L{path.get('d', '')[1:]}")
        _move(group, -aside[0], -aside[1])
        back.remove(back.findall(_tag("polygon"))[1 - place])
        _child(back, "path").set("d", f"{_child(back, 'path').get('d')}{_from(last, end).replace('M', 'L')}")
        _dress_back(back, arrow.back)
        _move(back, *aside)
    group.set("class", "edge forward flat" if arrow.flat and backward else "edge forward")
    _retitle(group, f"{arrow.source} to {arrow.target}")
    _paint(group, PALE if arrow.flat and backward else FORWARD, "1.1")
    return None if arrow.back is None or arrow.back.hidden else back


def _dress_back(group: Element, back: Back) -> None:
    group.set("class", "edge backward")
    _retitle(group, back.says)
    _paint(group, BACKWARD, "1.2")
    _child(group, "path").set("stroke-dasharray", "5,3")
    # The layout may have left more room between the lines than they need; they go where the edge is.
    bottom = float(_texts(group)[-1].get("y", "0"))
    for i, (text, line) in enumerate(zip(_texts(group), back.lines, strict=True), 1 - len(back.lines)):
        text.set("y", f"{bottom + i * 1.25 * SIZE:g}")
        _write(text, line, QUIET if line == back.remark else BACKWARD)
        if back.shape and line.startswith(back.name):
            _bold(text, back.name, line)


def _aside(first: Point, last: Point, down: bool) -> Point:
    """Which way, across a pair of edges, the backward one is moved: to the side where Graphviz sets its label.

    That is the right of an edge that runs down and the upper side of one that runs across.
    """
    across, along = last[0] - first[0], last[1] - first[1]
    rising = across * along < 0
    long = math.hypot(across, along) or 1.0
    steep = abs(along if down else across) / long
    # Along the border of the boxes, so that both edges still end there; the further, the more slanted they are.
    if steep > 0.4:
        return (_ASIDE / steep, 0.0) if down else (0.0, -_ASIDE / steep)
    if down:
        return 0.0, _ASIDE if rising else -_ASIDE
    return -_ASIDE if rising else _ASIDE, 0.0


def _paint(group: Element, colour: str, width: str) -> None:
    path = _child(group, "path")
    path.set("stroke", colour)
    path.set("stroke-width", width)
    for head in group.findall(_tag("polygon")):
        head.set("fill", colour)
        head.set("stroke", colour)


def _write(text: Element, line: str, colour: str) -> None:
    text.text = line
    text.set("fill", colour)
    text.set("font-family", FONT)
    text.set("font-size", f"{SIZE}")


def _bold(text: Element, name: str, line: str) -> None:
    text.text = ""
    span = ElementTree.SubElement(text, _tag("tspan"), {"font-weight": "bold"})
    span.text, span.tail = name, line[len(name) :].replace("  ", "\u00a0 ")


def _move(group: Element, x: float, y: float) -> None:
    group.set("transform", f"translate({x:g} {y:g})")


def _retitle(group: Element, words: str) -> None:
    _child(group, "title").text = words


def _child(group: Element, name: str) -> Element:
    found = group.find(_tag(name))
    if found is None:
        raise ValueError(f"no {name} in {group.get('id')}")
    return found


def _texts(group: Element) -> list[Element]:
    return group.findall(_tag("text"))


def _tip(head: Element, base: Point) -> Point:
    return max(_points(head.get("points", "")), key=lambda point: _distance(point, base))


def _from(tip: Point, base: Point) -> str:
    """The beginning of a path under the box that an arrowhead with this tip and base points at."""
    long = _distance(tip, base) or 1.0
    return f"M{tip[0] + 3 * (tip[0] - base[0]) / long:g},{tip[1] + 3 * (tip[1] - base[1]) / long:g}"


def _points(text: str) -> list[Point]:
    numbers = [float(number) for number in _NUMBER.findall(text)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _distance(a: Point, b: Point) -> float:
    return math.hypot(a[0] - b[0], a[1] - b[1])


def _tag(name: str) -> str:
    return f"{{{_SVG}}}{name}"
