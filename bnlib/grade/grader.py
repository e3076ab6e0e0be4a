"""Grades submissions: reads each, puts it into the course's notebook, runs that, collects what was found.

`grade_paths` gives a whole report. `Grading` gives one result after the other, so that ten thousand need no
more memory than ten. `grade_one` is one submission's part of either, and can be sent to another machine.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import secrets
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from .. import __version__
from ..course.source import SourceNotebook, find_course_sources, load, load_notebook
from ..exercises import courses
from . import direct
from .assemble import Piece, assemble, kernel_cells, notebook
from .match import identify, match
from .outcome import Done, added_notes, exercise_results
from .private import PrivateError, read_private
from .referee import prepare
from .report import Report, SubmissionResult
from .run import STARTING, RunError, end_all, run
from .sitting import Notes
from .submission import Unreadable, find_files, read
from .worker import IsolationName, Limits, NoIsolation, choose

CELL_TIMEOUT = 30.0
# A submission may run into its limit for one cell so often before the rest is given up.
LIMITS_HIT = 10

Engine = Literal["nbval", "direct"]
Progress = Callable[[int, int], None]


class GradeError(RuntimeError):
    """Nothing can be graded: nbval is missing, or the course itself is, or isolation that was asked for."""


@dataclass(frozen=True)
class Settings:
    """What is the same for every submission of a run; plain data, so that it can be sent anywhere.

    `root` is the folder with the course's source/ or notebooks/, `private` that of an instructor's own
    asserts, `isolation` what a report says.
    """

    seed: int
    engine: Engine = "nbval"
    cell_timeout: float = CELL_TIMEOUT
    root: str | None = None
    private: str | None = None
    isolation: IsolationName = "process"


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
    engine: Engine = "nbval",
    require_isolation: bool = False,
    private: str | Path | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Report:
    """Grade files, and folders of notebooks, and report on them in the order in which they were found.

    See `Grading` for the arguments. Raises GradeError where nothing can be graded at all; a file that can't
    be graded is part of the report.
    """
    grading = Grading(
        paths,
        seed,
        jobs=jobs,
        cell_timeout=cell_timeout,
        root=root,
        engine=engine,
        require_isolation=require_isolation,
        private=private,
        executor=executor,
        progress=progress,
    )
    return grading.report(grading)


class Grading:
    """A run of the grader: iterating over it gives a SubmissionResult for each file, in order, as they come.

    `seed` makes the checks' inputs; without one it is random. `jobs` submissions are graded at once, by
    default one for each core. `cell_timeout` is in seconds. `root` is the folder that has the course's
    source/ or notebooks/, by default the checkout that bnlib stands in. `engine` is "nbval", or "direct" for
    the same checks without a kernel. With `require_isolation` nothing is graded without bubblewrap.
    `private` is a folder of an instructor's own asserts; see `private.read_private`. `executor` runs
    `grade_one` somewhere else, such as on a cluster; the caller shuts it down. `progress` is called with how
    many of how many are done. Raises GradeError where nothing can be graded at all.
    """

    def __init__(
        self,
        paths: Iterable[str | Path],
        seed: int | None = None,
        *,
        jobs: int | None = None,
        cell_timeout: float = CELL_TIMEOUT,
        root: str | Path | None = None,
        engine: Engine = "nbval",
        require_isolation: bool = False,
        private: str | Path | None = None,
        executor: Executor | None = None,
        progress: Progress | None = None,
    ):
        if engine == "nbval" and find_spec("nbval") is None:
            raise GradeError(
                "Grading with nbval needs nbval, which is not installed here: pip install nbval; "
                "--engine direct grades without it."
            )
        try:
            isolation = choose(require_isolation).name
        except NoIsolation as error:
            raise GradeError(str(error)) from None
        self.settings = Settings(
            secrets.randbelow(2**32) if seed is None else seed,
            engine,
            cell_timeout,
            None if root is None else str(root),
            None if private is None else str(private),
            isolation,
        )
        self.files = list(find_files(paths))
        self._executor, self._progress = executor, progress
        self._jobs = max(1, min(jobs or os.cpu_count() or 1, len(self.files)))
        _sources(self.settings.root)
        _asserts(self.settings.private)

    def __len__(self) -> int:
        return len(self.files)

    def __iter__(self) -> Iterator[SubmissionResult]:
        tasks = ((str(file), self.settings) for file in self.files)
        for done, graded in enumerate(self._spread(tasks), 1):
            if self._progress:
                self._progress(done, len(self.files))
            yield graded

    def report(self, submissions: Iterable[SubmissionResult]) -> Report:
        """The report on submissions, such as all of this run: `grading.report(grading)`.

        Where a run goes on with another, those of the earlier one belong to it too.
        """
        results = tuple(submissions)
        answered = {result.notebook for result in results}
        every = courses()
        names = [name for name, course in every.items() if answered & course.notebooks.keys()]
        names = names or list(every)[:1]
        used = self.settings
        return Report(", ".join(names), __version__, used.seed, results, used.engine, used.isolation)

    def _spread(self, tasks: Iterator[tuple[str, Settings]]) -> Iterator[SubmissionResult]:
        if self._executor:
            yield from _in_order(self._executor, tasks, 4 * (os.cpu_count() or 1))
        elif self.settings.engine == "nbval":
            # Each of these threads only waits for a process.
            pool = ThreadPoolExecutor(self._jobs)
            try:
                yield from _in_order(pool, tasks, 2 * self._jobs)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                end_all()
                raise
            finally:
                pool.shutdown(cancel_futures=True)
        elif self._jobs == 1:
            yield from (grade_one(*task) for task in tasks)
        else:
            yield from _in_processes(tasks, self._jobs)


def grade_one(file: str, settings: Settings) -> SubmissionResult:
    """Grade one file. Raises GradeError where the course itself is missing or not sound."""
    start = time.monotonic()
    name = None
    try:
        submission = read(file)
        course, name = identify(submission, courses())
        book = _book(settings.root, course.name, name)
        found = match(submission, book)
        pieces = assemble(found, _asserts(settings.private))
        done = _run(pieces, settings)
        points = {exercise: cell.points for exercise, cell in book.checks.items()}
        exercises = exercise_results(pieces, done, points, settings.cell_timeout)
        notes = [*found.notes, *added_notes(pieces, done)]
        if done.ended:
            notes.append("The whole run took too long and was ended.")
        result = SubmissionResult(
            submission=file,
            notebook=book.name,
            status="timed out" if done.ended else "graded",
            score=sum(exercise.points for exercise in exercises),
            max_score=sum(exercise.max_points for exercise in exercises),
            seconds=0.0,
            notes=tuple(notes),
            exercises=tuple(exercises),
        )
    except (Unreadable, RunError, NoIsolation) as reason:
        result = unreadable(file, str(reason), name)
    except GradeError:
        raise
    except Exception as error:
        # Whatever a file can bring about, it is one line of the report and not the end of the run.
        result = unreadable(file, f"It could not be graded ({type(error).__name__}: {error}).", name)
    seconds = round(time.monotonic() - start, 2)
    return replace(result, seconds=seconds)


def unreadable(file: str, reason: str, notebook: str | None = None) -> SubmissionResult:
    """The result of a file that could not be graded, and why."""
    return SubmissionResult(file, notebook, "unreadable", 0, 0, 0.0, (reason,))


def _run(pieces: list[Piece], settings: Settings) -> Done:
    seconds = settings.cell_timeout
    limits = Limits(seconds=seconds, total=STARTING + LIMITS_HIT * seconds)
    if settings.engine == "direct":
        return direct.sit(pieces, settings.seed, limits, settings.isolation)
    with tempfile.TemporaryDirectory(prefix="bnlib-grade-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder).resolve()
        prepare(scratch, pieces, settings.seed, limits, settings.isolation)
        cells = kernel_cells(pieces, str(scratch))
        found = run(notebook(cells), scratch, limits.total, limits.total + STARTING)
        try:
            notes = Notes.of(json.loads((scratch / "notes.json").read_text(encoding="utf-8")))
        except (OSError, ValueError):
            notes = Notes()
    results = zip(cells, found.cells, strict=True)
    trusted = {cell.piece: result for cell, result in results if cell.piece is not None}
    return Done(notes, trusted, found.ended)


def _in_order(
    pool: Executor, tasks: Iterator[tuple[str, Settings]], ahead: int
) -> Iterator[SubmissionResult]:
    """Results in the order of the tasks, with no more than `ahead` of them under way."""
    waiting: deque[Future[SubmissionResult]] = deque()
    try:
        for task in tasks:
            waiting.append(pool.submit(grade_one, *task))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _in_processes(tasks: Iterator[tuple[str, Settings]], jobs: int) -> Iterator[SubmissionResult]:
    """Results in order from processes of the grader's own; what was under way when one died is done again, alone."""
    waiting: deque[tuple[tuple[str, Settings], Future[SubmissionResult]]] = deque()
    pool = _pool(jobs)
    more = True
    try:
        while more or waiting:
            while more and len(waiting) < 4 * jobs:
                task = next(tasks, None)
                if task is None:
                    more = False
                else:
                    waiting.append((task, pool.submit(grade_one, *task)))
            if waiting:
                task, future = waiting.popleft()
                try:
                    yield future.result()
                except BrokenProcessPool:
                    alone = [task, *(other for other, _ in waiting)]
                    waiting.clear()
                    pool.shutdown()
                    for one in alone:
                        yield _alone(one)
                    pool = _pool(jobs)
    except BaseException:
        # Nobody waits for what is still being graded; what its worker runs ends with it.
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _alone(task: tuple[str, Settings]) -> SubmissionResult:
    """Grade in a process that does nothing else, so that what ends it harms no other submission."""
    with _pool(1) as pool:
        try:
            return pool.submit(grade_one, *task).result()
        except BrokenProcessPool:
            return unreadable(task[0], "Reading it ended the grader's process.")


def _pool(jobs: int) -> ProcessPoolExecutor:
    # A fork has the course and NumPy in memory at once; where that isn't safe, a process of its own has not.
    method = "fork" if sys.platform == "linux" else "spawn"
    context = multiprocessing.get_context(method)
    # Ctrl-C reaches all of them; the one that started them ends the others.
    return ProcessPoolExecutor(jobs, context, signal.signal, (signal.SIGINT, signal.SIG_IGN))


def _sources(root: str | None) -> dict[str, Path]:
    try:
        return find_course_sources(root)
    except ValueError as error:
        raise GradeError(str(error)) from None


def _book(root: str | None, course: str, name: str) -> SourceNotebook:
    """A notebook of a course as its author wrote it; raises GradeError where it is missing or not sound."""
    paths = _sources(root)
    if name not in paths:
        raise GradeError(f"The course's own notebook {name} is missing; there are {', '.join(paths)}.")
    path = paths[name]
    return _read_book(path, path.stat().st_mtime_ns, course)


@lru_cache(maxsize=64)
def _read_book(path: Path, changed: int, course: str) -> SourceNotebook:
    try:
        return load_notebook(path) if path.suffix == ".ipynb" else load(path, courses()[course])
    except ImportError as error:
        raise GradeError(
            f"Reading the course's sources needs {error.name}: pip install {error.name}"
        ) from None
    except ValueError as error:
        raise GradeError(str(error)) from None


@lru_cache(maxsize=4)
def _asserts(private: str | None) -> dict[str, str]:
    """An instructor's own asserts; read once in a process, so that a run is of a piece."""
    try:
        return read_private(private) if private else {}
    except PrivateError as error:
        raise GradeError(str(error)) from None
