"""`watch`: the flow through the learner's own function, or a kind word where there is none yet."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from ..check.card import Card, notice
from ..check.check import show
from ..draw.render import RenderError
from ..look import named, stopped, traced, undrawable
from .timeline import Steps
from .widget import Flow, flow


def watch(
    function: Callable[..., Any],
    *arrays: Any,
    dout: Any = None,
    steps: Steps | None = None,
    at: str | None = None,
    **constants: Any,
) -> None:
    """Show the flow through a learner's function, traced on `arrays`; `dout` and `steps` as `flow` has them.

    `at` names the node at which the picture starts, with its gradient about to go on. Where the function is not
    written yet, stops with an error or does what the graph doesn't know, a card says so and the notebook runs
    on. Names in `steps` and `at` that the learner's graph doesn't have are left out, and a card names them.
    """
    name = named(function)
    graph = traced(function, arrays, constants, "watch")
    if isinstance(graph, Card):
        show(graph)
        return
    try:
        seen = flow(
            graph, dout, {node: given for node, given in (steps or {}).items() if node in graph.nodes}
        )
    except RenderError as error:
        show(undrawable(name, error))
        return
    except Exception as error:
        show(stopped(name, error, "watch"))
        return
    missing = [node for node in (*(steps or {}), *([at] if at else [])) if node not in graph.nodes]
    if missing:
        there = ", ".join(f"`{node}`" for node in graph.nodes)
        says = (
            f"Your graph has no {', '.join(f'`{node}`' for node in dict.fromkeys(missing))}; it has {there}."
        )
        show(notice("hint", f"{name}: other names than the course's", [says]))
    if at in graph.nodes:
        seen.step = seen.arrival(at)
    _show(seen)


def _show(seen: Flow) -> None:
    if "IPython" in sys.modules:
        from IPython import get_ipython
        from IPython.display import display

        if get_ipython() is not None:
            display(seen)
            return
    print(seen.said)
