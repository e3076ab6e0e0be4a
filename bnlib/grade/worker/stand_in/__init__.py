"""What `import bnlib` finds inside a worker: graphs and pictures of them; everything else does nothing there.

A learner's cell may call `check`, `hint` or `look` as at home, and nobody is there to see it. The real
modules beside graph, ops and draw hold references, so they are not in the sandbox at all.
"""

from importlib import import_module
from typing import Any

_REAL = {"Graph": "graph", "TraceError": "graph", "trace": "graph", "draw": "draw", "Picture": "draw"}
_REAL |= {"digits": "data", "digits_batch": "data"}
_SILENT = {"check", "environment", "flow", "hint", "judge", "look", "picture", "play", "progress", "watch"}


def _nothing(*args: Any, **options: Any) -> None:
    """Do nothing, whatever is asked for."""


def __getattr__(name: str) -> Any:
    if name in _SILENT:
        return _nothing
    if name in _REAL:
        value = getattr(import_module(f"{__name__}.{_REAL[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'bnlib' has no attribute {name!r} where answers are graded")
