"""What a benchmark says: rows of what was measured and the limit it must keep, as a table or as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One measurement. `unit` is "s" for seconds, "B" for bytes or "x" for a ratio; no `limit`, no verdict."""

    what: str
    measured: float
    limit: float | None = None
    unit: str = "s"

    @property
    def met(self) -> bool | None:
        """Whether the limit was kept; None where there is none."""
        return None if self.limit is None else self.measured <= self.limit

    def as_dict(self) -> dict[str, Any]:
        """The row as JSON can hold it."""
        return {
            "what": self.what,
            "measured": self.measured,
            "unit": self.unit,
            "limit": self.limit,
            "met": self.met,
        }


def table(rows: Iterable[Row]) -> str:
    """The rows as text in columns: what, measured, limit, met."""
    lines = [("what", "measured", "limit", "met")]
    for row in rows:
        limit = "" if row.limit is None else _quantity(row.limit, row.unit)
        met = {True: "yes", False: "NO", None: ""}[row.met]
        lines.append((row.what, _quantity(row.measured, row.unit), limit, met))
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    # Numbers stand under one another at their right end, words at their left.
    what, measured, limit, met = cells
    return f"{what:<{widths[0]}}  {measured:>{widths[1]}}  {limit:>{widths[2]}}  {met}".rstrip()


def _quantity(value: float, unit: str) -> str:
    if unit == "x":
        return f"{value:.2f} x"
    if unit == "B":
        return f"{value / 1000:.1f} KB"
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.{2 if value < 0.01 else 1}f} ms"
