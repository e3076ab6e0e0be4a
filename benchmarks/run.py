"""`python benchmarks/run.py`: everything that is measured, in one table; status 1 where a limit broke.

`--json FILE` writes the same as JSON, with the machine it was measured on. `--full` takes the sizes that were
promised where the usual run takes small samples; it lasts much longer. Names choose benchmarks, such as `norms_speed`.
Progress goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from time import perf_counter

# One thread in matrix products: how many there are is chosen openly where it matters.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from report import Row, table

HERE = Path(__file__).resolve().parent
# What learners wait for comes first; the rest follows by name.
FIRST = ("import_time", "trace_cost", "draw_time", "check_time", "flow_browser")


def benchmarks() -> list[str]:
    """The modules here that have `rows`."""
    found = {file.stem for file in HERE.glob("*.py") if "\ndef rows(" in file.read_text(encoding="utf-8")}
    return [*(name for name in FIRST if name in found), *sorted(found.difference(FIRST))]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run benchmarks and print them; 0 where every limit was kept, else 1."""
    parser = argparse.ArgumentParser(
        description="Measure what bnlib promises, and print it beside the limits."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(benchmarks())}")
    parser.add_argument("--full", action="store_true", help="the full sizes, which take long")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results as JSON")
    options = parser.parse_args(arguments)
    if unknown := set(options.names).difference(benchmarks()):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    rows, load = measured(options.names or benchmarks(), options.full)
    print(table(rows))
    if options.json:
        report = {"machine": machine(), "load": load, "full": options.full}
        report["rows"] = [row.as_dict() for row in rows]
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 1 if any(row.met is False for row in rows) else 0


def measured(names: Sequence[str], full: bool) -> tuple[list[Row], dict[str, float | None]]:
    """The rows of each benchmark, and how busy the machine was when it began: its load over the last minute."""
    rows: list[Row] = []
    load: dict[str, float | None] = {}
    for number, name in enumerate(names, 1):
        load[name] = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        print(f"{number} of {len(names)}: {name}", end=" ", file=sys.stderr, flush=True)
        started = perf_counter()
        rows += import_module(name).rows(full)
        print(f"... {perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    return rows, load


def machine() -> dict[str, str | int | None]:
    """What the numbers were measured on."""
    return {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()}


if __name__ == "__main__":
    sys.exit(main())
