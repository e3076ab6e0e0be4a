"""Graphviz leaves one gap between all ranks; here each gets the room that the names at its edges need."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

Point = tuple[float, float]
Box = tuple[float, float, float, float]

# What an edge needs to be seen as an arrow where its name is short.
_LEAST = 28.0
# A graph narrower than a notebook gets more, up to so much.
_ROOM, _MORE = 900.0, 40.0
_NARROW, _BROAD = frozenset("ijltf1.,:;|'()[] "), frozenset("mwMW")


def width_of(text: str, size: float, bold: bool = False) -> float:
    """About how wide a text is: by DejaVu Sans, the widest of the fonts that a browser may take."""
    ems = sum(0.38 if letter in _NARROW else 0.95 if letter in _BROAD else 0.62 for letter in text)
    return ems * size * (1.12 if bold else 1.0)


def spread(
    boxes: Sequence[Box],
    paths: Sequence[Sequence[Point]],
    ends: Sequence[tuple[int, int]],
    needs: Sequence[float],
) -> tuple[list[Box], list[list[Point]]]:
    """The boxes and paths with the gaps between the columns as wide as what will stand in them.

    `ends` are the boxes that the first paths join, and `needs` the room for the text at each path; a path
    without ends comes from the right. What passes several gaps has room anyway.
    """
    lefts: list[float] = []
    rights: list[float] = []
    last = -math.inf
    for middle, half in sorted((x + width / 2, width / 2) for x, _, width, _ in boxes):
        # Boxes above one another have one middle, but for rounding.
        if middle - last > 2.0:
            lefts.append(middle - half)
            rights.append(middle + half)
        lefts[-1], rights[-1] = min(lefts[-1], middle - half), max(rights[-1], middle + half)
        last = middle
    place = [bisect_right(lefts, x + width / 2) - 1 for x, _, width, _ in boxes]
    gaps = [_LEAST] * len(lefts)
    for i, need in enumerate(needs):
        if i >= len(ends):
            gaps[-1] = max(gaps[-1], need)
        elif place[ends[i][1]] == place[ends[i][0]] + 1:
            gaps[place[ends[i][0]]] = max(gaps[place[ends[i][0]]], need)
    taken = sum(gaps) + sum(right - left for left, right in zip(lefts, rights, strict=True))
    more = min(_MORE, max(0.0, (_ROOM - taken) / len(gaps)))
    gaps = [gap + more for gap in gaps]
    end = max([rights[-1] + 1.0, *(x for path in paths for x, _ in path)])
    old, new = [lefts[0]], [0.0]
    for left, right, following, gap in zip(lefts, rights, [*lefts[1:], end], gaps, strict=True):
        old += [right, following]
        new += [new[-1] + right - left, new[-1] + right - left + gap]

    def moved(x: float) -> float:
        # Evenly between the two stops beside it.
        i = min(max(bisect_right(old, x) - 1, 0), len(old) - 2)
        return new[i] + (x - old[i]) * (new[i + 1] - new[i]) / max(old[i + 1] - old[i], 1e-9)

    return (
        [(moved(x + w / 2) - w / 2, y, w, h) for x, y, w, h in boxes],
        [[(moved(x), y) for x, y in path] for path in paths],
    )
