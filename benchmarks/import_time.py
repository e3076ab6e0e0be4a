"""How long `import bnlib` takes in a fresh process; NumPy alone and all of bnlib beside it."""

from __future__ import annotations

import subprocess
import sys
from statistics import median

from report import Row, table

LIMIT = 0.25
ROUNDS = 7
STATEMENTS = {
    "import bnlib": "import bnlib",
    "import numpy": "import numpy",
    "import of all that a notebook uses": "from bnlib import *",
}


def rows(full: bool = False) -> list[Row]:
    """The median time of each import; the limit holds for `import bnlib`."""
    taken: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    # The first round only fills the file cache.
    for number in range(-1, ROUNDS):
        for name, statement in STATEMENTS.items():
            seconds = _fresh(statement)
            if number >= 0:
                taken[name].append(seconds)
    limits = {"import bnlib": LIMIT}
    return [Row(name, median(seconds), limits.get(name)) for name, seconds in taken.items()]


def _fresh(statement: str) -> float:
    """The seconds that a statement takes in a process of its own, the start of Python itself not counted."""
    program = f"from time import perf_counter as t; a = t()\n{statement}\nprint(t() - a)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return float(done.stdout)


if __name__ == "__main__":
    print(table(rows()))
