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
    "TraceError": "graph",
    "trace": "graph",
    "draw": "draw",
    "look": "look",
    "Picture": "draw",
    "picture": "draw",
    "play": "play",
    "Flow": "flow",
    "flow": "flow",
    "watch": "flow",
    "check": "check",
    "hint": "check",
    "progress": "check",
    "environment": "environment",
    "Verdict": "check",
    "judge": "check",
    "digits": "data",
    "digits_batch": "data",
}

__all__ = ["__version__", *_HOME]

if TYPE_CHECKING:
    from .check import Verdict, check, hint, judge, progress  # type: ignore[no-redef]
    from .data import digits, digits_batch
    from .draw import Picture, draw, picture
    from .environment import environment
    from .flow import Flow, flow, watch  # type: ignore[no-redef]
    from .graph import Graph, TraceError, trace
    from .look import look
    from .play import play


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'bnlib' has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """Keeps `bnlib.check` the function once `bnlib/check/` is imported, which would put the package there."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
