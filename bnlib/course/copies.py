"""A learner's own notebook as JSON: read, told apart from what was handed out, and written whole."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..check.record import write_whole
from .build import digest, dump

Notebook = dict[str, Any]


class WorkspaceError(RuntimeError):
    """Something about a learner's folder that they can mend; the message says what."""


def read(path: Path) -> Notebook:
    """A notebook file as JSON; raises WorkspaceError where it is none."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            cell["source"] = "".join(cell["source"])
            cell.setdefault("metadata", {})
        return {**notebook, "metadata": notebook.get("metadata", {})}
    except OSError as error:
        raise WorkspaceError(f"{path} can't be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise WorkspaceError(f"{path} is damaged: it can't be read as a notebook.") from None


def ours(part: Notebook) -> dict[str, Any]:
    """What the build noted about a notebook, or about a cell; empty for what a learner added."""
    noted = part["metadata"].get("bnlib", {})
    return noted if isinstance(noted, dict) else {}


def version(path: Path) -> str | None:
    """Which version of the course's notebook a file was made from; None where that can't be told."""
    try:
        return ours(read(path)).get("version")
    except WorkspaceError:
        return None


def is_own_work(cell: Notebook) -> bool:
    """Whether a learner changed a cell that was handed out for them to change."""
    stub = ours(cell).get("stub")
    return stub is not None and digest(cell["source"]) != stub and bool(cell["source"].strip())


def key(cell: Notebook) -> str | None:
    """What names the same cell in two versions of a notebook; None where a learner's work can't stand in it.

    An answer is named by its exercise. Another cell that was handed out is named by its text as handed out:
    where the course changed it, the learner's change to the old one has no place in the new.
    """
    noted = ours(cell)
    if noted.get("kind") == "answer":
        return f"answer {noted.get('exercise')}"
    return f"stub {noted['stub']}" if "stub" in noted else None


def place(path: Path, data: bytes) -> bool:
    """Write a file that is not there yet, whole or not at all; False, and nothing done, where it is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(path):
        return False
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        try:
            # Unlike a rename, a link never replaces a file that somebody else made in the meantime.
            os.link(temporary, path)
        except FileExistsError:
            return False
        except OSError:  # a file system without links
            with open(path, "xb") as file:
                file.write(data)
        return True
    finally:
        with suppress(OSError):
            os.unlink(temporary)


def place_numbered(folder: Path, pattern: str, data: bytes) -> Path:
    """Write a new file under the first free name; `pattern` has `{}` where the number goes."""
    number = 1
    while not place(folder / pattern.format(number), data):
        number += 1
    return folder / pattern.format(number)


def replace(path: Path, notebook: Notebook) -> None:
    """Write a notebook over the one that is there, whole or not at all, with the same permissions."""
    path = path.resolve()
    mode = path.stat().st_mode
    write_whole(path, dump(notebook))
    path.chmod(mode)
