"""Where in the exercise's graph an answer went wrong: a small piece of it, with the faulty edge marked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree import ElementTree

from ..diagnose import Finding, Piece
from ..draw import Picture, draw
from ..draw.draw import identifier
from ..draw.dress import BACKWARD
from ..draw.render import RenderError
from .diagnosed import piece_of
from .evidence import Evidence
from .recognise import Recognised

# Heavy dots: told from a dashed edge in grey too.
_FAULTY = {"stroke-width": "3", "stroke-dasharray": "1,5", "stroke-linecap": "round"}
_SVG = "{http://www.w3.org/2000/svg}"
# What stands at a faulty edge, short enough for the room that "comes in" had.
_MARKS = {
    "contribution-missing": "✗ missing",
    "contribution-doubled": "✗ twice",
    "contribution-sign": "✗ sign",
}


@dataclass(frozen=True)
class Place:
    """A node of the right computation's graph, and the edges (source, target) whose contribution is wrong.

    `mark` is what stands at those edges, `says` what the alternative text begins with.
    """

    piece: Piece
    node: str
    says: str
    ways: tuple[tuple[str, str], ...] = ()
    mark: str = field(default="✗ factor")

    def picture(self) -> Picture | None:
        """The node with what it uses and what uses it; None where it can't be drawn on this machine."""
        letters = {name: n for name, n in self.piece.sizes.items() if re.fullmatch(r"\w+", name)}
        backward = self.piece.backward if self.piece.seeds else None
        graph = self.piece.graph
        try:
            seen = draw(graph, True if backward else None, step=self.node, dims=letters)
        except RenderError:
            return None
        return _marked(seen, self.ways, self.mark, self.says)


def place_of(evidence: Evidence, found: Recognised | None) -> Place | None:
    """The place that a diagnosis found; without one, the node to which the first wrong output belongs."""
    piece = piece_of(evidence) if evidence.small else None
    if piece is None:
        return None
    if found is not None and found.parting is not None:
        node = piece.values.get(found.parting.name, found.parting.name)
        return Place(piece, node, f"`{found.parting.name}` is the first array that differs.")
    finding = found.finding if found else None
    if finding is not None and finding.kind in ("edge", "edges"):
        target = finding.ways[0][1]
        ways = finding.ways[:1] if finding.kind == "edge" else finding.ways
        names = " and ".join(f"what `{source}` sends back to `{end}`" for source, end in ways)
        mark = _MARKS.get(finding.slug) or _factor(finding)
        verb = "is" if len(ways) == 1 else "are"
        return Place(piece, target, f"{names} {verb} wrong: {mark[2:]}.", ways, mark)
    if finding is not None and finding.node is not None:
        return Place(piece, finding.node, f"The gradient of `{finding.node}` is wrong.")
    wrong = next(iter(evidence.failing.wrong), "")
    if wrong in piece.values:
        # A whole forward pass ends in its output, and that is no place.
        one_of_several = len(piece.values) > 1
        return Place(piece, piece.values[wrong], f"`{wrong}` is wrong.") if one_of_several else None
    if wrong not in piece.gradients:
        return None
    node = piece.gradients[wrong]
    ways = tuple((one.source, node) for one in piece.backward.contributions(node))
    if finding is not None and finding.kind == "output" and len(ways) == 1:
        return Place(piece, node, f"`{wrong}` has a factor that is wrong.", ways, _factor(finding))
    return Place(piece, node, f"`{wrong}`, the gradient of `{node}`, is wrong.")


def _factor(finding: Finding) -> str:
    """A wrong factor, as short as it goes."""
    says = finding.factor.says
    return "✗ sign" if says == "-1" else f"✗ × {says}" if len(says) <= 6 else "✗ factor"


def _marked(picture: Picture, ways: tuple[tuple[str, str], ...], mark: str, says: str) -> Picture:
    """The picture with a heavy dotted edge and a word at each way; its alternative text says so first."""
    alt = f"{says[:1].upper()}{says[1:]} {picture.alt}".replace("`", "")
    root = ElementTree.fromstring(picture.svg)
    for source, target in ways:
        name = f"back_{identifier(target)}__{identifier(source)}"
        group = next((g for g in root.iter(f"{_SVG}g") if g.get("id") == name), None)
        if group is None:
            continue
        group.set("class", f"{group.get('class', '')} fault")
        for path in group.findall(f"{_SVG}path"):
            for key, value in _FAULTY.items():
                path.set(key, value)
        # The last line says on which side of the node it is; here it says what is wrong.
        for text in group.findall(f"{_SVG}text")[-1:]:
            text.text = mark
            text.set("font-weight", "bold")
            text.set("fill", BACKWARD)
    for heading in root.findall(f"{_SVG}title"):
        heading.text = alt
    return Picture(ElementTree.tostring(root, encoding="unicode").encode("utf-8"), picture.mime, alt)
