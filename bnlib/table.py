"""`table`: numbers and words side by side below a cell of a lesson."""

from __future__ import annotations

from collections.abc import Iterable

# What a number begins with, also one that has been put into words already, such as "1,024" or "0.3 to 0.5".
_BEGINS_A_NUMBER = tuple("0123456789+-.−±<>")
_NOT_WORDS = ("", "nan", "inf", "–")


class Table:
    """A table that a notebook shows as such, and plain text in columns."""

    def __init__(self, heads: list[str], rows: list[list[str]]):
        self._heads, self._rows = heads, rows
        columns = zip(*rows, strict=True) if rows else ([] for _ in heads)
        self._of_numbers = [all(map(_is_number, column)) for column in columns]

    def _repr_markdown_(self) -> str:
        rule = ["--:" if numbers else ":--" for numbers in self._of_numbers]
        lines = [self._heads, rule, *self._rows]
        return "\n".join(f"| {' | '.join(map(_in_markdown, line))} |" for line in lines)

    def __repr__(self) -> str:
        lines = [self._heads, *self._rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(
                cell.rjust(width) if numbers else cell.ljust(width)
                for cell, width, numbers in zip(line, widths, self._of_numbers, strict=True)
            ).rstrip()
            for line in lines
        )


def table(*, digits: int = 4, **columns: Iterable[object]) -> Table:
    """Columns side by side, each under its name, in which an underscore is a space.

    Strings stand as they are; of numbers `digits` are shown. Columns of numbers are set right, words left.
    Raises ValueError where the columns are not equally long.
    """
    rows = [
        [cell if isinstance(cell, str) else f"{cell:.{digits}g}" for cell in row]
        for row in zip(*columns.values(), strict=True)
    ]
    return Table([name.replace("_", " ") for name in columns], rows)


def _is_number(cell: str) -> bool:
    return cell in _NOT_WORDS or cell.startswith(_BEGINS_A_NUMBER)


def _in_markdown(cell: str) -> str:
    return cell.replace("|", "\\|")
