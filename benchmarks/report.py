"""What a benchmark says: rows of what was measured and the limit it must keep, as a table or as JSON.

Every module beside this one that has a function `rows(full: bool = False) -> list[Row]` is a benchmark, and `run`
finds it. Without `full` it takes some tens of seconds at most; with `full` it has the sizes that were promised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Row:
    """One measurement; without a `limit` there is no verdict.

    `unit` is "s" for seconds, "B" for bytes, "x" for a ratio or "n" for a number of things.

    `more` has other numbers that belong to it, each under a name that has its unit.
    """

    what: str
    measured: float
    limit: float | None = None
    unit: str = "s"
    more: Mapping[str, float] = field(default_factory=dict)

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
            **({"more": dict(self.more)} if self.more else {}),
        }


def table(rows: Iterable[Row]) -> str:
    """The rows as text in columns: what, measured, limit, met, and whatever more there is."""
    lines = [("what", "measured", "limit", "met", "")]
    for row in rows:
        limit = "" if row.limit is None else _quantity(row.limit, row.unit)
        met = {True: "yes", False: "NO", None: ""}[row.met]
        more = "; ".join(f"{name} {value:.3g}" for name, value in row.more.items())
        lines.append((row.what, _quantity(row.measured, row.unit), limit, met, more))
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    lines.insert(1, (*("-" * width for width in widths), ""))
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    # Numbers stand under one another at their right end, words at their left.
    what, measured, limit, met, more = cells
    columns = (
        f"{what:<{widths[0]}}  {measured:>{widths[1]}}  {limit:>{widths[2]}}  {met:<{widths[3]}}  {more}"
    )
    return columns.rstrip()


def _quantity(value: float, unit: str) -> str:
    if unit == "x":
        return f"{value:.2f} x"
    if unit == "n":
        return f"{value:.0f}"
    if unit == "B":
        return f"{value / 1000:.1f} KB"
    if value >= 1:
        return f"{value:.2f} s"
    return f"{value * 1000:.{2 if value < 0.01 else 1}f} ms" if value >= 0.001 else f"{value * 1e6:.1f} us"
