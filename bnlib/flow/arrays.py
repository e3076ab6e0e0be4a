"""An array as the browser gets it: its size in figures, a thumbnail of at most 16 by 16, and numbers where small."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

THUMBNAIL = 16
# Up to so many entries the numbers themselves are sent: enough for 8 rows of 8.
SMALL = 64


def pack(array: np.ndarray) -> dict[str, Any]:
    """Shape, smallest and largest entry, norm, column sums, thumbnail and, for a small array, its numbers.

    The thumbnail holds one byte an entry: 1 to 255 from minus the largest magnitude to plus it, 128 is zero,
    and 0 stands for what is not finite. NaN and infinity are counted, never hidden.
    """
    values = np.asarray(array, dtype=np.float64)
    table = values.reshape(1, -1) if values.ndim < 2 else values.reshape(-1, values.shape[-1])
    finite = np.isfinite(values)
    top = float(np.abs(values[finite]).max()) if finite.any() else 0.0
    small = _thumbnail(table)
    packed: dict[str, Any] = {
        "shape": list(values.shape),
        "low": _text(values[finite].min()) if finite.any() else "",
        "high": _text(values[finite].max()) if finite.any() else "",
        "norm": _text(np.linalg.norm(values[finite])) if finite.any() else "",
        "size": float(np.linalg.norm(values[finite])) if finite.any() else 0.0,
        "odd": int(values.size - finite.sum()),
        "top": _text(top),
        "rows": small.shape[0],
        "data": base64.b64encode(_bytes(small, top)).decode("ascii"),
    }
    if values.size <= SMALL:
        packed["numbers"] = [[_text(entry) for entry in row] for row in table]
    if values.ndim > 1 and table.shape[1] <= THUMBNAIL:
        packed["sums"] = [_text(entry) for entry in table.sum(axis=0)]
    return packed


def _thumbnail(table: np.ndarray) -> np.ndarray:
    """At most 16 by 16 entries: the array itself, or means over equal blocks of it."""
    for axis in (0, 1):
        length = table.shape[axis]
        if length > THUMBNAIL:
            starts = np.linspace(0, length, THUMBNAIL, endpoint=False).astype(int)
            sums = np.add.reduceat(table, starts, axis=axis)
            counts = np.diff([*starts, length])
            table = sums / (counts[:, None] if axis == 0 else counts)
    return table


def _bytes(table: np.ndarray, top: float) -> bytes:
    with np.errstate(all="ignore"):
        scaled = np.round(128 + 127 * table / (top or 1.0))
    return np.where(np.isfinite(table), np.clip(np.nan_to_num(scaled), 1, 255), 0).astype(np.uint8).tobytes()


def _text(value: Any) -> str:
    return f"{float(value):.3g}"
