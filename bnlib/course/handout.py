"""Packs what a class should get into one zip: the course without its notebooks' sources and its tests."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

from ..exercises.batchnorm import COURSE
from .workspace import originals

# A list of what goes in, not of what stays out: a teacher's grades can't slip into it, wherever they lie.
FOLDERS = ("bnlib", "figures", "notebooks")
FILES = (
    ".gitignore",
    "LICENSE",
    "LICENSE-LESSONS",
    "Makefile",
    "README.md",
    "pyproject.toml",
    "requirements.txt",
)
# The earliest date that a zip can hold; with it the same files give the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)


def pack(root: Path, output: Path | None = None) -> Path:
    """Write the handout, by default handout.zip in the checkout, and return its path.

    Everything stands in one folder named after the course. Raises WorkspaceError without notebooks.
    """
    originals(root)
    output = output or root / "handout.zip"
    output.parent.mkdir(parents=True, exist_ok=True)
    temporary = output.with_name(f".{output.name}.part")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in contents(root):
            entry = zipfile.ZipInfo(f"{COURSE.name}/{name}", _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, (root / name).read_bytes())
    os.replace(temporary, output)
    return output


def contents(root: Path) -> list[str]:
    """The files of a handout, relative to the checkout and sorted; only tracked ones where git can say."""
    tracked = _tracked(root)
    folders = [path for folder in FOLDERS for path in (root / folder).rglob("*")]
    names = [
        path.relative_to(root).as_posix()
        for path in [*folders, *(root / name for name in FILES)]
        if path.is_file() and "__pycache__" not in path.parts
    ]
    clean = [name for name in names if name in FILES or not any(part[0] == "." for part in name.split("/"))]
    return sorted(name for name in clean if not tracked or name in tracked)


def _tracked(root: Path) -> set[str]:
    """What git tracks below the checkout; empty where there is no git, or no repository."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return set()
    return set(filter(None, listed.stdout.decode("utf-8", "surrogateescape").split("\0")))
