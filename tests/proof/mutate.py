"""Every small way of writing an answer wrongly: mutants of a function, made from its syntax tree.

Each operator below is a kind of slip: a sign, an axis, a constant, a lost term. A mutant is the text of the
whole cell with one of them applied at one place.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Change = tuple[str, Callable[[ast.AST], ast.AST | None]]


@dataclass(frozen=True)
class Mutant:
    """One slip: which line it changed, what that line is now, and the whole cell's text."""

    kind: str
    before: str
    after: str
    source: str

    @property
    def name(self) -> str:
        """What tells it from every other mutant of the same cell."""
        return f"{self.kind}: {self.before} -> {self.after}"


def mutants(source: str) -> Iterator[Mutant]:
    """All mutants of the functions in a cell's text, each once."""
    tree = ast.parse(source)
    right = ast.unparse(tree)
    seen = {right}
    for path, node, local in list(_places(tree)):
        for kind, change in _changes(node, local):
            try:
                fresh = _replaced(tree, path, change)
                text = ast.unparse(fresh) if fresh else right
                compile(text, "<mutant>", "exec")
            except (SyntaxError, ValueError, AttributeError):
                continue
            if text not in seen:
                seen.add(text)
                before, after = _changed_line(right, text)
                yield Mutant(kind, before, after, text)


Path = tuple[tuple[str, int | None], ...]


def _places(tree: ast.AST) -> Iterator[tuple[Path, ast.AST, tuple[str, ...]]]:
    """Every node below the functions' bodies, how to get to it, and the names that can be read there."""

    def walk(
        node: ast.AST, path: Path, local: tuple[str, ...]
    ) -> Iterator[tuple[Path, ast.AST, tuple[str, ...]]]:
        if _sets_nothing(node):
            return
        if isinstance(node, ast.FunctionDef):
            local = (*local, *(a.arg for a in node.args.args), *_bound(node))
        if local:
            yield path, node, local
        for field, value in ast.iter_fields(node):
            if isinstance(node, ast.FunctionDef) and field not in ("body",):
                continue
            if isinstance(value, list):
                for index, item in enumerate(value):
                    if isinstance(item, ast.AST):
                        yield from walk(item, (*path, (field, index)), local)
            elif isinstance(value, ast.AST):
                yield from walk(value, (*path, (field, None)), local)

    yield from walk(tree, (), ())


def _bound(function: ast.FunctionDef) -> list[str]:
    names = [n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return list(dict.fromkeys(names))


def _sets_nothing(node: ast.AST) -> bool:
    """`dx, dgamma = None, None`, a docstring, an error's text: nothing to get wrong."""
    if isinstance(node, ast.Raise):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if not isinstance(node, ast.Assign):
        return False
    values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
    return all(isinstance(v, ast.Constant) and v.value is None for v in values)


def _replaced(tree: ast.AST, path: Path, change: Callable[[ast.AST], ast.AST | None]) -> ast.AST | None:
    """The tree with one node changed, or None where that can't be; `tree` stays as it is.

    Only what lies on the way to the node is copied: a copy of all of it takes longer than all else here.
    """
    root = parent = copy.copy(tree)
    for field, index in path[:-1]:
        parent = _own_child(parent, field, index)
    field, index = path[-1]
    there = getattr(parent, field)
    new = change(copy.deepcopy(there if index is None else there[index]))
    if new is None:
        if index is None or not isinstance(there[index], ast.stmt):
            return None
        new = ast.Pass()
    # What is new has no place in a text yet, which `unparse` asks for.
    ast.fix_missing_locations(new)
    setattr(parent, field, new if index is None else [*there[:index], new, *there[index + 1 :]])
    return root


def _own_child(parent: ast.AST, field: str, index: int | None) -> ast.AST:
    """A copy of one child, put into its place."""
    there = getattr(parent, field)
    child = copy.copy(there if index is None else there[index])
    setattr(parent, field, child if index is None else [*there[:index], child, *there[index + 1 :]])
    return child


def _changed_line(before: str, after: str) -> tuple[str, str]:
    old, new = before.splitlines(), after.splitlines()
    for a, b in zip(old, new, strict=False):
        if a != b:
            return a.strip(), b.strip() if len(old) >= len(new) else f"{b.strip()} (added)"
    return old[-1].strip(), "(nothing)"


_SWAPS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.Pow: (ast.Mult,),
}
_CALLS = {
    "sum": ("mean",),
    "mean": ("sum", "max"),
    "sqrt": ("square",),
    "var": ("std",),
    "std": ("var",),
    "max": ("min", "mean"),
    "maximum": ("minimum",),
    "zeros": ("ones",),
    "zeros_like": ("ones_like",),
    "multiply": ("divide", "add"),
    "subtract": ("add",),
    "divide": ("multiply",),
    "add": ("subtract",),
}
# Arguments that hold arrays, and how a careless answer changes one.
_ARRAYS = dict.fromkeys(
    (
        "x",
        "dout",
        "dz",
        "b",
        "dmu",
        "gamma",
        "beta",
        "xmu",
        "xhat",
        "divar",
        "dsqrtvar",
        "dvar",
        "dsq",
        "dxhat",
        "ivar",
    ),
    "{0} *= 2.0",
)
_ARRAYS |= {
    "cache": "cache[0][...] = 2.0 * cache[0]",
    "params": "params['W1'] *= 2.0",
    "grads": "grads['W1'] *= 2.0",
}
_PASSES_ON = {"copy", "T", "reshape", "ravel", "transpose", "astype", "moveaxis", "swapaxes", "abs"}


def _changes(node: ast.AST, local: tuple[str, ...]) -> Iterator[Change]:
    if isinstance(node, ast.BinOp):
        for other in _SWAPS.get(type(node.op), ()):
            yield "operator", _with(op=other())
        yield "left alone", lambda n: n.left
        if isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.MatMult)):
            yield "right alone", lambda n: n.right
        if isinstance(node.op, (ast.Sub, ast.Div, ast.MatMult)):
            yield "operands swapped", lambda n: _set(n, left=n.right, right=n.left)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not)):
        yield "sign lost", lambda n: n.operand
    if isinstance(node, (ast.Assign, ast.Return)) and isinstance(node.value, (ast.BinOp, ast.Call)):
        yield "sign added", lambda n: _set(n, value=ast.UnaryOp(ast.USub(), n.value))
        yield "doubled", lambda n: _set(n, value=ast.BinOp(n.value, ast.Mult(), ast.Constant(2.0)))
    if (
        isinstance(node, ast.Constant)
        and isinstance(node.value, (int, float))
        and not isinstance(node.value, bool)
    ):
        for value in {node.value + 1, node.value - 1, node.value * 2, -node.value} - {node.value}:
            yield "constant", _with(value=value)
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "switch", _with(value=not node.value)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        for one, other in (("train", "test"), ("mean", "var"), ("gamma", "beta"), ("W1", "W2")):
            for a, b in ((one, other), (other, one)):
                if a in node.value:
                    yield "key", _with(value=node.value.replace(a, b))
    if isinstance(node, ast.Call):
        yield from _call_changes(node)
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield "transposition lost", lambda n: n.value
    if isinstance(node, ast.AugAssign):
        yield "= for +=", lambda n: ast.Assign([_stored(n.target)], n.value)
        for other in _SWAPS.get(type(node.op), ()):
            yield "operator", _with(op=other())
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.For, ast.If, ast.Expr)):
        yield "statement lost", lambda n: None
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        flipped = {ast.Eq: ast.NotEq, ast.Lt: ast.GtE, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.GtE: ast.Lt}
        if type(node.ops[0]) in flipped:
            yield "comparison", _with(ops=[flipped[type(node.ops[0])]()])
    if isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "and for or", _with(op=other)
    if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts) > 1:
        for i in range(len(node.elts) - 1):
            yield "swapped", lambda n, i=i: _set(n, elts=_swap(n.elts, i))
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in local:
        for other in _neighbours(node.id, local):
            yield "name", _with(id=other)
    if isinstance(node, ast.FunctionDef):
        # The answer is right, and the caller's array is another one afterwards.
        for name in [n for n in _given(node) if n in _ARRAYS]:
            spoil = ast.parse(_ARRAYS[name].format(name)).body[0]
            yield "input changed", lambda n, spoil=spoil: _set(n, body=[*n.body[:-1], spoil, n.body[-1]])


def _call_changes(node: ast.Call) -> Iterator[Change]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if isinstance(node.func, ast.Attribute):
        for other in _CALLS.get(name, ()):
            yield "function", lambda n, other=other: _set(n, func=_set(n.func, attr=other))
        method = not (isinstance(node.func.value, ast.Name) and node.func.value.id == "np")
        if method and name in _PASSES_ON:
            yield f"{name} lost", lambda n: n.func.value
        if method and name == "sum":
            yield "not summed", lambda n: n.func.value
        if not method and node.args and name in (*_CALLS, *_PASSES_ON):
            yield f"{name} lost", lambda n: n.args[0]
    for i, keyword in enumerate(node.keywords):
        if keyword.arg in ("axis", "keepdims", "dtype"):
            yield f"{keyword.arg} lost", lambda n, i=i: _set(n, keywords=n.keywords[:i] + n.keywords[i + 1 :])
        if keyword.arg == "axis" and isinstance(keyword.value, ast.Tuple):
            for j in range(len(keyword.value.elts)):
                yield "axis lost", lambda n, i=i, j=j: _without(n, i, j)
    for i in range(len(node.args) - 1):
        yield "arguments swapped", lambda n, i=i: _set(n, args=_swap(n.args, i))


def _given(function: ast.FunctionDef) -> list[str]:
    """The function's arguments, and the names that it takes out of one."""
    names = [argument.arg for argument in function.args.args]
    for statement in function.body:
        value = getattr(statement, "value", None)
        if isinstance(statement, ast.Assign) and isinstance(value, ast.Name) and value.id in names:
            names += [n.id for n in ast.walk(statement.targets[0]) if isinstance(n, ast.Name)]
    return names


def _neighbours(name: str, local: tuple[str, ...]) -> list[str]:
    """The names next to one in order of appearance: what is most easily written in its place."""
    names = list(dict.fromkeys(local))
    at = names.index(name)
    return [names[i] for i in (at - 2, at - 1, at + 1, at + 2) if 0 <= i < len(names)]


def _with(**fields: object) -> Callable[[ast.AST], ast.AST]:
    return lambda node: _set(node, **fields)


def _set(node: ast.AST, **fields: object) -> ast.AST:
    for field, value in fields.items():
        setattr(node, field, value)
    return node


def _swap(items: list, i: int) -> list:
    return [*items[:i], items[i + 1], items[i], *items[i + 2 :]]


def _without(call: ast.AST, keyword: int, element: int) -> ast.AST:
    del call.keywords[keyword].value.elts[element]
    return call


def _stored(target: ast.expr) -> ast.expr:
    fresh = copy.deepcopy(target)
    fresh.ctx = ast.Store()
    return fresh
