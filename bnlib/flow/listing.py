"""Code as it stands beside the graph: a function's lines without what is not code, and where each thing is made."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

_BANNER = re.compile(r"\s*(##.*|#.*#|# Your code goes here\.?)\s*$")


@dataclass(frozen=True)
class Listing:
    """Lines to show. `spans` maps a line of the function as written to the first and last line shown of its statement.

    `assigns` maps a name to the span of the last statement that assigns it, and `returns` is that of the return.
    """

    title: str
    lines: tuple[str, ...]
    spans: dict[int, tuple[int, int]]
    assigns: dict[str, tuple[int, int]]
    returns: tuple[int, int]

    def making(self, name: str) -> tuple[int, int]:
        """Where a name gets its value: its last assignment, or else the return."""
        return self.assigns.get(name, self.returns)


def of_function(function: Callable[..., Any] | None) -> Listing | None:
    """The listing of a function; None where its source can't be had."""
    try:
        text = textwrap.dedent(inspect.getsource(function)) if function else ""
    except (OSError, TypeError):
        return None
    title = getattr(function, "__name__", "")
    return of_lines(title, text.rstrip().split("\n")) if text else None


def of_lines(title: str, lines: Sequence[str]) -> Listing | None:
    """The listing of a function's text; None where it does not parse. Docstring and banners are left out."""
    try:
        tree = ast.parse("\n".join(lines))
    except (SyntaxError, ValueError):
        return None
    hidden = {i for i, line in enumerate(lines, 1) if _BANNER.match(line)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and ast.get_docstring(node) is not None:
            first = node.body[0]
            hidden |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    shown: list[str] = []
    place: dict[int, int] = {}
    for i, line in enumerate(lines, 1):
        blank = not line.strip() and (not shown or not shown[-1].strip())
        if i not in hidden and not blank:
            place[i] = len(shown)
            shown.append(line)
    spans: dict[int, tuple[int, int]] = {}
    assigns: dict[str, tuple[int, int]] = {}
    returns = (0, 0)
    statements = [n for n in ast.walk(tree) if isinstance(n, ast.stmt) and not hasattr(n, "body")]
    for statement in sorted(statements, key=lambda one: one.lineno):
        last = statement.end_lineno or statement.lineno
        inside = [place[i] for i in range(statement.lineno, last + 1) if i in place]
        if not inside:
            continue
        span = (inside[0], inside[-1])
        spans |= dict.fromkeys(range(statement.lineno, last + 1), span)
        assigns |= dict.fromkeys(_assigned(statement), span)
        returns = span if isinstance(statement, ast.Return) else returns
    return Listing(title, tuple(shown), spans, assigns, returns)


def _assigned(statement: ast.stmt) -> list[str]:
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
        targets = [statement.target]
    return [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
