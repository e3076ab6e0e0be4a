"""The class as a spreadsheet: one row a learner, one column an exercise."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from .learners import Learner

# What a spreadsheet takes for the start of a formula. A tab or a return before one hides it from view only.
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n")


def sheet(class_: Sequence[Learner]) -> str:
    """CSV with the points of each exercise; empty where a learner handed in no such notebook.

    A name that a spreadsheet would run as a formula gets an apostrophe in front, which it shows as text.
    """
    ids = list(dict.fromkeys(identifier for learner in class_ for identifier in learner.exercises))
    ids.sort(key=_in_order)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["learner", "score", "max_score", "unreadable", *map(defused, ids)])
    for learner in class_:
        found = learner.exercises
        points = [found[i].points if i in found else "" for i in ids]
        writer.writerow(
            [defused(learner.name), learner.score, learner.max_score, len(learner.unread), *points]
        )
    return text.getvalue()


def defused(cell: str) -> str:
    """A text that no spreadsheet runs, on one line."""
    clean = "".join(c if c.isprintable() else " " for c in cell)
    return f"'{clean}" if cell.startswith(_RUNS) or clean.lstrip().startswith(_RUNS) else clean


def _in_order(identifier: str) -> tuple[tuple[int, int | str], ...]:
    """3.9 comes before 3.10, and numbers before words."""
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in identifier.split("."))
