"""Every operation the graph knows, each with its vector-Jacobian product stated in one place.

`elementwise`, `reductions`, `products` and `shapes` hold the rules; `RULES` maps NumPy's function to its rule.
"""

from . import elementwise, products, reductions, shapes
from .rule import RULES, Rule, unbroadcast

__all__ = ["RULES", "Rule", "elementwise", "products", "reductions", "shapes", "unbroadcast"]
