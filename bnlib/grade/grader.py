"""Grades submissions: reads each, puts it into the course's notebook, runs that, collects what was found."""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

from .. import __version__
from ..course.source import SourceNotebook, find_course_sources, load, load_notebook
from ..exercises import Course, courses
from .assemble import assemble, notebook, verdict_file
from .match import Match, identify, match
from .outcome import added_notes, exercise_results
from .report import Report, SubmissionResult
from .run import RunError, end_all, run
from .submission import Unreadable, find_files, read

CELL_TIMEOUT = 30.0

Progress = Callable[[int, int], None]


class GradeError(RuntimeError):
    """Nothing can be graded: nbval is missing, or the course itself is."""


def grade(submission: str | Path, seed: int | None = None) -> Report:
    """Grade one file, or the notebooks of one folder; see `grade_paths`."""
    return grade_paths([submission], seed)


def grade_paths(
    paths: Iterable[str | Path],
    seed: int | None = None,
    *,
    jobs: int | None = None,
    cell_timeout: float = CELL_TIMEOUT,
    root: str | Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Grade files, and folders of notebooks, and report on them in the order in which they were found.

    `seed` makes the checks' inputs; without one it is random. `jobs` runs go on at once, by default one for
    each core. `cell_timeout` is in seconds. `root` is the folder that has the course's source/ or notebooks/,
    by default the checkout that bnlib stands in. `progress` is called with how many of how many are done.
    Raises GradeError where nothing can be graded at all; a file that can't be graded is part of the report.
    """
    if find_spec("nbval") is None:
        raise GradeError("Grading needs nbval, which is not installed here: pip install nbval")
    seed = secrets.randbelow(2**32) if seed is None else seed
    books = _Books(root)
    files = list(find_files(paths))
    count, lock = 0, Lock()

    def one(file: Path) -> tuple[str | None, SubmissionResult]:
        nonlocal count
        result = _grade_file(file, seed, cell_timeout, books)
        with lock:
            count += 1
            if progress:
                progress(count, len(files))
        return result

    pool = ThreadPoolExecutor(jobs or os.cpu_count() or 1)
    try:
        found = list(pool.map(one, files))
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        end_all()
        raise
    finally:
        pool.shutdown()
    names = list(dict.fromkeys(course for course, _ in found if course)) or list(courses())[:1]
    return Report(", ".join(names), __version__, seed, tuple(result for _, result in found))


class _Books:
    """The course's notebooks as their authors wrote them, each read once and only when it is needed."""

    def __init__(self, root: str | Path | None):
        try:
            self.paths = find_course_sources(root)
        except ValueError as error:
            raise GradeError(str(error)) from None
        self._lock = Lock()
        self._load = lru_cache(maxsize=None)(self._read)

    def get(self, course: Course, name: str) -> SourceNotebook:
        """A notebook of a course; raises GradeError where its source is missing or not sound."""
        with self._lock:
            return self._load(course.name, name)

    def _read(self, course: str, name: str) -> SourceNotebook:
        if name not in self.paths:
            raise GradeError(
                f"The course's own notebook {name} is missing; there are {', '.join(self.paths)}."
            )
        path = self.paths[name]
        try:
            return load_notebook(path) if path.suffix == ".ipynb" else load(path, courses()[course])
        except ImportError as error:
            raise GradeError(
                f"Reading the course's sources needs {error.name}: pip install {error.name}"
            ) from None
        except ValueError as error:
            raise GradeError(str(error)) from None


def _grade_file(file: Path, seed: int, limit: float, books: _Books) -> tuple[str | None, SubmissionResult]:
    start = time.monotonic()
    course: Course | None = None
    name = None
    try:
        submission = read(file)
        course, name = identify(submission, courses())
        result = _run(match(submission, books.get(course, name)), seed, limit, str(file))
    except (Unreadable, RunError) as reason:
        result = SubmissionResult(str(file), name, "unreadable", 0, 0, 0.0, (str(reason),))
    seconds = round(time.monotonic() - start, 2)
    return course.name if course else None, SubmissionResult(**{**vars(result), "seconds": seconds})


def _run(found: Match, seed: int, limit: float, file: str) -> SubmissionResult:
    with tempfile.TemporaryDirectory(prefix="bnlib-grade-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder).resolve()
        verdicts = scratch / "verdicts"
        verdicts.mkdir()
        pieces = assemble(found, seed, verdicts)
        done = run(notebook(pieces), scratch, limit)
        points = {exercise: cell.points for exercise, cell in found.book.checks.items()}
        exercises = exercise_results(pieces, done, points, partial(verdict_file, found, verdicts), limit)
        notes = [*found.notes, *added_notes(pieces, done)]
    if done.ended:
        notes.append("The whole run took too long and was ended.")
    return SubmissionResult(
        submission=file,
        notebook=found.book.name,
        status="timed out" if done.ended else "graded",
        score=sum(result.points for result in exercises),
        max_score=sum(result.max_points for result in exercises),
        seconds=0.0,
        notes=tuple(notes),
        exercises=tuple(exercises),
    )
