"""A learner's folder my_course/: filled, updated, one exercise put back. Nothing of theirs is overwritten."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..exercises import UnknownExercise, course_of
from . import copies
from .build import dump
from .copies import Notebook, WorkspaceError, key, ours

FOLDER = "my_course"
BACKUPS = "backups"


def fill(root: Path) -> list[Path]:
    """Copy every file of notebooks/ that my_course/ does not have yet; returns the new copies."""
    copied = []
    for original in originals(root):
        target = root / FOLDER / original.relative_to(root / "notebooks")
        if copies.place(target, original.read_bytes()):
            copied.append(target)
    return copied


def originals(root: Path) -> list[Path]:
    """The course's own files in notebooks/, sorted; raises WorkspaceError where there are none."""
    folder = root / "notebooks"
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not found:
        raise WorkspaceError(f"{folder} is empty. Get a whole copy of the course, or run `make notebooks`.")
    return found


def outdated(root: Path) -> list[Path]:
    """The course's notebooks that a learner has in none but an older version."""
    return [
        original
        for original in originals(root)
        if original.suffix == ".ipynb"
        and (family := _family(root, original))
        and copies.version(original) not in [copies.version(path) for path in family]
    ]


@dataclass(frozen=True)
class Update:
    """A new version put beside a learner's notebook, with the cells of theirs that were carried over."""

    old: Path
    new: Path
    carried: tuple[str, ...]


def update(root: Path) -> list[Update]:
    """Put new versions beside the learner's notebooks, as 03_backward.new.ipynb, with their answers in place.

    The notebooks that they work in are left as they are. A version that they already have, under whatever
    name, is not made again. Answers come from the newest copy that has one.
    """
    done = []
    for original in outdated(root):
        family = _family(root, original)
        new = copies.read(original)
        carried = _carry(new, family)
        data = dump(new).encode("utf-8")
        path = family[0].with_name(f"{original.stem}.new.ipynb")
        if not copies.place(path, data):
            path = copies.place_numbered(path.parent, f"{original.stem}.new-{{}}.ipynb", data)
        done.append(Update(family[-1], path, tuple(carried)))
    return done


def _family(root: Path, original: Path) -> list[Path]:
    """The learner's copies of a notebook, oldest first: the first one, .new, .new-1, .new-2."""
    first = root / FOLDER / original.relative_to(root / "notebooks")
    pattern = re.compile(rf"{re.escape(original.stem)}(\.new(-(\d+))?)?\.ipynb")
    found = []
    for path in first.parent.glob("*.ipynb"):
        match = pattern.fullmatch(path.name)
        if match:
            found.append((match[1] is not None, int(match[3] or 0), path))
    return [path for _, _, path in sorted(found)]


def _carry(new: Notebook, family: Iterable[Path]) -> list[str]:
    """Put a learner's own work from their copies, oldest first, into a new version; says what was carried."""
    work: dict[str | None, str] = {}
    for path in family:
        try:
            cells = copies.read(path)["cells"]
        except WorkspaceError:
            continue
        work.update({key(cell): cell["source"] for cell in cells if copies.is_own_work(cell)})
    carried = []
    for cell in new["cells"]:
        name = key(cell)
        if name in work:
            cell["source"] = work[name]
            cell["outputs"], cell["execution_count"] = [], None
            carried.append(ours(cell).get("exercise") or "a given cell")
    return carried


@dataclass(frozen=True)
class Reset:
    """What a reset did; `backup` is None where the answer already was as it had been handed out."""

    notebook: Path
    backup: Path | None


def reset(root: Path, exercise: str, notebook: Path | None = None) -> Reset:
    """Put the stub back into an exercise's answer cell, after a backup of the whole notebook.

    Without `notebook` it is the one in my_course/ that the exercise belongs to. Raises WorkspaceError.
    """
    try:
        name = course_of(exercise).notebook_of(exercise)
    except UnknownExercise as error:
        raise WorkspaceError(str(error)) from None
    path = notebook or root / FOLDER / f"{name}.ipynb"
    if not path.is_file():
        raise WorkspaceError(f"There is no {path}. `make course` makes your copies of the notebooks.")
    before = copies.read(path)
    after = copy.deepcopy(before)
    _put_back(after, _stub(root / "notebooks" / f"{name}.ipynb", exercise), exercise, path)
    if after == before:
        return Reset(path, None)
    folder = path.parent / BACKUPS
    backup = copies.place_numbered(folder, f"{path.stem}.{{}}.ipynb", path.read_bytes())
    copies.replace(path, after)
    return Reset(path, backup)


def _stub(original: Path, exercise: str) -> Notebook:
    for cell in copies.read(original)["cells"]:
        if _belongs(cell, "answer", exercise):
            return cell
    raise WorkspaceError(f"{original} has no answer cell for {exercise}. Get a whole copy of the course.")


def _put_back(notebook: Notebook, stub: Notebook, exercise: str, path: Path) -> None:
    """Put the stub into the answer cell, or, where that was deleted, before the check cell."""
    cells = notebook["cells"]
    answers = [cell for cell in cells if _belongs(cell, "answer", exercise)]
    checks = [i for i, cell in enumerate(cells) if _belongs(cell, "check", exercise)]
    if not answers and not checks:
        raise WorkspaceError(f"{path} has neither the answer cell nor the check cell of {exercise}.")
    if not answers:
        cells.insert(checks[0], copy.deepcopy(stub))
    elif all(cell["source"] == stub["source"] for cell in answers):
        return
    for cell in answers:
        cell["source"] = stub["source"]
        cell["metadata"] = {**cell["metadata"], **stub["metadata"]}
    for cell in cells:
        if _belongs(cell, "answer", exercise) or _belongs(cell, "check", exercise):
            # What an answer that is no longer there once showed would only mislead.
            cell["outputs"], cell["execution_count"] = [], None


def _belongs(cell: Notebook, kind: str, exercise: str) -> bool:
    return (ours(cell).get("kind"), ours(cell).get("exercise")) == (kind, exercise)
