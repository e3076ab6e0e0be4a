"""What went wrong with an answer that a graph can explain: it knows graphs and NumPy, and no layer or course.

`Piece` is the right computation as a graph, `Sample` an answer beside it; `explain` finds the one change to the
way back that turns the right gradients into the answer, and `parting` where two forward passes part.
"""

from .explain import explain
from .finding import Finding
from .parting import Parting, parting
from .piece import Piece, Sample

__all__ = ["Finding", "Parting", "Piece", "Sample", "explain", "parting"]
