"""`flow`: the gradient on its way back through a traced graph, played step by step in the notebook."""

from .watch import watch
from .widget import Flow, flow

__all__ = ["Flow", "flow", "watch"]
