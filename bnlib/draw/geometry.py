"""The little geometry that pictures need: points of an SVG path, arrowheads, two edges beside each other."""

from __future__ import annotations

import math
import re
from xml.etree.ElementTree import Element

Point = tuple[float, float]

# How far, in points, each edge of a pair is moved aside.
_ASIDE = 3.4
_NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")


def aside(first: Point, last: Point, down: bool) -> Point:
    """Which way, across a pair of edges, the backward one is moved: to the side on which its label stands.

    That is the right of an edge that runs down and the upper side of one that runs across.
    """
    across, along = last[0] - first[0], last[1] - first[1]
    rising = across * along < 0
    long = math.hypot(across, along) or 1.0
    steep = abs(along if down else across) / long
    # Along the border of the boxes, so that both edges still end there: the more slanted, the further.
    if steep > 0.4:
        return (_ASIDE / steep, 0.0) if down else (0.0, -_ASIDE / steep)
    if down:
        return 0.0, _ASIDE if rising else -_ASIDE
    return -_ASIDE if rising else _ASIDE, 0.0


def tip(head: Element, base: Point) -> Point:
    """The point of an arrowhead, given the end of the line that it sits on."""
    return max(points(head.get("points", "")), key=lambda point: distance(point, base))


def under(tip: Point, base: Point) -> str:
    """Where a line begins so that it comes from under the box at which an arrowhead points, as path text."""
    long = distance(tip, base) or 1.0
    x, y = (t + 3 * (t - b) / long for t, b in zip(tip, base, strict=True))
    return f"{x:g},{y:g}"


def points(text: str) -> list[Point]:
    """The coordinates in a `d` or `points` attribute, as pairs."""
    numbers = [float(number) for number in _NUMBER.findall(text)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def distance(a: Point, b: Point) -> float:
    """How far it is from one point to another."""
    return math.hypot(a[0] - b[0], a[1] - b[1])
