"""How long a check takes to answer: `check` as a notebook calls it, for each exercise, on a right answer."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Callable
from statistics import median

from report import Row, table
from timing import measure

from bnlib import check
from bnlib.exercises import Exercise, courses

MEDIAN, SLOWEST = 0.1, 0.5


def rows(full: bool = False) -> list[Row]:
    """The median over all exercises, and the slowest of them."""
    exercises = [exercise for course in courses().values() for exercise in course.exercises().values()]
    here, strict = os.getcwd(), os.environ.get("BNLIB_STRICT")
    with tempfile.TemporaryDirectory() as folder:
        # A check notes its verdict in the folder in which it is called; that is part of its time.
        os.chdir(folder)
        os.environ["BNLIB_STRICT"] = "0"
        try:
            taken = measure({exercise.id: _call(exercise) for exercise in exercises}, rounds=5, warmup=1)
        finally:
            os.chdir(here)
            os.environ.pop("BNLIB_STRICT")
            if strict is not None:
                os.environ["BNLIB_STRICT"] = strict
    times = {identifier: timing.median for identifier, timing in taken.items()}
    slowest = max(times, key=lambda identifier: times[identifier])
    return [
        Row(f"a check, median of {len(times)} exercises", median(times.values()), MEDIAN),
        Row(f"the slowest check ({slowest})", times[slowest], SLOWEST),
    ]


def _call(exercise: Exercise) -> Callable[[], object]:
    """A call of the exercise's check in a namespace that holds right answers."""
    namespace = {**exercise.needs, "check": check}
    cell = compile(f"check({exercise.id!r})", "<cell>", "exec")

    def call() -> None:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(cell, namespace)
        if "passed" not in said.getvalue():
            raise RuntimeError(f"the reference of {exercise.id} does not pass:\n{said.getvalue()}")

    return call


if __name__ == "__main__":
    print(table(rows()))
