"""Reads a learner's file as plain JSON, within limits, and says in plain words why where that fails.

A notebook is JSON; reading it without nbformat is quick, and no schema decides what a learner may hand in.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# A solved notebook of the course with all its pictures is well below 5 MB, and has below 150 cells.
MAX_BYTES = 32 * 2**20
MAX_CELLS = 2000
MAX_SOURCE = 2**20
# All of its code together, in characters.
MAX_CODE = 4 * 2**20
# What makes parts of JSON: brackets, of which each costs some fifty bytes, and commas.
MAX_BRACKETS, MAX_COMMAS = 500_000, 4_000_000


class Unreadable(ValueError):
    """A file that can't be graded; the message says why, for the report."""


@dataclass(frozen=True)
class LearnerCell:
    """A code cell as it was handed in. `number` counts all of the notebook's cells from 1."""

    number: int
    source: str
    id: str
    metadata: dict[str, Any]


@dataclass(frozen=True)
class Submission:
    """A file's code cells, and the course and notebook that its metadata names, if any."""

    path: Path
    cells: tuple[LearnerCell, ...]
    course: str | None = None
    notebook: str | None = None


def find_files(paths: Iterable[str | Path]) -> Iterator[Path]:
    """Every file to grade, each once: a folder's notebooks in sorted order, without following links.

    A path that is no folder is given back as it is, so that the report can say what is wrong with it.
    """
    seen: set[Path] = set()
    for path in map(Path, paths):
        found = [path] if path.is_symlink() or not path.is_dir() else _walk(path)
        for file in found:
            if file not in seen:
                seen.add(file)
                yield file


def _walk(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name != ".ipynb_checkpoints":
                yield from _walk(folder / entry.name)
        elif entry.name.endswith(".ipynb"):
            yield folder / entry.name


def read(path: str | Path) -> Submission:
    """Read a notebook; raises Unreadable with the reason where it is none, is damaged or is too large."""
    path = Path(path)
    data = _bytes(path)
    if not data.strip():
        raise Unreadable("It is empty.")
    if data.count(b"[") + data.count(b"{") > MAX_BRACKETS or data.count(b",") > MAX_COMMAS:
        raise Unreadable("It has too many parts. Clear its outputs and hand it in again.")
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable("It is not a notebook: it is not text in UTF-8.") from None
    except json.JSONDecodeError as error:
        raise Unreadable(
            f"It is no notebook, or is damaged: not JSON from line {error.lineno}, column {error.colno} on."
        ) from None
    except (ValueError, RecursionError):
        raise Unreadable(
            "It is not a notebook: its JSON is nested too deep, or has numbers too long."
        ) from None
    return _submission(path, notebook)


def _bytes(path: Path) -> bytes:
    # Not opened at all where it is a link; never waited for where it is a pipe or a device.
    flags = (
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    if path.is_symlink():
        raise Unreadable("It is a link. Hand in the file itself.")
    try:
        handle = os.open(path, flags)
    except FileNotFoundError:
        raise Unreadable("There is no such file.") from None
    except (OSError, ValueError) as error:
        raise Unreadable(f"It can't be opened: {getattr(error, 'strerror', None) or error}.") from None
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        what = "a folder, not a notebook" if stat.S_ISDIR(mode) else "not an ordinary file"
        raise Unreadable(f"It is {what}.")
    with os.fdopen(handle, "rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Unreadable(
            f"It is larger than {MAX_BYTES // 2**20} MB. Clear its outputs and hand it in again."
        )
    return data


def _submission(path: Path, notebook: Any) -> Submission:
    if not isinstance(notebook, dict):
        raise Unreadable("It is not a notebook: it is JSON, but not of a notebook.")
    if "worksheets" in notebook:
        raise Unreadable(
            "It is a notebook of an old format. Open it in JupyterLab, save it, hand it in again."
        )
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        raise Unreadable("It is not a notebook: it has no cells.")
    if len(cells) > MAX_CELLS:
        raise Unreadable(f"It has {len(cells)} cells; more than {MAX_CELLS} are not read.")
    code = tuple(
        _cell(number, cell)
        for number, cell in enumerate(cells, 1)
        if isinstance(cell, dict) and cell.get("cell_type") == "code"
    )
    if sum(len(cell.source) for cell in code) > MAX_CODE:
        raise Unreadable(f"Its cells have more than {MAX_CODE} characters of code.")
    metadata = notebook.get("metadata")
    ours = metadata.get("bnlib") if isinstance(metadata, dict) else None
    if not isinstance(ours, dict):
        ours = {}
    return Submission(path, code, _text(ours.get("course")), _text(ours.get("notebook")))


def _cell(number: int, cell: dict[str, Any]) -> LearnerCell:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        raise Unreadable(f"It is damaged: cell {number} has no text.")
    if len(source) > MAX_SOURCE:
        raise Unreadable(f"Cell {number} has {len(source)} characters; more than {MAX_SOURCE} are not read.")
    metadata = cell.get("metadata")
    # Half a character, as bad encodings leave behind, can't be sent to a kernel.
    source = source.encode("utf-8", "replace").decode("utf-8")
    return LearnerCell(
        number, source, _text(cell.get("id")) or "", metadata if isinstance(metadata, dict) else {}
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
