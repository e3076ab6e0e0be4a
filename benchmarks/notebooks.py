"""How long the lessons take to run: every solved notebook under nbval, as `make test` and a school run them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from time import perf_counter
from xml.etree import ElementTree

from report import Row, table

ROOT = Path(__file__).resolve().parents[1]
# Seconds: for all of them together on two cores, and for notebook 08, which trains networks.
ALL, TRAINING = 180.0, 60.0
LONGEST = "08_does_it_matter"


def rows(full: bool = False) -> list[Row]:
    """Seconds for all of them together on two processes, and for the cells of each."""
    with tempfile.TemporaryDirectory() as name:
        folder, report = Path(name), Path(name) / "report.xml"
        _run([sys.executable, "-m", "bnlib", "notebooks", "--solved", name], ROOT)
        command = [
            *(
                sys.executable,
                "-m",
                "pytest",
                "--nbval-lax",
                "--nbval-current-env",
                "-q",
                "-p",
                "no:cacheprovider",
            ),
            *("-n", "2", "--dist", "loadfile", f"--junitxml={report}", f"--rootdir={name}", "-c", os.devnull),
        ]
        start = perf_counter()
        _run([*command, *sorted(map(str, folder.glob("*.ipynb")))], folder)
        whole = perf_counter() - start
        seconds: dict[str, float] = defaultdict(float)
        for case in ElementTree.parse(report).iter("testcase"):
            seconds[case.get("classname", "").rsplit("::", 1)[0]] += float(case.get("time", 0))
    each = [
        Row(f"notebook {Path(file).stem}, its cells", taken, TRAINING if LONGEST in file else None)
        for file, taken in sorted(seconds.items())
    ]
    return [Row("all notebooks, solved, under nbval on two processes", whole, ALL), *each]


def _run(command: list[str], folder: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:6])} ended with {done.returncode}: {done.stdout[-2000:]}")


if __name__ == "__main__":
    print(table(rows("--full" in sys.argv)))
