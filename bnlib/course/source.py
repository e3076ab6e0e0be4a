"""Reads what authors write, source/NN_name.py, into cells that say what they are for.

A source is a jupytext percent script. After `# %%` a code cell may say `given=true` (answers may rely on it),
`answer="3.9"` (holds a solution block), or `check="3.9"` (may hold hidden tests, and `points=2`). A code cell
that says nothing is a demonstration. The marker lines are nbgrader's own.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..exercises import Course, courses
from ..light import light_imports
from . import marks
from .cells import Kind, SourceCell, SourceError, SourceNotebook

__all__ = [
    "SourceCell",
    "SourceError",
    "SourceNotebook",
    "course_root",
    "find_course_sources",
    "load",
    "load_notebook",
]

KEYS = ("given", "answer", "check", "points")
# What jupytext itself notes about the layout of a script; it says nothing about the cell.
_LAYOUT = {"lines_to_next_cell", "lines_to_end_of_cell_marker", "cell_marker"}
_NUMBERED = re.compile(r"\d\d_\w+")


def load(path: str | Path, course: Course | None = None) -> SourceNotebook:
    """Read a source script, or a built notebook (`.ipynb`), and make sure that it is sound.

    Without `course`, it is the registered course that has a notebook of this name. Raises SourceError.
    """
    path = Path(path)
    if path.suffix == ".ipynb":
        return load_notebook(path)
    with light_imports():
        import jupytext  # only authors and graders read sources

    course = course or _course_with(path)
    points = {exercise.id: exercise.points for exercise in course.notebooks.get(path.stem, ())}
    try:
        raw = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")["cells"]
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: can't be read ({error})") from None
    cells = tuple(_cell(path, number, cell, points) for number, cell in enumerate(raw, 1))
    _validate(path, cells, course)
    return SourceNotebook(path.stem, _title(path, cells), course.name, cells)


def load_notebook(path: str | Path) -> SourceNotebook:
    """Read a built notebook into the same structure; it has no solutions and no hidden tests.

    For a handout, which has notebooks/ and no source/. Raises SourceError where the file is none of ours.
    """
    path = Path(path)
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        ours = notebook["metadata"]["bnlib"]
        cells = tuple(_built_cell(number, cell) for number, cell in enumerate(notebook["cells"], 1))
        return SourceNotebook(ours["notebook"], _title(path, cells), ours["course"], cells)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SourceError(f"{path}: can't be read as a notebook ({error})") from None
    except (KeyError, TypeError, AttributeError):
        raise SourceError(f"{path}: not a notebook that this course's build made") from None


def find_course_sources(root: str | Path | None = None) -> dict[str, Path]:
    """Where each notebook is read from, by its name: source/, or notebooks/ where that is missing.

    Without `root` it is the checkout that bnlib itself stands in, else the nearest folder above the current
    one that has either. Raises SourceError where there is none.
    """
    folder = course_root() if root is None else Path(root)
    for place, ending in (("source", ".py"), ("notebooks", ".ipynb")):
        found = {
            p.stem: p for p in sorted((folder / place).glob(f"*{ending}")) if _NUMBERED.fullmatch(p.stem)
        }
        if found:
            return found
    raise SourceError(f"{folder} has neither source/NN_name.py nor notebooks/NN_name.ipynb")


def course_root() -> Path:
    """The checkout that bnlib stands in, else the nearest folder above the current one with a course."""
    here = Path(__file__).resolve().parents[2]
    current = Path.cwd()
    for folder in (here, current, *current.parents):
        if any((folder / "source").glob("[0-9][0-9]_*.py")) or any((folder / "notebooks").glob("*.ipynb")):
            return folder
    raise SourceError(f"no course found: neither {here} nor {current} or a folder above it has notebooks/")


def _course_with(path: Path) -> Course:
    known = courses().values()
    for course in known:
        if path.stem in course.notebooks:
            return course
    names = ", ".join(name for course in known for name in course.notebooks)
    raise SourceError(f"{path}: no registered course has a notebook {path.stem!r}; there are {names}")


def _cell(path: Path, number: int, cell: dict[str, Any], points: dict[str, int]) -> SourceCell:
    """One jupytext cell as ours; raises SourceError for metadata that we don't know."""
    where = f"{path}, cell {number}"
    metadata = {key: value for key, value in cell["metadata"].items() if key not in _LAYOUT}
    for key, value in metadata.items():
        if key not in KEYS:
            what = f"the text {value!r}" if key == "title" else f"the unknown key {key!r}"
            raise SourceError(f"{where}: {what} stands after `# %%`; known are {', '.join(KEYS)}")
    if cell["cell_type"] == "markdown":
        if metadata:
            raise SourceError(f"{where}: a markdown cell takes no {next(iter(metadata))!r}")
        return SourceCell("markdown", cell["source"], number)
    if cell["cell_type"] != "code":
        raise SourceError(f"{where}: a {cell['cell_type']} cell has no place in a lesson")
    kinds = [key for key in ("given", "answer", "check") if key in metadata]
    if len(kinds) > 1:
        raise SourceError(f"{where}: {kinds[0]!r} and {kinds[1]!r} in one cell")
    worth = metadata.get("points")
    if worth is not None and (kinds != ["check"] or type(worth) is not int or worth < 0):
        raise SourceError(f"{where}: points={worth!r}; points are a whole number, and stand on a check cell")
    if kinds in ([], ["given"]):
        if metadata.get("given", True) is not True:
            raise SourceError(f"{where}: given={metadata['given']!r}; write given=true or leave it out")
        return SourceCell("given" if kinds else "demo", cell["source"], number)
    kind: Kind = "answer" if kinds == ["answer"] else "check"
    exercise = metadata[kind]
    if not isinstance(exercise, str):
        raise SourceError(f"{where}: {kind}={exercise!r}; write the id as text, in quotes")
    if kind == "answer":
        return SourceCell(kind, cell["source"], number, exercise)
    return SourceCell(
        kind, cell["source"], number, exercise, points.get(exercise, 1) if worth is None else worth
    )


def _built_cell(number: int, cell: dict[str, Any]) -> SourceCell:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return SourceCell("markdown", source, number)
    ours = cell["metadata"].get("bnlib", {})
    points = cell["metadata"].get("nbgrader", {}).get("points", 0)
    return SourceCell(ours.get("kind", "demo"), source, number, ours.get("exercise"), points)


def _title(path: Path, cells: Iterable[SourceCell]) -> str:
    """The text of the only H1; raises SourceError where there is none, or more than one."""
    found = []
    for cell in cells:
        if cell.kind == "markdown":
            prose = re.sub(r"^(```|~~~).*?^\1", "", cell.source, flags=re.MULTILINE | re.DOTALL)
            found += [(cell, line[2:].strip()) for line in prose.splitlines() if line.startswith("# ")]
    if not found:
        raise SourceError(f"{path}: no title; the first markdown cell should begin with `# ` and a title")
    if len(found) > 1:
        raise SourceError(
            f"{path}, {found[1][0].label}: a second title {found[1][1]!r}; sections begin with `## `"
        )
    return found[0][1]


def _validate(path: Path, cells: tuple[SourceCell, ...], course: Course) -> None:
    """Raise SourceError for what no reader of a single cell could see."""
    known = course.exercises()
    seen: set[tuple[str, str]] = set()
    for cell in cells:
        where = f"{path}, {cell.label}"
        fault = marks.fault(cell.source, cell.kind)
        if fault:
            raise SourceError(f"{where}: {fault}")
        if cell.exercise is None:
            continue
        if cell.exercise not in known:
            raise SourceError(f"{where}: course {course.name!r} has no exercise {cell.exercise!r}")
        home = course.notebook_of(cell.exercise)
        if home != path.stem:
            raise SourceError(f"{where}: exercise {cell.exercise!r} belongs to {home}")
        if (cell.kind, cell.exercise) in seen:
            raise SourceError(f"{where}: a second {cell.kind} cell for {cell.exercise!r}")
        if cell.kind == "check" and ("answer", cell.exercise) not in seen:
            raise SourceError(f"{where}: a check with no answer cell before it")
        seen.add((cell.kind, cell.exercise))
        for text, what in ((cell.stub_source, "as a stub"), (cell.solution_source, "solved")):
            try:
                ast.parse(text)
            except SyntaxError as error:
                raise SourceError(f"{where}: {what} it is not valid Python ({error.msg})") from None
    for cell in cells:
        if cell.kind == "answer" and ("check", str(cell.exercise)) not in seen:
            raise SourceError(f"{path}, {cell.label}: an answer without a check cell")
