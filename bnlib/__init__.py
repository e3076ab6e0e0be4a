"""bnlib: the computational graph of plain NumPy code, drawn, played back, checked and graded.

The names below are what a notebook uses. Each is imported when it is first used, so that `import bnlib`
stays quick and pulls in neither matplotlib nor ipywidgets.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "Graph": "graph",
    "TraceError": "tape",
    "trace": "tracer",
    "draw": "draw",
    "look": "look",
    "Picture": "picture",
    "picture": "picture",
    "play": "play",
    "Flow": "flow",
    "flow": "flow",
    "watch": "flow",
    "check": "check",
    "hint": "check",
    "progress": "check",
    "environment": "environment",
    "Verdict": "judge",
    "judge": "judge",
    "digits": "data",
    "digits_batch": "data",
}

__all__ = ["__version__", *_HOME]

if TYPE_CHECKING:
    from .check import check, hint, progress
    from .data import digits, digits_batch
    from .draw import draw
    from .environment import environment
    from .flow import Flow, flow, watch
    from .graph import Graph
    from .judge import Verdict, judge
    from .look import look
    from .picture import Picture, picture
    from .play import play
    from .tape import TraceError
    from .tracer import trace


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'bnlib' has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """Keeps `bnlib.check` the function once `bnlib/check.py` is imported, which would put the module there."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
