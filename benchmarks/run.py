"""`python benchmarks/run.py`: everything that is measured, in one table; status 1 where a limit broke.

`--json FILE` writes the same as JSON, with the machine it was measured on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import check_time
import draw_time
import flow_browser
import import_time
import trace_cost
from report import Row, table

BENCHMARKS: tuple[Callable[[], list[Row]], ...] = (
    import_time.rows,
    trace_cost.rows,
    draw_time.rows,
    check_time.rows,
    flow_browser.rows,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all benchmarks and print them; 0 where every limit was kept, else 1."""
    parser = argparse.ArgumentParser(
        description="Measure what bnlib promises, and print it beside the limits."
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results as JSON")
    options = parser.parse_args(arguments)
    rows = [row for benchmark in BENCHMARKS for row in benchmark()]
    print(table(rows))
    if options.json:
        report = {"machine": machine(), "rows": [row.as_dict() for row in rows]}
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return 1 if any(row.met is False for row in rows) else 0


def machine() -> dict[str, str | int | None]:
    """What the numbers were measured on."""
    return {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()}


if __name__ == "__main__":
    sys.exit(main())
