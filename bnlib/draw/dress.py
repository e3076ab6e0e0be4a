"""Gives a laid-out graph its looks: forward edges dark and solid, backward edges red and dashed.

Graphviz lays out one edge for each pair; here it becomes two that run beside each other. Both renderers write
the same elements, so this is also what makes their pictures alike.
"""

from __future__ import annotations

from copy import deepcopy
from xml.etree import ElementTree

from .geometry import aside, distance, points, tip, under
from .render import RenderError
from .scene import DOWN, FONT, SIZE, Arrow, Back, Box, Scene, identifier

# Forward is dark and solid, backward red and dashed, so that grey shows the difference too.
FORWARD, BACKWARD, PALE, QUIET = "#1f2933", "#b3261e", "#7b8794", "#52606d"
_FILL = {"input": "#e3ecf9", "step": "#ffffff", "result": "#e2f2e5", "context": "#f5f7fa"}
# How round a box is, in points.
_ROUND = 4.0
_SVG = "http://www.w3.org/2000/svg"

ElementTree.register_namespace("", _SVG)

Element = ElementTree.Element


def dress(svg: str, scene: Scene, rankdir: str) -> str:
    """The SVG that a renderer made of `scene.dot(rankdir)`, as it is shown; RenderError for any other SVG."""
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
    outline = _child(group, "polygon")
    across, down = zip(*points(outline.get("points", "")), strict=True)
    left, top, width, height = min(across), min(down), max(across) - min(across), max(down) - min(down)
    frame = ElementTree.Element(_tag("rect"))
    # An input is round: in grey, too, it is told from what is computed.
    corner = min(height / 2, 12.0) if box.kind == "input" else _ROUND
    measures = {"x": left, "y": top, "width": width, "height": height, "rx": corner}
    for key, number in measures.items():
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
    back = _split(group, down) if arrow.back else None
    flat = arrow.flat and backward
    group.set("class", "edge forward flat" if flat else "edge forward")
    _retitle(group, f"{arrow.source} to {arrow.target}")
    _paint(group, PALE if flat else FORWARD, "1.1")
    if back is None or arrow.back is None or arrow.back.hidden:
        return None
    back.set("id", f"back_{arrow.pair}")
    _dress_back(back, arrow.back)
    return back


def _split(group: Element, down: bool) -> Element:
    """Make two edges of one with two heads: each gets a head and begins right at the other box.

    The group itself keeps the head at its end and loses the label; returned is the one that goes back.
    """
    path = _child(group, "path")
    line = path.get("d", "")
    start, *_, end = points(line)
    heads = sorted(group.findall(_tag("polygon")), key=lambda head: distance(tip(head, start), start))
    first, last = tip(heads[0], start), tip(heads[1], end)
    x, y = aside(first, last, down)
    for head in heads:
        group.remove(head)
    back = deepcopy(group)
    for text in _texts(group):
        group.remove(text)
    path.set("d", f"M{under(first, start)}L{line[1:]}")
    _child(back, "path").set("d", f"{line}L{under(last, end)}")
    group.append(heads[1])
    back.append(heads[0])
    group.set("transform", f"translate({-x:g} {-y:g})")
    back.set("transform", f"translate({x:g} {y:g})")
    return back


def _dress_back(group: Element, back: Back) -> None:
    group.set("class", "edge backward")
    _retitle(group, f"{back.name} {back.way}")
    _paint(group, BACKWARD, "1.2")
    _child(group, "path").set("stroke-dasharray", "5,3")
    # The layout may have left more room between the lines than they need; they go where the edge is.
    bottom = float(_texts(group)[-1].get("y", "0"))
    for i, (text, line) in enumerate(zip(_texts(group), back.lines, strict=True), 1 - len(back.lines)):
        text.set("y", f"{bottom + i * 1.25 * SIZE:g}")
        _write(text, line, QUIET if line == back.remark else BACKWARD)
        if back.shape and line.startswith(back.name):
            _bold(text, back.name, line)


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


def _retitle(group: Element, words: str) -> None:
    _child(group, "title").text = words


def _child(group: Element, name: str) -> Element:
    found = group.find(_tag(name))
    if found is None:
        raise ValueError(f"no {name} in {group.get('id')}")
    return found


def _texts(group: Element) -> list[Element]:
    return group.findall(_tag("text"))


def _tag(name: str) -> str:
    return f"{{{_SVG}}}{name}"
