"""An array as the browser gets it: its size in figures, a thumbnail of at most 16 by 16, and numbers where small."""

from __future__ import annotations

import base64
import math
from functools import lru_cache
from typing import Any

import numpy as np

THUMBNAIL = 16
# Up to so many entries the numbers themselves are sent: enough for 8 rows of 8.
SMALL = 64


def pack(array: np.ndarray) -> dict[str, Any]:
    """Shape, smallest and largest entry, norm, thumbnail, column sums and, of a small array, its numbers.

    The thumbnail holds one byte an entry: 1 to 255 from minus the largest magnitude to plus it, 128 is zero,
    and 0 stands for what is not finite. What is not finite is counted in `odd` and named in `oddly`, and left
    out of the figures; a key that has nothing to say is left out as well.
    """
    values = np.asarray(array, dtype=np.float64)
    good = np.isfinite(values)
    finite = values.ravel() if good.all() else values[good]
    packed: dict[str, Any] = {"shape": list(values.shape), "size": 0.0}
    top = 0.0
    if finite.size:
        low, high, norm = float(finite.min()), float(finite.max()), math.sqrt(float(finite @ finite))
        top = max(-low, high)
        packed |= {"low": text(low), "high": text(high), "norm": text(norm), "size": float(text(norm))}
    if finite.size < values.size:
        packed |= {"odd": values.size - finite.size, "oddly": "NaN" if np.isnan(values).any() else "inf"}
    if not values.size:
        return packed
    table = values.reshape(-1, values.shape[-1] if values.ndim > 1 else values.size)
    if values.size > 1:
        small = _thumbnail(table)
        packed |= {"rows": small.shape[0], "data": base64.b64encode(_bytes(small, top)).decode("ascii")}
    if values.size <= SMALL:
        packed["numbers"] = [[text(entry) for entry in row] for row in table]
    if values.ndim > 1 and table.shape[1] <= THUMBNAIL:
        with np.errstate(all="ignore"):
            packed["sums"] = [_sum(column, top) for column in table.T]
    return packed


def text(value: Any) -> str:
    """A number with three digits, as JSON can't hold NaN."""
    return f"{float(value):.3g}"


def _sum(column: np.ndarray, top: float) -> str:
    # A sum that is zero but for rounding says so: 1.1e-16 hides what there is to see.
    total = float(column.sum())
    return "0" if abs(total) <= 1e-14 * column.size * top else text(total)


def _thumbnail(table: np.ndarray) -> np.ndarray:
    """At most 16 by 16 entries: the array itself, or means over blocks of it that are as equal as can be."""
    for axis in (0, 1):
        length = table.shape[axis]
        if length > THUMBNAIL:
            starts, counts = _blocks(length)
            with np.errstate(all="ignore"):
                table = np.add.reduceat(table, starts, axis=axis) / (counts[:, None] if axis == 0 else counts)
    return table


@lru_cache(maxsize=64)
def _blocks(length: int) -> tuple[np.ndarray, np.ndarray]:
    starts = np.arange(THUMBNAIL) * length // THUMBNAIL
    return starts, np.diff(starts, append=length)


def _bytes(table: np.ndarray, top: float) -> bytes:
    good = np.isfinite(table)
    scaled = np.rint(128 + (127 / top if top else 0.0) * np.where(good, table, 0.0))
    return np.where(good, np.clip(scaled, 1, 255), 0).astype(np.uint8).tobytes()
