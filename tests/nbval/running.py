"""Run a notebook under nbval as a school would, and say which of its cells failed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from bnlib.course import build
from bnlib.course.source import SourceNotebook, find_course_sources, load

ROOT = Path(__file__).resolve().parents[2]
LESSONS = find_course_sources(ROOT)


def lesson(name: str) -> SourceNotebook:
    """A lesson's source."""
    return load(LESSONS[name])


def failures(notebook: dict, folder: Path) -> list[str]:
    """The ids of the cells that fail under `pytest --nbval-lax`; every code cell must have been run."""
    file, report = folder / "notebook.ipynb", folder / "report.xml"
    file.write_text(build.dump(notebook), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval-lax",
        "--nbval-current-env",
        "--nbval-cell-timeout=300",
    ]
    command += ["-p", "no:cacheprovider", "--noconftest", "-c", os.devnull, f"--rootdir={folder}"]
    done = subprocess.run(
        [*command, f"--junitxml={report}", str(file)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    cases = list(ElementTree.parse(report).iter("testcase"))
    code = [cell["id"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(cases) == len(code), done.stdout[-2000:]
    bad = [case.find("failure") is not None or case.find("error") is not None for case in cases]
    assert done.returncode == int(any(bad)), done.stdout[-2000:]
    return [identifier for identifier, failed in zip(code, bad, strict=True) if failed]
