"""`look`: the graph of the learner's own function, or a kind word where there is none yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .blame import learners_line
from .check.card import Card, notice
from .check.check import show
from .draw import draw
from .draw.render import RenderError
from .graph import Graph, TraceError, trace


def look(
    function: Callable[..., Any],
    *arrays: Any,
    backward: bool = False,
    step: str | None = None,
    reached: str | None = None,
    unfold: bool = False,
    values: bool = False,
    dims: Mapping[str, int] | None = None,
    rankdir: str | None = None,
    **constants: Any,
) -> None:
    """Show the graph of a learner's function, traced on `arrays`; options as `draw` has them.

    Where the function is not written yet, stops with an error, does what the graph doesn't know or has no
    node of the asked name, a card says so: a notebook runs on. All other keywords go to the function.
    """
    name = named(function)
    found = traced(function, arrays, constants, "draw")
    if isinstance(found, Card):
        show(found)
        return
    for wanted in (step, reached):
        if wanted is not None and wanted not in found.nodes:
            names = ", ".join(f"`{node}`" for node in found.nodes)
            says = f"The picture is about `{wanted}`, and the nodes of your graph are {names}."
            show(notice("hint", f"{name}: no {wanted} in it", [says]))
            return
    options: dict[str, Any] = {"unfold": unfold, "values": values, "dims": dims, "rankdir": rankdir}
    try:
        seen = draw(found, backward, step=step, reached=reached, **options)
    except RenderError as error:
        show(undrawable(name, error))
    else:
        show(seen)


def traced(
    function: Callable[..., Any], arrays: Sequence[Any], constants: Mapping[str, Any], verb: str
) -> Graph | Card:
    """The graph of a learner's function, or the card that says why there is none to `verb`: to draw, to watch."""
    name = named(function)
    try:
        return trace(function, *arrays, **constants)
    except TraceError as error:
        if "returns nothing" not in str(error):
            return notice("hint", f"{name}: it runs, but can't be drawn", [_says(error)])
        later = "It returns None so far. Run this cell again when it is written."
        return notice("not started", f"{name}: nothing to {verb} yet", [later])
    except Exception as error:
        return stopped(name, error, verb)


def stopped(name: str, error: Exception, verb: str) -> Card:
    """The card for an error: which line of the learner's it comes from, and what it says."""
    line = learners_line(error)
    where = f"It stops on line {line.number}, `{line.text}`. " if line else ""
    says = f"{where}{type(error).__name__}: {_says(error)}"
    return notice("error", f"{name}: nothing to {verb}", [says])


def undrawable(name: str, error: RenderError) -> Card:
    """The card for a graph that no Graphviz here can lay out."""
    return notice("error", f"{name}: it runs, but can't be drawn", [_says(error)])


def named(function: Any) -> str:
    """What a function is called in a card."""
    return getattr(function, "__name__", "the function")


def _says(error: Exception) -> str:
    # The text of a KeyError is its message in quotes.
    return str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
