"""Makes notebooks of a source: the learner's, the solved one, and the one that nbgrader starts from.

A notebook is plain JSON here, so that the grader can build one without importing nbformat, which is slow.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ..check.record import write_whole
from . import marks
from .run import execute
from .source import SourceCell, SourceError, SourceNotebook, find_course_sources, load

Notebook = dict[str, Any]

# What JupyterLab itself would write, without the versions that differ from machine to machine.
_KERNEL = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "pygments_lexer": "ipython3",
    },
}


def learners(book: SourceNotebook) -> Notebook:
    """The notebook that a learner opens: stubs for solutions, no hidden tests, no outputs yet."""
    return _notebook(book, lambda cell: cell.stub_source)


def solved(book: SourceNotebook, *, hidden: bool = False) -> Notebook:
    """The notebook with every solution in place; with its hidden tests where `hidden` is true."""
    return _notebook(book, lambda cell: marks.unmarked(cell.source) if hidden else cell.solution_source)


def instructors(book: SourceNotebook) -> Notebook:
    """The notebook with solutions, hidden tests and their marker lines: nbgrader makes its versions of it."""
    return _notebook(book, lambda cell: cell.source)


def build(path: str | Path) -> Notebook:
    """The learner's notebook of one source, its demonstrations executed.

    Raises SourceError for a source that is not sound, BuildError for a cell that can't be kept.
    """
    book = load(path)
    notebook = learners(book)
    execute(notebook, str(path))
    return notebook


def build_all(
    root: str | Path | None = None,
    names: Collection[str] = (),
    *,
    jobs: int = 2,
    report: Callable[[str], None] = print,
) -> list[Path]:
    """Build the notebooks of a checkout into notebooks/, all or those named; `jobs` kernels run at once.

    Nothing is written for a source that fails; the others are built, then the first error is raised.
    """
    sources = chosen(root, names)
    written = []
    with ThreadPoolExecutor(jobs) as pool:
        futures = {name: pool.submit(build, path) for name, path in sources.items()}
    for name, future in futures.items():
        if future.exception() is None:
            target = sources[name].resolve().parents[1] / "notebooks" / f"{name}.ipynb"
            write(future.result(), target)
            report(f"built {target.name}")
            written.append(target)
    for future in futures.values():
        future.result()
    return written


def chosen(root: str | Path | None, names: Collection[str] = ()) -> dict[str, Path]:
    """The source scripts of a checkout by name, all or those named; raises SourceError for a missing one."""
    sources = {name: path for name, path in find_course_sources(root).items() if path.suffix == ".py"}
    if not sources:
        raise SourceError("there is no source/ here; a handout has none, and its notebooks are built already")
    for name in names:
        if name not in sources:
            raise SourceError(f"there is no source/{name}.py; there are {', '.join(sources)}")
    return {name: sources[name] for name in names or sources}


def write(notebook: Notebook, path: str | Path) -> None:
    """Write a notebook as Jupyter itself would, whole or not at all; makes its folder."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, dump(notebook))
    path.chmod(0o644)


def dump(notebook: Notebook) -> str:
    """A notebook as the text that Jupyter itself would write, so that saving one changes no other line."""
    split = {**notebook, "cells": [_split(cell) for cell in notebook["cells"]]}
    return json.dumps(split, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _notebook(book: SourceNotebook, text: Callable[[SourceCell], str]) -> Notebook:
    cells: list[dict[str, Any]] = []
    taken: set[str] = set()
    for cell in book.cells:
        # The id comes from what the learner gets, so that all versions of a notebook agree on it.
        identifier = _unused(_identifier(cell), taken)
        taken.add(identifier)
        code: dict[str, Any] = {"execution_count": None, "outputs": []} if cell.kind != "markdown" else {}
        cells.append(
            {
                "cell_type": "code" if code else "markdown",
                "id": identifier,
                "metadata": _cell_metadata(cell, identifier),
                "source": text(cell),
                **code,
            }
        )
    ours = {"course": book.course, "notebook": book.name, "version": _version(book)}
    return {"cells": cells, "metadata": {"bnlib": ours, **_KERNEL}, "nbformat": 4, "nbformat_minor": 5}


def _cell_metadata(cell: SourceCell, identifier: str) -> dict[str, Any]:
    """nbgrader's metadata, version 3, allows no key that is not its own; ours stand beside it.

    `stub` is the digest of what was handed out: what differs from it is a learner's own work.
    """
    if cell.kind in ("markdown", "demo"):
        return {}
    ours: dict[str, Any] = {"kind": cell.kind}
    if cell.kind != "check":
        ours["stub"] = digest(cell.stub_source)
    if cell.exercise is None:
        return {"bnlib": ours}
    check = cell.kind == "check"
    theirs: dict[str, Any] = {
        "schema_version": 3,
        "grade": check,
        "locked": check,
        "solution": not check,
        "task": False,
        "grade_id": identifier,
    }
    if check:
        theirs["points"] = cell.points
    return {"bnlib": {**ours, "exercise": cell.exercise}, "nbgrader": theirs}


def _identifier(cell: SourceCell) -> str:
    if cell.exercise is not None:
        return re.sub(r"[^a-zA-Z0-9_-]", "-", f"{cell.kind}-{cell.exercise}")[:64]
    # JupyterLab finds a cell's id (`#cell-id=...`) in a notebook that it has just opened; headings come too late.
    heading = re.match(r"#+ (.+)", cell.source) if cell.kind == "markdown" else None
    return (section_id(heading[1]) if heading else "") or digest(cell.source)


def section_id(heading: str) -> str:
    """The id of the cell that begins with a heading, as links name it: "N or N - 1?" gives "n-or-n-1"."""
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")[:64]


def _unused(identifier: str, taken: set[str]) -> str:
    """The identifier, numbered where another cell has the same text."""
    candidate, count = identifier, 1
    while candidate in taken:
        count += 1
        candidate = f"{identifier}-{count}"
    return candidate


def _version(book: SourceNotebook) -> str:
    """A digest of what a learner reads; it changes with nothing else."""
    return digest(json.dumps([[cell.kind, cell.exercise, cell.stub_source] for cell in book.cells]))


def digest(text: str) -> str:
    """Twelve hexadecimal digits that stand for a text."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]


def _split(cell: dict[str, Any]) -> dict[str, Any]:
    """A cell with its text as a list of lines, so that a difference can be read line by line."""
    cell = {**cell, "source": _lines(cell["source"])}
    if "outputs" in cell:
        cell["outputs"] = [_split_output(output) for output in cell["outputs"]]
    return cell


def _split_output(output: dict[str, Any]) -> dict[str, Any]:
    output = dict(output)
    if "text" in output:
        output["text"] = _lines(output["text"])
    if "data" in output:
        output["data"] = {mime: _lines(value) for mime, value in output["data"].items()}
    return output


def _lines(text: str | list[str]) -> list[str]:
    return text.splitlines(keepends=True) if isinstance(text, str) else text
