"""Which names a notebook cell binds and which it needs, told from its text without running it."""

from __future__ import annotations

import builtins
import re
import symtable
from dataclasses import dataclass
from functools import lru_cache

MAX_SOURCE = 100_000
# Cell magics whose body is still Python that runs in the notebook.
_PYTHON_MAGICS = {"time", "timeit", "capture", "prun", "python", "python3"}
_LINE_MAGIC = re.compile(r"^([ \t]*)[%!?]")
_HELP = re.compile(r"^([ \t]*)[\w.]+\?{1,2}[ \t]*$")
# What every kernel has without a cell that makes it.
_ALWAYS = frozenset(dir(builtins)) | {"get_ipython", "display", "In", "Out", "__name__", "__file__", "_"}


@dataclass(frozen=True)
class Names:
    """`bound` are the names a cell gives a value to, `needed` those it reads and doesn't bind itself."""

    bound: frozenset[str] = frozenset()
    needed: frozenset[str] = frozenset()


@lru_cache(maxsize=512)
def names(source: str) -> Names:
    """The global names of a cell, those inside its functions included; none where it is not valid Python.

    Nor of one that is longer than anybody writes: telling them takes time and memory.
    """
    bound, used = set[str](), set[str]()
    if len(source) > MAX_SOURCE:
        return Names()
    try:
        try:
            top = symtable.symtable(source, "<cell>", "exec")
        except SyntaxError:
            top = symtable.symtable(without_magics(source), "<cell>", "exec")
        tables = [top]
        while tables:
            table = tables.pop()
            tables += table.get_children()
            for symbol in table.get_symbols():
                # In a function only what it takes from, or declares as, global concerns the notebook.
                if table is not top and not symbol.is_global():
                    continue
                if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace():
                    bound.add(symbol.get_name())
                elif symbol.is_referenced():
                    used.add(symbol.get_name())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Names()
    return Names(frozenset(bound), frozenset(used - bound - _ALWAYS))


def without_magics(source: str) -> str:
    """A cell as Python: line magics become `pass`, which keeps the lines; another language is left out."""
    lines = source.split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        words = lines[first][2:].split()
        if not words or words[0] not in _PYTHON_MAGICS:
            return ""
        lines[first] = ""
    for number, line in enumerate(lines):
        magic = _LINE_MAGIC.match(line) or _HELP.match(line)
        if magic:
            lines[number] = f"{magic[1]}pass"
    return "\n".join(lines)
