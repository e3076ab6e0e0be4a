"""`look`: the graph of the learner's own function, or a kind word where there is none yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .blame import learners_line
from .card import notice
from .check import show
from .draw import draw
from .tape import TraceError
from .tracer import trace


def look(
    function: Callable[..., Any],
    *arrays: Any,
    backward: bool = False,
    step: str | None = None,
    unfold: bool = False,
    values: bool = False,
    dims: Mapping[str, int] | None = None,
    **constants: Any,
) -> None:
    """Show the graph of a learner's function, traced on `arrays`; options as `draw` has them.

    Where the function is not written yet, stops with an error or does what the graph doesn't know, a card says
    so: a notebook runs on.
    """
    name = getattr(function, "__name__", "the function")
    try:
        graph = trace(function, *arrays, **constants)
        seen = draw(graph, backward, step=step, unfold=unfold, values=values, dims=dims)
    except TraceError as error:
        if "returns nothing" in str(error):
            show(notice("not started", f"{name}: nothing to draw yet", ["It returns None so far. Run this cell again later."]))
        else:
            show(notice("hint", f"{name}: it runs, but can't be drawn", [str(error)]))
    except Exception as error:
        line = learners_line(error)
        where = f"It stops on line {line.number}, `{line.text}`. " if line else ""
        show(notice("error", f"{name}: nothing to draw", [f"{where}{type(error).__name__}: {error}"]))
    else:
        show(seen)
