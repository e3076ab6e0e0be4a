"""`python -m bnlib grade`: its arguments, what it prints, and its exit status."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from ..check.record import write_whole
from .cluster import NoCluster, cluster
from .grader import CELL_TIMEOUT, GradeError, Grading
from .journal import Journal, JournalError
from .outputs.junit import junit
from .outputs.learners import Learner, learners
from .outputs.pages import write_pages
from .outputs.platforms import classroom, gradescope
from .outputs.sheet import sheet
from .report import Report, SubmissionResult, summary, table, write_json
from .submission import find_files
from .watch import Bar

EPILOG = """\
In a folder, each folder directly in it is a learner, and of several attempts at a notebook the best counts.

Exit status: 0 when every submission could be graded, whatever its marks; 1 when one could not be (it has a
line that says why, and the others are graded); 2 for a wrong use of this command; 130 when it was stopped.

A learner's code runs in a process of its own, in a sandbox where bubblewrap is installed, and never in one
that decides about a mark. The last line says which it was; --require-isolation refuses less than a sandbox.
"""

# The forms of the report that are files, in the order in which a journal is put beside the first.
FILES = ("json", "csv", "junit", "gradescope", "classroom")


def main(argv: Sequence[str] | None = None) -> int:
    """Grade what the arguments name, print the table, write the reports. Returns the exit status."""
    parser = _parser()
    try:
        options = parser.parse_args(argv)
        _see_that_it_can_be_written(parser, options)
    except SystemExit as stop:
        # argparse leaves the process; a caller of this function should get a status instead.
        return int(stop.code or 0)
    try:
        report = _grade(options)
    except (GradeError, JournalError, NoCluster) as error:
        print(error, file=sys.stderr)
        return 1
    except _Stopped as stopped:
        print(stopped, file=sys.stderr)
        return 130
    if not report.submissions:
        print("There is no notebook in what you named.", file=sys.stderr)
    else:
        # What a terminal can't show, a file name in another encoding or a sign, must not end the run.
        encoding = sys.stdout.encoding or "utf-8"
        text = f"{table(report)}\n\n{summary(report)}"
        print(text.encode(encoding, "replace").decode(encoding))
    try:
        _write(report, options)
    except OSError as error:
        print(f"The report could not be written: {error}", file=sys.stderr)
        return 1
    journal = _journal_path(options)
    if journal is not None:
        journal.unlink(missing_ok=True)
    return 0 if report.complete and report.submissions else 1


class _Stopped(Exception):
    """Ctrl-C; the text says what was kept."""


def _grade(options: argparse.Namespace) -> Report:
    """Grade what an earlier run has not graded yet; keep each result as it comes."""
    files = list(find_files(options.paths))
    run = {name: getattr(options, name) for name in ("engine", "seed", "timeout", "private", "root")}
    run = {name: str(value) if isinstance(value, Path) else value for name, value in run.items()}
    path = _journal_path(options)
    journal = Journal(path, run, resume=options.resume) if path else None
    found = {file: journal.find(file) if journal is not None else None for file in files}
    left = [file for file, result in found.items() if result is None]
    bar = Bar()
    with ExitStack() as stack:
        stack.callback(bar.close)
        executor = stack.enter_context(cluster(options.scheduler)) if options.scheduler else None
        grading = Grading(
            left,
            journal.run["seed"] if journal is not None else options.seed,
            jobs=options.jobs,
            cell_timeout=options.timeout,
            root=options.root,
            engine=options.engine,
            require_isolation=options.require_isolation,
            private=options.private,
            executor=executor,
            progress=bar,
        )
        if journal is not None:
            journal.begin(grading.settings.seed)
        try:
            for file, result in zip(left, grading, strict=True):
                found[file] = result
                if journal is not None:
                    journal.note(file, result)
        except KeyboardInterrupt:
            kept = sum(result is not None for result in found.values())
            says = f"Stopped. {kept} of {len(files)} are kept in {path}; go on with --resume."
            raise _Stopped(says if journal is not None else "Stopped; nothing was written.") from None
        finally:
            if journal is not None:
                journal.close()
    return grading.report(result for result in found.values() if isinstance(result, SubmissionResult))


def _write(report: Report, options: argparse.Namespace) -> None:
    """Write every form of the report that was asked for, each whole or not at all."""
    class_ = learners(report, options.paths)
    if options.json:
        write_json(report, options.json)
    if options.csv:
        write_whole(options.csv, sheet(class_))
    if options.junit:
        write_whole(options.junit, junit(report))
    if options.html:
        write_pages(report, class_, options.html)
    if options.gradescope:
        write_whole(options.gradescope, gradescope(_one(class_)))
    if options.classroom:
        write_whole(options.classroom, classroom(_one(class_)))


def _one(class_: list[Learner]) -> Learner:
    """All learners of a run as one: a platform grades one learner at a time, whose files may lie anywhere."""
    best: dict[str, SubmissionResult] = {}
    for learner in class_:
        for name, result in learner.best.items():
            if name not in best or result.score >= best[name].score:
                best[name] = result
    unread = tuple(result for learner in class_ for result in learner.unread)
    return Learner("", dict(sorted(best.items())), unread, sum(learner.attempts for learner in class_))


def _journal_path(options: argparse.Namespace) -> Path | None:
    """Where an interrupted run keeps what it found: beside the first report that it was to write."""
    outputs = [getattr(options, name) for name in (*FILES, "html")]
    first = next((path for path in outputs if path), None)
    return first.with_name(f"{first.name}.part") if first else None


def _see_that_it_can_be_written(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Better now than after an hour of grading."""
    for name in (*FILES, "html"):
        path: Path | None = getattr(options, name)
        if path is None:
            continue
        if not path.absolute().parent.is_dir():
            parser.error(f"there is no folder {path.absolute().parent} to write {path.name} into")
        if name != "html" and path.is_dir():
            parser.error(f"{path} is a folder; --{name} wants a file")
        if name == "html" and path.exists() and not path.is_dir():
            parser.error(f"{path} is a file; --html wants a folder")
    if options.resume and not _journal_path(options):
        parser.error(
            "--resume goes on with a run that was to write a report; name the same --json or --csv again"
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bnlib grade",
        description="Put the answers of notebooks beside the course's own checks, and say which are right.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "paths", nargs="+", metavar="FILE_OR_FOLDER", help="a notebook, or a folder that is searched for them"
    )
    run = parser.add_argument_group("how to grade")
    run.add_argument(
        "--engine",
        choices=("nbval", "direct"),
        default="nbval",
        help="nbval runs a notebook for each submission; direct gives the same marks without one, for many",
    )
    run.add_argument(
        "--seed", type=_count(0), help="make the checks' inputs from this number (default: random)"
    )
    run.add_argument("--jobs", type=_count(1), metavar="N", help="runs at once (default: one for each core)")
    run.add_argument(
        "--timeout",
        type=_seconds,
        default=CELL_TIMEOUT,
        metavar="SECONDS",
        help=f"limit for one cell (default: {CELL_TIMEOUT:g})",
    )
    run.add_argument(
        "--root", type=Path, metavar="FOLDER", help="the checkout that has the course's source/ folder"
    )
    run.add_argument(
        "--private",
        type=Path,
        metavar="FOLDER",
        help="your own hidden asserts, in files such as 03_backward.py",
    )
    run.add_argument(
        "--require-isolation",
        action="store_true",
        help="grade nothing unless there is a sandbox (bubblewrap)",
    )
    run.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="hand the submissions to a Dask cluster, such as tcp://host:8786",
    )
    run.add_argument("--resume", action="store_true", help="go on with a run that was stopped")
    out = parser.add_argument_group("what to write, besides the table")
    out.add_argument("--json", type=Path, metavar="FILE", help="everything, for programs")
    out.add_argument(
        "--csv", type=Path, metavar="FILE", help="a row for each learner, a column for each exercise"
    )
    out.add_argument(
        "--html", type=Path, metavar="FOLDER", help="a page for each learner and one for the class"
    )
    out.add_argument("--junit", type=Path, metavar="FILE", help="JUnit XML, for CI services")
    out.add_argument(
        "--gradescope", type=Path, metavar="FILE", help="Gradescope's results.json, for one learner"
    )
    out.add_argument(
        "--classroom", type=Path, metavar="FILE", help="GitHub Classroom's result, for one learner"
    )
    return parser


def _count(least: int):  # type: ignore[no-untyped-def]
    def whole_number(text: str) -> int:
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"{number} is less than {least}")
        return number

    return whole_number


def _seconds(text: str) -> float:
    seconds = float(text)
    if not (math.isfinite(seconds) and seconds > 0):
        raise argparse.ArgumentTypeError(f"{text} is not a length of time")
    return seconds
