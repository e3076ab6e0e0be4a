"""What learners get wrong, as code: one module for each notebook, one small function for each known mistake."""

from .collect import Mistake, Mistakes

__all__ = ["Mistake", "Mistakes"]
