"""Other ways of writing the same answer: reordered sums, loops, einsum, prints, wider floats, another cache.

`variant` rewrites a cell's text at places that `choose` picks. Each rewriting keeps what is computed, up to
rounding, for arrays and numbers alike.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator

Choose = Callable[[int], int]

# What a variant may call; it stands in front of the cell, as a learner's own helpers would.
HELPERS = '''
def _looped_sum(a, axis=None, keepdims=False):
    """A sum by a Python loop over one axis."""
    if axis is None or isinstance(axis, tuple) or np.ndim(a) == 0:
        return np.sum(a, axis=axis, keepdims=keepdims)
    total = np.zeros(np.delete(np.shape(a), axis), np.asarray(a).dtype)
    for part in np.moveaxis(a, axis, 0):
        total = total + part
    return np.expand_dims(total, axis) if keepdims else total


def _backward_sum(a, axis=None, keepdims=False):
    """A sum that begins at the other end."""
    return np.sum(np.flip(a, axis), axis=axis, keepdims=keepdims)


def _einsum_of(a, b, axis=None, keepdims=False):
    """A sum of products without the products."""
    a, b = np.broadcast_arrays(a, b)
    if a.ndim != 2 or axis not in (0, 1) or keepdims:
        return np.sum(a * b, axis=axis, keepdims=keepdims)
    return np.einsum("nd,nd->d" if axis == 0 else "nd,nd->n", a, b)


def _mean_by_sum(a, axis=None, keepdims=False):
    """A mean from a sum and the number of entries."""
    total = np.sum(a, axis=axis, keepdims=keepdims)
    return total / (np.size(a) / max(np.size(total), 1))


def _wide(a):
    """The same numbers as float64; anything else as it is."""
    return a.astype(np.float64) if getattr(a, "dtype", None) == np.float32 else a
'''


def variant(source: str, choose: Choose) -> str:
    """The cell rewritten; `choose(n)` gives a number below n, and 0 leaves a place as it is."""
    tree = ast.parse(source)
    for function in [n for n in tree.body if isinstance(n, ast.FunctionDef)]:
        function.body = [_Rewriter(choose).visit(statement) for statement in function.body]
        if choose(3) == 1:
            function.body[1:1] = ast.parse("print('so far', 1)").body
        if choose(4) == 1:
            names = [a.arg for a in function.args.args if a.arg in _WIDENED]
            function.body[:0] = ast.parse("\n".join(f"{name} = _wide({name})" for name in names)).body
    ast.fix_missing_locations(tree)
    return HELPERS + ast.unparse(tree)


_WIDENED = (
    "x",
    "dout",
    "gamma",
    "beta",
    "dz",
    "xhat",
    "xmu",
    "var",
    "dxhat",
    "ivar",
    "divar",
    "dvar",
    "dsq",
    "dmu",
)


class _Rewriter(ast.NodeTransformer):
    """Visits every expression from the inside out and may replace it by one that computes the same."""

    def __init__(self, choose: Choose) -> None:
        self._choose = choose

    def generic_visit(self, node: ast.AST) -> ast.AST:
        node = super().generic_visit(node)
        ways = list(_ways(node))
        picked = self._choose(len(ways) + 1) if ways else 0
        return ways[picked - 1](copy.deepcopy(node)) if picked else node


def _ways(node: ast.AST) -> Iterator[Callable[[ast.AST], ast.AST]]:
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, (ast.Add, ast.Mult)) and not _is_text(node):
            yield lambda n: ast.BinOp(n.right, n.op, n.left)
        if isinstance(node.op, ast.Sub):
            yield lambda n: ast.BinOp(ast.UnaryOp(ast.USub(), n.right), ast.Add(), n.left)
        if isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant) and node.right.value == 2:
            yield lambda n: ast.BinOp(n.left, ast.Mult(), copy.deepcopy(n.left))
            yield lambda n: _call("np.square", n.left)
        if isinstance(node.op, ast.Div):
            yield lambda n: ast.BinOp(n.left, ast.Mult(), ast.BinOp(ast.Constant(1.0), ast.Div(), n.right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        of_numpy = isinstance(node.func.value, ast.Name) and node.func.value.id == "np"
        plain = len(node.args) == 1 and all(k.arg in ("axis", "keepdims") for k in node.keywords)
        if of_numpy and plain and node.func.attr == "sum" and node.keywords:
            yield lambda n: ast.Call(ast.Attribute(n.args[0], "sum", ast.Load()), [], n.keywords)
            yield lambda n: ast.Call(_name("_looped_sum"), n.args, n.keywords)
            yield lambda n: ast.Call(_name("_backward_sum"), n.args, n.keywords)
            if isinstance(node.args[0], ast.BinOp) and isinstance(node.args[0].op, ast.Mult):
                yield lambda n: ast.Call(_name("_einsum_of"), [n.args[0].left, n.args[0].right], n.keywords)
        if of_numpy and plain and node.func.attr == "mean":
            yield lambda n: ast.Call(ast.Attribute(n.args[0], "mean", ast.Load()), [], n.keywords)
            yield lambda n: ast.Call(_name("_mean_by_sum"), n.args, n.keywords)
        if of_numpy and node.func.attr == "sqrt":
            yield lambda n: ast.BinOp(n.args[0], ast.Pow(), ast.Constant(0.5))


def _is_text(node: ast.BinOp) -> bool:
    return any(isinstance(n, ast.Constant) and isinstance(n.value, str) for n in ast.walk(node))


def _name(identifier: str) -> ast.Name:
    return ast.Name(identifier, ast.Load())


def _call(dotted: str, *arguments: ast.expr) -> ast.Call:
    module, _, attribute = dotted.partition(".")
    return ast.Call(ast.Attribute(_name(module), attribute, ast.Load()), list(arguments), [])
