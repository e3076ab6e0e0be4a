"""`python -m bnlib grade`: its arguments, what it prints, and its exit status."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from .grader import CELL_TIMEOUT, GradeError, grade_paths
from .report import summary, table, write_json

EPILOG = """\
Exit status: 0 when every submission could be graded, whatever its marks; 1 when one could not be (it has a
line that says why, and the others are graded); 2 for a wrong use of this command.

A learner's code runs in the same kernel as its checks, with your rights: grade what you would also run.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Grade what the arguments name, print the table, write the report. Returns the exit status."""
    parser = _parser()
    try:
        options = parser.parse_args(argv)
        if options.json and not options.json.absolute().parent.is_dir():
            parser.error(
                f"there is no folder {options.json.absolute().parent} to write {options.json.name} into"
            )
        if options.json and options.json.is_dir():
            parser.error(f"{options.json} is a folder; --json wants a file")
    except SystemExit as stop:
        # argparse leaves the process; a caller of this function should get a status instead.
        return int(stop.code or 0)
    try:
        report = grade_paths(
            options.paths,
            options.seed,
            jobs=options.jobs,
            cell_timeout=options.timeout,
            root=options.root,
            progress=_progress if sys.stderr.isatty() else None,
        )
    except GradeError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; nothing was written.", file=sys.stderr)
        return 130
    if not report.submissions:
        print("There is no notebook in what you named.", file=sys.stderr)
    else:
        # What a terminal can't show, a file name in another encoding or a sign, must not end the run.
        encoding = sys.stdout.encoding or "utf-8"
        text = f"{table(report)}\n\n{summary(report)}"
        print(text.encode(encoding, "replace").decode(encoding))
    if options.json:
        try:
            write_json(report, options.json)
        except OSError as error:
            print(f"The report could not be written: {error}", file=sys.stderr)
            return 1
    return 0 if report.complete and report.submissions else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bnlib grade",
        description="Put the answers of notebooks into the course's own and run them with nbval.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "paths", nargs="+", metavar="FILE_OR_FOLDER", help="a notebook, or a folder that is searched for them"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the report as JSON")
    parser.add_argument(
        "--seed", type=_count(0), help="make the checks' inputs from this number (default: random)"
    )
    parser.add_argument(
        "--jobs", type=_count(1), metavar="N", help="runs at once (default: one for each core)"
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=CELL_TIMEOUT,
        metavar="SECONDS",
        help=f"limit for one cell (default: {CELL_TIMEOUT:g})",
    )
    parser.add_argument(
        "--root", type=Path, metavar="FOLDER", help="the checkout that has the course's source/ folder"
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


def _progress(done: int, count: int) -> None:
    """One line that is written over, and gone at the end."""
    line = f"graded {done} of {count}"
    print(f"\r{line}" if done < count else "\r" + " " * len(line) + "\r", end="", file=sys.stderr, flush=True)
