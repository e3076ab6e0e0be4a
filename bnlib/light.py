"""Starts other tools without what takes them long to import and nobody asks them for.

`python -m bnlib.light MODULE ARGUMENTS` is `python -m MODULE ARGUMENTS` about a second faster, where Jupyter is in it.
"""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# jsonschema, with which every Jupyter tool looks at notebooks, imports these for the formats of texts such as
# addresses and durations. It does without them where they are missing, and a notebook has neither.
NOT_NEEDED = ("rfc3987_syntax", "isoduration")


@contextmanager
def light_imports() -> Iterator[None]:
    """What is imported for the first time meanwhile is imported as if `NOT_NEEDED` were not installed."""
    hidden = [name for name in NOT_NEEDED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


def light(module: str, *arguments: str) -> list[str]:
    """The command that runs a module as a program of its own."""
    return [sys.executable, "-m", "bnlib.light", module, *arguments]


if __name__ == "__main__":
    # The program and the name of the module go; what is left are the module's own arguments.
    del sys.argv[0]
    with light_imports():
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
