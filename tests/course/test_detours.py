"""A detour can be left out: no cell outside of it reads what its cells have bound."""

from __future__ import annotations

import re
import symtable
from collections.abc import Iterator
from pathlib import Path

import pytest

from bnlib.course.source import load

SOURCES = sorted((Path(__file__).resolve().parents[2] / "source").glob("[0-9][0-9]_*.py"))
# A heading, and whether the line below it says that the section is a detour.
HEADING = re.compile(r"^(#+) .*\n(?:\n(\*A detour of .* minutes\.\*)$)?", re.MULTILINE)


def code(cells: list[tuple[str, str]]) -> Iterator[tuple[str, bool]]:
    """Each code cell, and whether it lies in a detour: that ends with the next heading that is no deeper."""
    depth = 0
    for kind, text in cells:
        if kind != "markdown":
            yield text, depth > 0
            continue
        for heading in HEADING.finditer(text + "\n"):
            level = len(heading[1])
            if not depth or level <= depth:
                depth = level if heading[2] else 0


def bound(cell: str) -> set[str]:
    table = symtable.symtable(cell, "cell", "exec")
    return {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}


def read(cell: str) -> set[str]:
    def within(table: symtable.SymbolTable) -> Iterator[str]:
        top = table.get_type() == "module"
        yield from (s.get_name() for s in table.get_symbols() if s.is_referenced() and (top or s.is_global()))
        for inner in table.get_children():
            yield from within(inner)

    return set(within(symtable.symtable(cell, "cell", "exec")))


def missed(cells: list[tuple[str, str]]) -> set[str]:
    """The names that a cell outside of the detours reads as a detour has left them."""
    from_detour: set[str] = set()
    found: set[str] = set()
    for cell, detour in code(cells):
        if detour:
            from_detour |= bound(cell)
            continue
        found |= (read(cell) - bound(cell)) & from_detour
        from_detour -= bound(cell)
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_detour_can_be_left_out(path):
    assert missed([(cell.kind, cell.source) for cell in load(path).cells]) == set()


def test_what_only_a_detour_defines_is_found():
    side = ("markdown", "## Aside\n\n*A detour of two minutes.*\n\nLook.")
    back = ("markdown", "## Back\n\nOn.")
    define, use = ("demonstration", "number = 1"), ("demonstration", "def f():\n    return number")
    assert missed([side, define, back, use]) == {"number"}
    assert missed([side, define, ("markdown", "### Deeper in"), use]) == set()
    assert missed([back, define, back, use]) == set()
    assert missed([side, define, back, define, use]) == set()


def test_there_are_detours_to_look_at():
    detours = [
        detour for path in SOURCES for _, detour in code([(c.kind, c.source) for c in load(path).cells])
    ]
    assert sum(detours) > 15
