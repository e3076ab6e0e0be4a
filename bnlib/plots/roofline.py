"""The roofline: how much arithmetic programs do for each byte, and how much of it in a second.

S. Williams, A. Waterman and D. Patterson, "Roofline: an insightful visual performance model" (2009),
https://doi.org/10.1145/1498765.1498785. All numbers are measured on one machine by whoever calls this.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..draw import Picture, picture
from ..style import GRADIENT, INK, MUTED, figure

_TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
_MARKERS = "osD^v<PX*h"


def roofline(
    forms: Mapping[str, tuple[float, float]],
    bandwidth: float,
    peak: float,
    *,
    other: str | None = None,
    threads: str = "one thread",
) -> Picture:
    """Points below a roof: each form's useful operations for each byte, and billions of them a second.

    `bandwidth` is the speed of memory in gigabytes a second, `peak` that of the arithmetic in billions of
    operations a second, both on so many `threads`. `other` names a form that is not the course's own, which gets
    another colour.
    Raises ValueError for a form, a bandwidth or a peak that is not positive.
    """
    if min(bandwidth, peak, *(value for point in forms.values() for value in point)) <= 0:
        raise ValueError("a roofline is drawn on two logarithmic scales; every number has to be positive")
    fig, ax = figure(width=8, height=4.4)
    at = np.geomspace(0.02, 10, 200)
    ax.plot(at, np.minimum(bandwidth * at, peak), color=MUTED, label=f"the roof, {threads}", gid="roof")
    for number, (form, (intensity, speed)) in enumerate(forms.items()):
        colour, marker = GRADIENT if form == other else INK, _MARKERS[number % len(_MARKERS)]
        gid = f"form_{number}"
        ax.plot([intensity], [speed], marker, markersize=9, color=colour, label=form, gid=gid, linestyle="")
    across, up = "useful operations for each byte", "billions of operations a second"
    ax.set(xscale="log", yscale="log", xlabel=across, ylabel=up)
    for axis, (low, high) in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
        axis.set_ticks([tick for tick in _TICKS if low <= tick <= high])
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter("")
    ax.legend(frameon=False, loc="lower right")
    said = "; ".join(f"{form} {speed:.2g} at {intensity:.2g}" for form, (intensity, speed) in forms.items())
    return picture(
        fig,
        alt=f"A roofline: memory gives {bandwidth:.0f} GB a second, arithmetic {peak:.1f} billion operations. "
        f"Billions of useful operations a second, at operations for each byte: {said}.",
    )
