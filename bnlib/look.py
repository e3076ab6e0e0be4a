"""`look`: the graph of the learner's own function, or a kind word where there is none yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .blame import learners_line
from .check.card import Card, notice
from .check.check import show
from .draw import draw
from .draw.render import RenderError
from .graph import TraceError, trace


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
    name = getattr(function, "__name__", "the function")
    try:
        graph = trace(function, *arrays, **constants)
    except TraceError as error:
        show(_untraceable(name, error))
        return
    except Exception as error:
        line = learners_line(error)
        where = f"It stops on line {line.number}, `{line.text}`. " if line else ""
        show(notice("error", f"{name}: nothing to draw", [f"{where}{type(error).__name__}: {_says(error)}"]))
        return
    for wanted in (step, reached):
        if wanted is not None and wanted not in graph.nodes:
            names = ", ".join(f"`{node}`" for node in graph.nodes)
            says = f"The picture is about `{wanted}`, and the nodes of your graph are {names}."
            show(notice("hint", f"{name}: no {wanted} in it", [says]))
            return
    options: dict[str, Any] = {"unfold": unfold, "values": values, "dims": dims, "rankdir": rankdir}
    try:
        seen = draw(graph, backward, step=step, reached=reached, **options)
    except RenderError as error:
        show(notice("error", f"{name}: it runs, but can't be drawn", [_says(error)]))
    else:
        show(seen)


def _untraceable(name: str, error: TraceError) -> Card:
    if "returns nothing" in str(error):
        return notice(
            "not started",
            f"{name}: nothing to draw yet",
            ["It returns None so far. Run this cell again when it is written."],
        )
    return notice("hint", f"{name}: it runs, but can't be drawn", [_says(error)])


def _says(error: Exception) -> str:
    # The text of a KeyError is its message in quotes.
    return str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
