"""How the course's plots look: the drawing's colours, quiet axes, and figures that pyplot never sees.

The three colours differ in lightness as well as in hue, so that they are told apart in grey and by the
colour-blind; a line that carries a gradient is also dashed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

INK = "#1f2933"
GRADIENT = "#b3261e"
ACCENT = "#1a5fb4"
MUTED = "#7b8794"

STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.prop_cycle": f"cycler('color', ['{INK}', '{ACCENT}', '{GRADIENT}', '{MUTED}'])",
    "lines.linewidth": 2,
}


def figure(rows: int = 1, columns: int = 1, *, width: float = 7, height: float = 3, **options: Any) -> tuple:
    """A figure in the course's style and its axes: one Axes, or an array of them as `subplots` makes it.

    The figure is matplotlib's own and not pyplot's, so that none stays open. Options go to `Figure.subplots`.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        made = Figure(figsize=(width, height))
        axes = made.subplots(rows, columns, **options)
    # Fixed margins in inches: a layout engine would double the time, and make a picture that moves jump.
    made.subplots_adjust(left=0.75 / width, right=1 - 0.15 / width, hspace=0.55, wspace=0.35)
    made.subplots_adjust(bottom=0.55 / height, top=1 - 0.35 / height)
    return made, axes


def histogram(axes: Axes, values: ArrayLike, bins: ArrayLike, *, colour: str = INK, title: str = "") -> None:
    """A histogram with a mark at the mean and a bar that reaches one standard deviation to either side.

    Below the axis stands a tick at every value, since a bar of one among hundreds is too low to be seen.
    """
    array = np.asarray(values, dtype=np.float64)
    counts, edges = np.histogram(array, bins)
    tallest = max(counts.max(), 1)
    axes.stairs(counts, edges, fill=True, color=colour, alpha=0.75)
    distinct = np.unique(array)
    axes.plot(distinct, np.full(distinct.shape, -0.06 * tallest), "|", color=colour, markersize=5)
    mean, std, height = array.mean(), array.std(), 1.12 * tallest
    axes.plot([mean - std, mean + std], [height, height], marker="|", markersize=10, color=colour)
    axes.plot([mean], [height], "o", color=colour)
    axes.set(ylim=(-0.12 * tallest, 1.25 * tallest), xlim=(edges[0], edges[-1]), ylabel="count")
    # Few ticks, and a title that is told its height (`y`), halve the time that a moving picture takes.
    axes.set_yticks([0, tallest])
    axes.set_title(title, loc="left", y=1.0)


def image(
    axes: Axes,
    pixels: ArrayLike,
    *,
    title: str = "",
    mark: tuple[int, int] | None = None,
    limit: float | None = None,
) -> None:
    """An 8 by 8 image in grey, dark ink on white, with a frame around the pixel `mark` (row, column).

    With `limit`, values from -limit to limit in two colours, with white for 0.
    """
    grey = {"cmap": "gray_r", "vmin": 0, "vmax": 16}
    signed = {"cmap": "PuOr", "vmin": -(limit or 0), "vmax": limit}
    axes.imshow(np.reshape(pixels, (8, 8)), **(grey if limit is None else signed))
    axes.set(xticks=[], yticks=[])
    axes.set_title(title, loc="left", y=1.0)
    axes.spines[:].set(visible=True, color=MUTED)
    if mark is not None:
        from matplotlib.patches import Rectangle

        corner = (mark[1] - 0.5, mark[0] - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=GRADIENT, linewidth=3))


__all__ = ["ACCENT", "GRADIENT", "INK", "MUTED", "STYLE", "figure", "histogram", "image"]
