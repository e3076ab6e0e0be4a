"""A column of three rows as a point in space, and the gradient's way through the bracket as two steps there.

The page is a projection too: `view` holds its two directions, and nothing but matrix products follows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..draw import Picture, picture
from ..style import ACCENT, GRADIENT, INK, MUTED, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

# The azimuth and elevation, in degrees, from which one looks straight along (1, 1, 1).
ALONG_THE_MEAN = (45.0, float(np.degrees(np.arctan(np.sqrt(0.5)))))


def view(azimuth: float, elevation: float) -> Array:
    """The two directions of the page, right and up, for an eye at these angles in degrees: (2, 3)."""
    a, e = np.radians(azimuth), np.radians(elevation)
    right = [-np.sin(a), np.cos(a), 0.0]
    up = [-np.cos(a) * np.sin(e), -np.sin(a) * np.sin(e), np.cos(e)]
    return np.array([right, up])


def three_rows(
    x: ArrayLike, dxhat: ArrayLike, *, azimuth: float = 20.0, elevation: float = 25.0, eps: float = 0.0
) -> Picture:
    """The bracket I - 11'/3 - xhat xhat'/3 applied to dxhat (3,), for the column x (3,), seen from one side.

    Raises ValueError where x or dxhat has not 3 rows, or where x is constant and eps 0.
    """
    column, g = np.asarray(x, dtype=np.float64), np.asarray(dxhat, dtype=np.float64)
    if column.shape != (3,) or g.shape != (3,):
        raise ValueError(f"three rows are drawn: x has the shape {column.shape}, dxhat {g.shape}")
    xmu = column - column.mean()
    if not np.mean(xmu**2) + eps > 0:
        raise ValueError("the three rows are equal and eps is 0, so xhat is not defined")
    xhat = xmu / np.sqrt(np.mean(xmu**2) + eps)
    level = g - g.mean()
    projected = level - xhat * np.mean(g * xhat)

    page = view(azimuth, elevation)
    fig, ax = figure(width=7.6, height=4.9)
    _plane(ax, page)
    for row, axis in enumerate(np.eye(3)):
        _arrow(ax, page, np.zeros(3), 2.6 * axis, MUTED, width=1)
        _label(ax, page, 2.95 * axis, f"row {row}", INK)
    diagonal = np.ones(3) * 1.5
    _line(
        ax, page, (-diagonal, diagonal), color=MUTED, linewidth=1.5, linestyle="-.", label="mean direction 1"
    )
    _arrow(ax, page, np.zeros(3), xhat, INK, label="xhat")
    tip = xhat + g
    _arrow(ax, page, xhat, tip, GRADIENT, dashed=True, label="dxhat, as it arrives")
    _line(
        ax,
        page,
        (tip, xhat + level),
        color=GRADIENT,
        linewidth=1.5,
        linestyle=":",
        label="its mean, taken off",
    )
    _line(
        ax,
        page,
        (xhat + level, xhat + projected),
        color=INK,
        linewidth=1.5,
        linestyle=(0, (1, 4)),
        label="its part along xhat, taken off",
    )
    _arrow(ax, page, xhat, xhat + projected, ACCENT, width=3, label="what is left")
    ax.set(xlim=(-3.2, 6.4), ylim=(-2.9, 3.1), aspect="equal")
    ax.set_axis_off()
    # The whole page for the scene: there are no ticks to leave room for.
    ax.set_position((0, 0, 1, 1))
    ax.legend(loc="upper right", frameon=False, fontsize=10)
    return picture(fig, alt=_words(azimuth, elevation, eps, xhat, g, projected), trim=False)


def _plane(ax: Axes, page: Array) -> None:
    """The columns of mean 0, as far as xhat can reach: a disc of radius root 3."""
    angle = np.linspace(0, 2 * np.pi, 73)
    first, second = np.array([1.0, -1.0, 0.0]) / np.sqrt(2), np.array([1.0, 1.0, -2.0]) / np.sqrt(6)
    rim = np.sqrt(3) * (np.outer(np.cos(angle), first) + np.outer(np.sin(angle), second)) @ page.T
    ax.fill(rim[:, 0], rim[:, 1], color="#e4e7eb", zorder=0, label="columns of mean 0")
    ax.plot(rim[:, 0], rim[:, 1], color=MUTED, linewidth=1)


def _line(ax: Axes, page: Array, ends: tuple[Array, Array], **style: Any) -> None:
    points = np.stack(ends) @ page.T
    ax.plot(points[:, 0], points[:, 1], **style)


def _arrow(
    ax: Axes,
    page: Array,
    start: Array,
    end: Array,
    colour: str,
    *,
    width: float = 2,
    dashed: bool = False,
    label: str | None = None,
) -> None:
    style = "--" if dashed else "-"
    _line(ax, page, (start, end), color=colour, linewidth=width, linestyle=style, label=label)
    a, b = page @ start, page @ end
    # Seen along its own length an arrow is a point, and has no head.
    if np.linalg.norm(b - a) > 0.12:
        before = b - 0.02 * (b - a) / np.linalg.norm(b - a)
        head = {"arrowstyle": "-|>", "color": colour, "linewidth": width, "mutation_scale": 8 + 3 * width}
        ax.annotate("", tuple(b), tuple(before), arrowprops={**head, "shrinkA": 0, "shrinkB": 0})


def _label(ax: Axes, page: Array, at: Array, text: str, colour: str) -> None:
    x, y = page @ at
    ax.text(x, y, text, color=colour, ha="center", va="center", fontsize=10)


def _words(azimuth: float, elevation: float, eps: float, xhat: Array, g: Array, projected: Array) -> str:
    def numbers(values: Array) -> str:
        return ", ".join(f"{value:.2f}" for value in values + 0.0)

    return (
        f"Three axes, one for each row, seen from azimuth {azimuth:g} and elevation {elevation:g} degrees, "
        f"with eps = {eps:g}. A disc holds the columns of mean 0; the mean direction stands upright on it. "
        f"xhat = ({numbers(xhat)}) lies in the disc. From its tip start dxhat = ({numbers(g)}), dashed, and "
        f"what is left of it, ({numbers(projected)}), which runs parallel to the disc"
        + (", at a right angle to xhat." if eps == 0 else ", not quite at a right angle to xhat.")
    )
