"""The layers of the family on images, and a picture of which entries share their statistics in each.

The idea of the picture is that of figure 2 in Y. Wu and K. He, "Group Normalization" (2018),
https://arxiv.org/abs/1803.08494. Here what is coloured is not asserted: it is an array that was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import norms
from ..draw import Picture, picture
from ..style import ACCENT, GRADIENT, INK, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Images = NDArray[Any]

_GAP = 0.8
# Of a panel, in inches: one of several in a row, and one that has the row to itself.
_WIDTH, _ALONE = 2.9, 5.4


def family(
    together: Mapping[str, NDArray[np.bool_]],
    entry: tuple[int, int, int, int] = (0, 0, 0, 0),
    columns: int = 3,
) -> Picture:
    """A panel for each title: images below one another, channels side by side, each a grid of pixels.

    `together` maps a title to a boolean array (N, C, H, W), True where an entry shares its statistics with
    `entry`, which is framed. Raises ValueError where an array is of another kind.
    """
    for title, shared in together.items():
        if shared.ndim != 4 or shared.dtype != bool:
            found = f"{shared.dtype} {shared.shape}"
            raise ValueError(f"{title}: a boolean array (N, C, H, W) is needed, not {found}")
    rows, width = -(-len(together) // columns), _WIDTH if columns > 1 else _ALONE
    # As high as the widest panel's grid needs at this width, and the words around it.
    wide, high = (max(s.shape[i] * (s.shape[i + 2] + _GAP) for s in together.values()) for i in (1, 0))
    fig, axes = figure(
        rows,
        columns,
        width=width * columns,
        height=(0.85 * width * high / wide + 0.85) * rows,
        squeeze=False,
    )
    for ax in axes.flat[len(together) :]:
        ax.set_axis_off()
    for ax, (title, shared) in zip(axes.flat, together.items(), strict=False):
        _panel(ax, shared, entry)
        ax.set_title(title, loc="left", y=1.0)
    fig.subplots_adjust(left=0.2 / columns, right=0.99, wspace=0.2, hspace=0.5)
    return picture(fig, alt=_words(together, entry))


def layers_on_images(channels: int, groups: int = 2) -> dict[str, Callable[[Images], Images]]:
    """The five layers as functions of x (N, C, H, W) alone, by name: gamma is 1, beta 0 and eps 1e-5.

    `channels` is C, and `groups` the number of groups that GroupNorm makes of them.
    """
    ones, zeros = np.ones(channels), np.zeros(channels)

    def batch(x: Images) -> Images:
        return norms.spatial_batchnorm_forward(x, ones, zeros, {"mode": "train"})[0]

    def grouped(count: int) -> Callable[[Images], Images]:
        gamma, beta = (a.reshape(1, channels, 1, 1) for a in (ones, zeros))
        return lambda x: norms.spatial_groupnorm_forward(x, gamma, beta, count, {})[0]

    def rms(x: Images) -> Images:
        rows = x.reshape(len(x), -1)
        return norms.rmsnorm_forward(rows, np.ones(rows.shape[1]))[0].reshape(x.shape)

    return {
        "BatchNorm": batch,
        "LayerNorm": grouped(1),
        "InstanceNorm": grouped(channels),
        f"GroupNorm, G = {groups}": grouped(groups),
        "RMSNorm": rms,
    }


def _panel(ax: Axes, shared: NDArray[np.bool_], entry: tuple[int, int, int, int]) -> None:
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    n, c, h, w = shared.shape
    for value, colour in ((True, ACCENT), (False, "#dde2e8")):
        boxes = [Rectangle(_corner(index, shared.shape), 1, 1) for index in np.argwhere(shared == value)]
        ax.add_collection(PatchCollection(boxes, facecolor=colour, edgecolor="white", linewidth=1))
    # White below the frame, which in grey is as dark as what it frames.
    for colour, width in (("white", 7), (GRADIENT, 2.5)):
        ax.add_patch(
            Rectangle(_corner(entry, shared.shape), 1, 1, fill=False, edgecolor=colour, linewidth=width)
        )
    ax.set(
        xlim=(-0.2, c * (w + _GAP) - _GAP + 0.2),
        ylim=(n * (h + _GAP) - _GAP + 0.2, -0.2),
        aspect="equal",
        xticks=[i * (w + _GAP) + w / 2 for i in range(c)],
        yticks=[i * (h + _GAP) + h / 2 for i in range(n)],
        xticklabels=range(c),
        yticklabels=range(n),
        xlabel="channel",
        ylabel="image",
    )
    ax.tick_params(length=0, labelcolor=INK)
    ax.spines[:].set_visible(False)


def _corner(index: tuple[int, ...] | NDArray[np.intp], shape: tuple[int, ...]) -> tuple[float, float]:
    n, c, y, x = (int(i) for i in index)
    return c * (shape[3] + _GAP) + x, n * (shape[2] + _GAP) + y


def _words(together: Mapping[str, NDArray[np.bool_]], entry: tuple[int, ...]) -> str:
    def spans(shared: NDArray[np.bool_]) -> str:
        images, channels = (np.unique(np.argwhere(shared)[:, axis]).size for axis in (0, 1))
        pixels = int(shared.any(axis=(0, 1)).sum())
        whole = shared.sum() == images * channels * pixels
        counts = [f"{images} of {shared.shape[0]} images", f"{channels} of {shared.shape[1]} channels"]
        counts.append(f"{pixels} of {shared[0, 0].size} pixels")
        return ", ".join(counts) + ("" if whole else ", not all of their combinations")

    parts = "; ".join(f"{title}: {spans(shared)}" for title, shared in together.items())
    return f"Which entries of a batch of images share their statistics with entry {tuple(entry)}. {parts}."
