"""The course's commands: `python -m bnlib course`, `update`, `reset`, `grade`, `handout`, `notebooks`, `mistakes`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status. What a person can mend is said without a traceback."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["grade"]:
        from .grade.cli import main as grade

        return grade(arguments[1:])
    options, rest = _parser().parse_known_args(arguments)
    if rest and options.command != "course":
        _parser().error(f"unrecognized arguments: {' '.join(rest)}")
    if options.command == "mistakes":
        return _mistakes(options.output)
    from .course.copies import WorkspaceError
    from .course.run import BuildError
    from .course.source import SourceError, course_root

    try:
        root = options.root or course_root()
        return {
            "course": lambda: _course(root, rest),
            "update": lambda: _update(root),
            "reset": lambda: _reset(root, options.exercise, options.notebook),
            "handout": lambda: _handout(root, options.output),
            "notebooks": lambda: _notebooks(root, options),
        }[options.command]()
    except (WorkspaceError, SourceError, BuildError) as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bnlib", description="The course's commands.", allow_abbrev=False
    )
    parser.add_argument("--root", type=Path, help="the course's folder (otherwise it is found)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, says: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=says, description=says, allow_abbrev=False)

    add("course", "Fill my_course/ and open JupyterLab on it; other options are handed on to JupyterLab.")
    add("update", "Put new versions of notebooks beside yours, with your answers carried over.")
    reset = add("reset", "Put an exercise back as it was handed out, after a backup of the notebook.")
    reset.add_argument("exercise", help="the exercise's id, such as 3.9")
    reset.add_argument("--notebook", type=Path, help="the file (otherwise the one in my_course/)")
    add("grade", "Grade submissions; `grade --help` says how.")
    handout = add("handout", "Pack what a class should get: without source/ and tests/.")
    handout.add_argument("--output", type=Path, help="the file to write (otherwise handout.zip)")
    mistakes = add("mistakes", "Print which mistakes are recognised at which exercise.")
    mistakes.add_argument("--output", type=Path, help="the file to write instead")
    notebooks = add("notebooks", "Build notebooks/ from source/.")
    notebooks.add_argument("names", nargs="*", metavar="NAME", help="such as 03_backward (otherwise all)")
    notebooks.add_argument("--jobs", type=int, default=2, help="how many are executed at once (2)")
    other = notebooks.add_mutually_exclusive_group()
    other.add_argument("--solved", type=Path, metavar="FOLDER", help="write solved notebooks there instead")
    other.add_argument(
        "--instructor", type=Path, metavar="FOLDER", help="write nbgrader's sources there instead"
    )
    return parser


def _course(root: Path, rest: list[str]) -> int:
    from .course import launch, workspace

    copied = workspace.fill(root)
    if copied:
        print(f"New in {workspace.FOLDER}/: {', '.join(path.name for path in copied)}")
    newer = workspace.outdated(root)
    if newer:
        names = ", ".join(path.stem for path in newer)
        print(f"There is a newer version of {names}. `make update` puts it beside yours.")
    return launch.open_lab(root / workspace.FOLDER, rest[1:] if rest[:1] == ["--"] else rest)


def _update(root: Path) -> int:
    from .course import workspace

    for path in workspace.fill(root):
        print(f"{path.name} is new.")
    updates = workspace.update(root)
    for done in updates:
        carried = f" with your work on {', '.join(done.carried)}" if done.carried else ""
        print(f"{done.new.name} is the new version{carried}. {done.old.name} is as you left it.")
    if not updates:
        print("Your notebooks are up to date.")
    return 0


def _reset(root: Path, exercise: str, notebook: Path | None) -> int:
    from .course import workspace

    done = workspace.reset(root, exercise, notebook)
    if done.backup is None:
        print(f"{exercise} in {done.notebook} is as it was handed out; nothing was changed.")
        return 0
    print(f"{exercise} in {done.notebook} is as it was handed out.")
    print(f"The notebook as it was before is {done.backup}.")
    print("If it is open in JupyterLab, choose File, Reload Notebook from Disk.")
    return 0


def _handout(root: Path, output: Path | None) -> int:
    from .course import handout

    path = handout.pack(root, output)
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    return 0


def _mistakes(output: Path | None) -> int:
    from .exercises import courses
    from .exercises.mistakes.page import page

    text = page(courses().values())
    if output is None:
        print(text, end="")
    else:
        output.write_text(text, encoding="utf-8")
    return 0


def _notebooks(root: Path, options: argparse.Namespace) -> int:
    from .course import build

    folder = options.solved or options.instructor
    if folder is None:
        build.build_all(root, options.names, jobs=options.jobs)
        return 0
    for path in build.chosen(root, options.names).values():
        book = build.load(path)
        version = build.solved(book) if options.solved else build.instructors(book)
        build.write(version, folder / f"{book.name}.ipynb")
        print(f"wrote {folder / f'{book.name}.ipynb'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
