"""Numbers and formulas as a node can hold them: short lines, columns that stand under one another."""

from __future__ import annotations

import textwrap

import numpy as np

# What is written out whole: more than this nobody reads in a node.
_ROWS, _COLUMNS, _ENTRIES = 6, 6, 24
# As wide as a digit in the fonts of the pictures, so that columns line up without a monospaced font.
_FIGURE_SPACE, _MINUS, _BLANK = "\u2007", "\u2212", "\u00a0"


def entries(value: np.ndarray) -> tuple[str, ...]:
    """A small array's entries, a line a row and all columns equally wide; nothing for a large one.

    Each array has as many decimals as its smallest number asks for; where that would be too many, each number
    has three digits of its own.
    """
    if value.ndim > 2 or value.size > _ENTRIES:
        return ()
    rows = np.atleast_2d(value)
    if rows.shape[0] > _ROWS or rows.shape[1] > _COLUMNS:
        return ()
    if value.size == 0:
        return ("no entries",)
    texts = [[_number(entry, _decimals(value)) for entry in row] for row in rows]
    wide = max(len(text) for row in texts for text in row)
    between = _BLANK * 2
    return tuple(between.join(text.rjust(wide, _FIGURE_SPACE) for text in row) for row in texts)


def wrap(formula: str, width: int = 32, lines: int = 4) -> tuple[str, ...]:
    """A formula in lines that break at spaces; what does not fit into `lines` lines is cut, with a sign."""
    if len(formula) <= width + 6:
        return (formula,) if formula else ()

    def broken(width: int) -> list[str]:
        return textwrap.wrap(formula, width, break_on_hyphens=False, max_lines=lines, placeholder=" …")

    # No narrower than it takes to keep the number of lines: so the last is not left with a word of its own.
    found = broken(width)
    if "…" not in found[-1]:
        while width > 8 and len(narrower := broken(width - 1)) == len(found):
            found, width = narrower, width - 1
    return tuple(found)


def _decimals(value: np.ndarray) -> int | None:
    """How many decimals show every entry with two digits or more; None where that is no way to write them."""
    if value.dtype.kind in "iub":
        return 0
    sizes = np.abs(value[np.isfinite(value)].astype(np.float64))
    sizes = sizes[sizes > 0]
    if not sizes.size or (np.all(sizes == np.round(sizes)) and sizes.max() < 1e6):
        return 0
    least, most = float(sizes.min()), float(sizes.max())
    if most >= 1e4 or most < 1e-3:
        return None
    # Two digits of the smallest number, but not more than four behind the point.
    wanted = min(max(1 - int(np.floor(np.log10(least))), 0 if least >= 100 else 2), 4)
    return wanted if round(least, wanted) > 0 else None


def _number(entry: np.generic, decimals: int | None) -> str:
    if isinstance(entry, np.bool_):
        return str(bool(entry))
    number = float(entry)
    if number == 0 or not np.isfinite(number):
        text = f"{number:.{decimals or 0}f}" if np.isfinite(number) else str(number)
    else:
        text = f"{number:#.3g}".rstrip(".") if decimals is None else f"{number:.{decimals}f}"
    # A zero has no sign, and a minus is as wide as a digit where a hyphen is not.
    return text.lstrip("-") if number == 0 else text.replace("-", _MINUS)
