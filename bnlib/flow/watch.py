"""`watch`: the flow through the learner's own function, or a kind word where there is none yet."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from ..blame import learners_line
from ..check.card import notice
from ..check.check import show
from ..draw.render import RenderError
from ..graph import TraceError, trace
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
    name = getattr(function, "__name__", "the function")
    try:
        graph = trace(function, *arrays, **constants)
        known = {node: given for node, given in (steps or {}).items() if node in graph.nodes}
        seen = flow(graph, dout, known)
    except TraceError as error:
        if "returns nothing" in str(error):
            later = "It returns None so far. Run this cell again when it is written."
            show(notice("not started", f"{name}: nothing to watch yet", [later]))
        else:
            show(notice("hint", f"{name}: it runs, but can't be followed", [str(error)]))
    except RenderError as error:
        show(notice("error", f"{name}: it runs, but can't be drawn", [str(error)]))
    except Exception as error:
        line = learners_line(error)
        where = f"It stops on line {line.number}, `{line.text}`. " if line else ""
        show(notice("error", f"{name}: nothing to watch", [f"{where}{type(error).__name__}: {error}"]))
    else:
        missing = [node for node in (*(steps or {}), *([at] if at else [])) if node not in graph.nodes]
        if missing:
            there = ", ".join(f"`{node}`" for node in graph.nodes)
            says = f"Your graph has no {', '.join(f'`{node}`' for node in dict.fromkeys(missing))}; it has {there}."
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
