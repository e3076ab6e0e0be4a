"""`flow`: the gradient on its way back through a traced graph, played step by step in the notebook."""

from .widget import Flow, flow

__all__ = ["Flow", "flow"]
