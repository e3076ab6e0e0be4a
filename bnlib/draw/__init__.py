"""Pictures of graphs: what to show (`view`), laid out by Graphviz (`scene`, `render`), dressed, and put in words."""

from .draw import draw
from .picture import Picture, picture

__all__ = ["Picture", "draw", "picture"]
