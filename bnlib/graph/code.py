"""What the source of a traced function says: where its statements begin and end, and how they read."""

from __future__ import annotations

import ast
import inspect
import textwrap
import tokenize
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from types import CodeType
from typing import Any


@dataclass(frozen=True)
class Text:
    """A statement: its first line's number, its text, and the expression for each name that it assigns.

    `returned` is the expression of the first result, `loops` says that a whole loop stands on one line.
    """

    line: int
    text: str
    expressions: dict[str, str] = field(default_factory=dict)
    returned: str = ""
    loops: bool = False


@dataclass(frozen=True)
class Source:
    """A function's statements by line, and its text from line `first` on.

    Both are empty where the source can't be had (made by exec, or built in).
    """

    statements: dict[int, Text]
    lines: tuple[str, ...] = ()
    first: int = 0

    def at(self, line: int) -> Text:
        """The statement that a line belongs to; a bare one where the source is not known."""
        return self.statements.get(line, Text(line, ""))


# A learner traces the same function many times; its source is read once.
_read_already: weakref.WeakKeyDictionary[Callable[..., Any], tuple[CodeType, Source]] = (
    weakref.WeakKeyDictionary()
)


def read(function: Callable[..., Any]) -> Source:
    """The statements of a Python function. A compound statement counts by its head alone."""
    known = _read_already.get(function)
    # A function object can be given other code, so the code is part of what is remembered.
    if known is None or known[0] is not function.__code__:
        known = _read_already[function] = (function.__code__, _read(function))
    return known[1]


def _read(function: Callable[..., Any]) -> Source:
    try:
        lines, start = inspect.getsourcelines(function)
        # A method is indented; under a head of its own it can stay so, comments and long strings included.
        indented = lines[0][:1].isspace()
        tree = ast.parse("".join(["if True:\n", *lines] if indented else lines))
    except (OSError, TypeError, ValueError, SyntaxError, tokenize.TokenError):
        # Made by exec, built in, or a file that is another by now.
        return Source({})
    if indented:
        ast.increment_lineno(tree, -1)
    statements: dict[int, Text] = {}
    # A line may hold several statements (`a = 1; b = 2`); then the line as a whole is taken as one.
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not isinstance(
            node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)
        ):
            text = _text(node, lines, start)
            for line in range(max(node.lineno, 1), _end(node) + 1):
                previous = statements.get(start + line - 1)
                merged = text if previous is None else _merge(previous, text)
                statements[start + line - 1] = merged
    whole = textwrap.dedent("".join(lines)).rstrip().split("\n")
    return Source(statements, tuple(whole), start)


def _end(node: ast.stmt) -> int:
    """The last line of a statement, or of its head where it has a body."""
    if isinstance(node, ast.Match):
        return max(node.lineno, node.cases[0].pattern.lineno - 1)
    body = getattr(node, "body", None)
    return max(node.lineno, body[0].lineno - 1) if body else (node.end_lineno or node.lineno)


def _merge(one: Text, other: Text) -> Text:
    expressions = {**one.expressions, **other.expressions}
    return Text(one.line, one.text, expressions, one.returned or other.returned, one.loops or other.loops)


def _text(node: ast.stmt, lines: list[str], start: int) -> Text:
    written = lines[node.lineno - 1 : _end(node)]
    # Joined to one line, a comment in the middle would read as code.
    source = " ".join(line.strip() for line in (written if len(written) == 1 else _without_comments(written)))
    expressions: dict[str, str] = {}
    returned = ""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target, value = node.targets[0], node.value
        if isinstance(target, ast.Name):
            expressions[target.id] = _short(value)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for name, part in zip(target.elts, value.elts, strict=False):
                if isinstance(name, ast.Name):
                    expressions[name.id] = _short(part)
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
        expressions[node.target.id] = _short(node.value)
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        expressions[node.target.id] = _short(ast.BinOp(node.target, node.op, node.value))
    elif isinstance(node, ast.Return) and node.value is not None:
        value = node.value.elts[0] if isinstance(node.value, ast.Tuple) and node.value.elts else node.value
        returned = _short(value)
    loops = isinstance(node, (ast.For, ast.While)) and node.body[0].lineno == node.lineno
    return Text(start + node.lineno - 1, source, expressions, returned, loops)


def _without_comments(lines: list[str]) -> list[str]:
    kept = list(lines)
    try:
        for token in tokenize.generate_tokens(iter(lines).__next__):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                kept[row - 1] = lines[row - 1][:column]
    except (tokenize.TokenError, IndentationError):
        # The head of a compound statement breaks off; what was read of it so far counts.
        pass
    return [line for line in kept if line.strip()]


class _Plainer(ast.NodeTransformer):
    """Takes off what only NumPy's spelling needs: the `np.` in front, the point of `1.`."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id in ("np", "numpy"):
            return ast.Name(node.attr, node.ctx)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, float) and node.value.is_integer() and abs(node.value) < 1e6:
            return ast.Constant(int(node.value))
        return node


def _short(node: ast.expr) -> str:
    copy = ast.parse(ast.unparse(ast.fix_missing_locations(node)), mode="eval").body
    return " ".join(ast.unparse(ast.fix_missing_locations(_Plainer().visit(copy))).split()).replace(
        " ** ", "**"
    )
