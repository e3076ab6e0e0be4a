"""Two sets of gradients side by side, name by name: what one looks at to find the step that went wrong.

For each name a row with the shape, the size of both, the largest relative difference, and a small picture of
each. A square's side is an entry's magnitude; a positive entry is filled, a negative one hollow, so that the
pictures can be read in grey.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from html import escape

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .check.card import Card

Array = NDArray[np.float64]

# Of an array with more rows or columns than this the first are drawn.
_MOST = 12
_CELL = 10
_FILLED, _HOLLOW, _MISSING = "#1a5fb4", "#b3261e", "#1f2933"


def side_by_side(
    suspect: Mapping[str, ArrayLike], truth: Mapping[str, ArrayLike], order: Iterable[str] | None = None
) -> Card:
    """A table of the gradients in `suspect` beside those in `truth`, a row for each name in `order`.

    Without `order` the names are truth's, in its order. A row has the name, the shape, the Euclidean norm of
    both arrays, the largest relative difference of an entry (|a - b| over |a| + |b|: 0 where they agree, 1
    where a sign is turned or one of the two is 0), and a picture of each, both drawn to one scale. Shown in a
    notebook it is an HTML table, elsewhere the same as text.

    Raises KeyError for a name that `suspect` or `truth` lacks.
    """
    names = list(truth if order is None else order)
    for name in names:
        for which, gradients in (("suspect", suspect), ("truth", truth)):
            if name not in gradients:
                raise KeyError(f"{which} has no {name!r}; it has {', '.join(map(str, gradients))}")
    rows = [_Row(name, suspect[name], truth[name]) for name in names]
    head = ("gradient", "shape", "norm, suspect", "norm, truth", "largest relative difference")
    text = [head, *(row.cells for row in rows)]
    widths = [max(len(line[i]) for line in text) for i in range(len(head))]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in text
    ]
    return Card(_table((*head, "suspect", "truth"), rows), "\n".join(lines))


class _Row:
    """One name: what its cells say, and its two pictures."""

    def __init__(self, name: str, suspect: ArrayLike, truth: ArrayLike) -> None:
        self.name = name
        left, right = np.asarray(suspect, dtype=np.float64), np.asarray(truth, dtype=np.float64)
        same = left.shape == right.shape
        self.shape = f"{right.shape}" if same else f"{left.shape}, not {right.shape}"
        self.norms = (f"{np.linalg.norm(left):.4g}", f"{np.linalg.norm(right):.4g}")
        self.difference = f"{_largest(left, right):.1e}" if same else "shapes differ"
        finite = np.concatenate([a[np.isfinite(a)] for a in (left, right)])
        scale = float(np.max(np.abs(finite), initial=0.0))
        self.pictures = tuple(
            _image(array, scale, f"{name}, {which}") for which, array in (("suspect", left), ("truth", right))
        )

    @property
    def cells(self) -> tuple[str, ...]:
        return (self.name, self.shape, *self.norms, self.difference)


def _largest(a: Array, b: Array) -> float:
    """The largest |a - b| / (|a| + |b|); 0 where both are 0, NaN where either holds what is no number."""
    size = np.abs(a) + np.abs(b)
    ratio = np.divide(np.abs(a - b), size, out=np.zeros_like(size), where=size != 0)
    return float(np.max(ratio, initial=0.0))


def _table(head: tuple[str, ...], rows: list[_Row]) -> str:
    pad = "padding:3px 10px;vertical-align:middle"
    right, left = f"{pad};text-align:right", f"{pad};text-align:left"
    heads = "".join(
        f'<th scope="col" style="{left if i == 0 else right}">{h}</th>' for i, h in enumerate(head)
    )
    body = "".join(
        f'<tr><th scope="row" style="{left}"><code>{escape(row.name)}</code></th>'
        + "".join(f'<td style="{right}">{escape(cell)}</td>' for cell in row.cells[1:])
        + "".join(f'<td style="{right}">{image}</td>' for image in row.pictures)
        + "</tr>"
        for row in rows
    )
    caption = (
        "Each gradient of the suspect beside the true one. In the pictures the side of a square is the "
        "magnitude of an entry; filled is positive, hollow is negative; × is not a number."
    )
    # A wide table scrolls in a box of its own; what scrolls can have the focus, and then has its own keys.
    return (
        '<div role="group" aria-label="Gradients side by side" tabindex="0" '
        'data-lm-suppress-shortcuts="true" style="overflow-x:auto;max-width:100%">'
        '<table style="border-collapse:collapse;font-size:13px;margin:4px 0">'
        f'<caption style="text-align:left;padding:2px 10px 6px;caption-side:top">{caption}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _image(array: Array, scale: float, what: str) -> str:
    """An array as squares on white, in an <img>, which JupyterLab keeps also where it drops an SVG."""
    grid = array.reshape(1, -1) if array.ndim < 2 else array.reshape(-1, array.shape[-1])
    shown = grid[:_MOST, :_MOST]
    marks = [_mark(float(v), scale, i, j) for i, row in enumerate(shown) for j, v in enumerate(row)]
    height, width = (_CELL * max(n, 1) for n in shown.shape)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(marks)}</svg>'
    )
    data = base64.b64encode(svg.encode()).decode("ascii")
    alt = f"{escape(what)}: {_words(grid)}"
    style = "background:#fff;border:1px solid #7b8794"
    return f'<img alt="{alt}" src="data:image/svg+xml;base64,{data}" style="{style}">'


def _mark(value: float, scale: float, i: int, j: int) -> str:
    x, y = (j + 0.5) * _CELL, (i + 0.5) * _CELL
    if not np.isfinite(value):
        a = 0.3 * _CELL
        line = f"M{x - a:g} {y - a:g}L{x + a:g} {y + a:g}M{x - a:g} {y + a:g}L{x + a:g} {y - a:g}"
        return f'<path d="{line}" stroke="{_MISSING}"/>'
    # The area would be truer to a magnitude, but then a factor of two can't be seen at this size.
    side = 0.9 * _CELL * abs(value) / scale if scale else 0.0
    if side < 0.02 * _CELL:
        return ""
    look = f'fill="{_FILLED}"' if value > 0 else f'fill="none" stroke="{_HOLLOW}"'
    # A stroke lies half outside of its shape.
    side = side if value > 0 else max(side - 1.0, 0.2)
    return (
        f'<rect x="{x - side / 2:.2f}" y="{y - side / 2:.2f}" width="{side:.2f}" height="{side:.2f}" {look}/>'
    )


def _words(grid: Array) -> str:
    """What a picture shows, for those who can't see it: the numbers where they are few."""
    if grid.size <= 8:
        return ", ".join(f"{v:.3g}" for v in grid.ravel()) or "empty"
    finite = grid[np.isfinite(grid)]
    bad = grid.size - finite.size
    says = f"{int(np.sum(grid > 0))} positive and {int(np.sum(grid < 0))} negative entries"
    says += f", from {finite.min():.3g} to {finite.max():.3g}" if finite.size else ""
    return says + (f", {bad} that are no numbers" if bad else "")
