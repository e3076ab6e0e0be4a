"""The marker lines that part solutions and hidden tests from what a learner sees; they are nbgrader's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

SOLUTION = "SOLUTION"
HIDDEN = "HIDDEN TESTS"
STUB = "# Your code goes here."

_MARK = re.compile(r"^[ \t]*### (BEGIN|END) (SOLUTION|HIDDEN TESTS)[ \t]*$")
# nbgrader finds its markers anywhere in a line: one nearly like ours is missed here and acted on there.
_NEARLY = re.compile(r"(BEGIN|END) +(SOLUTION|HIDDEN TESTS)")


def fault(source: str, kind: str) -> str | None:
    """What is wrong with a cell's marker lines, in words; None where nothing is."""
    if kind == "markdown":
        return "prose holds a marker line; nbgrader would act on it" if _NEARLY.search(source) else None
    belongs = {"answer": SOLUTION, "check": HIDDEN}.get(kind)
    opened: str | None = None
    blocks = 0
    for line in source.splitlines():
        mark = _MARK.match(line)
        if mark is None:
            if _NEARLY.search(line):
                return f"the line {line.strip()!r} is nearly a marker; write it as `### BEGIN {SOLUTION}`"
            continue
        word, block = mark.groups()
        if block != belongs:
            home = "an answer" if block == SOLUTION else "a check"
            return f"`### {word} {block}` may only stand in {home} cell"
        if (word == "BEGIN") == (opened is not None):
            return f"`### {word} {block}` has no partner"
        opened = block if word == "BEGIN" else None
        blocks += word == "BEGIN"
    if opened:
        return f"`### BEGIN {opened}` has no partner"
    if kind == "answer" and not blocks:
        return f"an answer cell without `### BEGIN {SOLUTION}`"
    return None


def stubbed(source: str) -> str:
    """Each solution block replaced by a comment and an empty line at the block's own indentation."""
    return _rewrite(source, SOLUTION, lambda indent, block: [indent + STUB, indent])


def unmarked(source: str) -> str:
    """Solutions and hidden tests left in place, their marker lines taken out."""
    return _rewrite(_rewrite(source, SOLUTION, _keep), HIDDEN, _keep)


def without_hidden(source: str) -> str:
    """The hidden tests taken out, and the empty lines that they leave at the end."""
    shown = _rewrite(source, HIDDEN, lambda indent, block: [])
    return source if shown == source else shown.rstrip()


def hidden(source: str) -> str:
    """The hidden tests alone, without their marker lines; empty where there are none."""
    return "\n".join(line for part in _blocks(source, HIDDEN) if part.marked for line in part.lines)


@dataclass
class _Part:
    """Lines that stand between marker lines, or (not `marked`) outside of them."""

    marked: bool
    indent: str = ""
    lines: list[str] = field(default_factory=list)


def _keep(indent: str, block: list[str]) -> list[str]:
    return block


def _rewrite(source: str, kind: str, replace: Callable[[str, list[str]], list[str]]) -> str:
    lines: list[str] = []
    for part in _blocks(source, kind):
        lines += replace(part.indent, part.lines) if part.marked else part.lines
    return "\n".join(lines)


def _blocks(source: str, kind: str) -> list[_Part]:
    parts = [_Part(marked=False)]
    for line in source.split("\n"):
        mark = _MARK.match(line)
        if mark is None or mark[2] != kind:
            parts[-1].lines.append(line)
        elif mark[1] == "BEGIN":
            parts.append(_Part(marked=True, indent=line[: len(line) - len(line.lstrip())]))
        else:
            parts.append(_Part(marked=False))
    return parts
