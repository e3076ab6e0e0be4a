"""How long the lessons take to run: every solved notebook under nbval, as the tests and a school's grader run it."""

from __future__ import annotations

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

from report import Row, table

from bnlib.course import build
from bnlib.course.source import find_course_sources, load
from bnlib.grade.run import run

ROOT = Path(__file__).resolve().parents[1]
# Seconds: for all of them together on two cores, and for notebook 08, which trains networks.
ALL, TRAINING = 180.0, 60.0
LONGEST = "08_does_it_matter"


def rows(full: bool = False) -> list[Row]:
    """Seconds for all of them together, two at a time, and for each from nbval's start to its end."""
    lessons = find_course_sources(ROOT)
    # The longest first, or one process would wait for it at the end.
    names = sorted(lessons, key=lambda name: (name != LONGEST, name))
    notebooks = {name: build.solved(load(lessons[name]), hidden=True) for name in names}

    def seconds(name: str) -> float:
        start = perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            found = run(notebooks[name], Path(folder), cell_timeout=300, limit=900)
        if found.ended or any(cell.outcome == "failed" for cell in found.cells):
            raise RuntimeError(f"{name} fails under nbval")
        return perf_counter() - start

    start = perf_counter()
    with ThreadPoolExecutor(2) as pool:
        taken = dict(zip(names, pool.map(seconds, names), strict=True))
    whole = perf_counter() - start
    each = [
        Row(f"notebook {name}, solved, under nbval", taken[name], TRAINING if name == LONGEST else None)
        for name in sorted(names)
    ]
    return [Row("all notebooks, solved, under nbval, two at a time", whole, ALL), *each]


if __name__ == "__main__":
    print(table(rows("--full" in sys.argv)))
