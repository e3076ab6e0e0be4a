"""A run from the command line: interrupted and gone on with, and spread over a cluster of which a part dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from siege import answers
from tiny import Tiny, code, save

from bnlib.grade.cli import main
from bnlib.grade.watch import duration, line


def school(tiny: Tiny, folder: Path, count: int, cell: str = "") -> Path:
    """So many learners with right answers; each runs a cell of their own first."""
    class_ = folder / "class"
    for number in range(count):
        home = class_ / f"learner_{number:03}"
        home.mkdir(parents=True)
        own = [code(cell, id="own")] if cell else []
        save(home / "a.ipynb", *own, *answers(), bnlib={"course": "tiny", "notebook": "01_tiny"})
    return class_


def environment(tiny: Tiny) -> dict[str, str]:
    outside = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    return {**outside, "PYTHONPATH": str(tiny.root), "PYTHONIOENCODING": "utf-8"}


def start(tiny: Tiny, folder: Path, *arguments: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bnlib", "grade", "--root", str(tiny.root), "--engine", "direct"]
    return subprocess.Popen(
        [*command, *map(str, arguments)],
        env=environment(tiny),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )


def wait_for(path: Path, lines: int) -> None:
    """Wait until a journal has so many lines."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if path.exists() and path.read_text(encoding="utf-8").count("\n") >= lines:
            return
        time.sleep(0.05)
    pytest.fail(f"{path.name} has not {lines} lines after two minutes")


@pytest.fixture
def heard() -> Iterator[None]:
    """Ctrl-C reaches what a test starts, also where these tests run in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_was_stopped_goes_on_where_it_stopped(
    tiny: Tiny, tmp_path: Path, how: signal.Signals
) -> None:
    class_ = school(tiny, tmp_path, 12, "import time\ntime.sleep(0.3)\n")
    report, part = tmp_path / "marks.json", tmp_path / "marks.json.part"
    first = start(tiny, tmp_path, "--jobs", "1", "--json", report, class_)
    wait_for(part, 4)
    first.send_signal(how)
    first.communicate(timeout=60)
    kept = part.read_text(encoding="utf-8").count("\n") - 1
    assert 3 <= kept < 12
    assert not report.exists()

    refused = start(tiny, tmp_path, "--json", report, class_)
    assert "--resume" in refused.communicate(timeout=60)[1]
    assert refused.returncode == 1

    again = start(tiny, tmp_path, "--resume", "--json", report, "--csv", tmp_path / "marks.csv", class_)
    errors = again.communicate(timeout=120)[1]
    assert again.returncode == 0, errors
    found = json.loads(report.read_text(encoding="utf-8"))
    assert [one["score"] for one in found["submissions"]] == [7] * 12
    assert len((tmp_path / "marks.csv").read_text(encoding="utf-8").splitlines()) == 13
    assert not part.exists()


@contextmanager
def dask(tiny: Tiny, folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers on loopback: its address, and the workers."""
    file = folder / "scheduler.json"
    common = {
        "env": environment(tiny),
        "cwd": folder,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
    }
    processes = [
        subprocess.Popen(
            [
                *(
                    sys.executable,
                    "-m",
                    "distributed.cli.dask_scheduler",
                    "--host",
                    "127.0.0.1",
                    "--port",
                    "0",
                ),
                *("--no-dashboard", "--scheduler-file", str(file)),
            ],
            start_new_session=True,
            **common,
        )
    ]
    try:
        for _ in range(2):
            processes.append(
                subprocess.Popen(
                    [
                        *(sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(file)),
                        *("--no-nanny", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1"),
                        *("--local-directory", str(folder)),
                    ],
                    start_new_session=True,
                    **common,
                )
            )
        end = time.monotonic() + 60
        while not file.exists() and time.monotonic() < end:
            time.sleep(0.1)
        yield json.loads(file.read_text())["address"], processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_worker_that_dies_costs_nothing_but_time(tiny: Tiny, tmp_path: Path) -> None:
    class_ = school(tiny, tmp_path, 10, "import time\ntime.sleep(0.3)\n")
    report, part = tmp_path / "marks.json", tmp_path / "marks.json.part"
    with dask(tiny, tmp_path) as (address, workers):
        run = start(tiny, tmp_path, "--scheduler", address, "--json", report, class_)
        wait_for(part, 3)
        workers[0].kill()
        errors = run.communicate(timeout=180)[1]
    assert run.returncode == 0, errors
    found = json.loads(report.read_text(encoding="utf-8"))
    assert [one["score"] for one in found["submissions"]] == [7] * 10


def test_a_scheduler_that_is_not_there_is_said_at_once(
    tiny: Tiny, tmp_path: Path, monkeypatch, capsys
) -> None:
    class_ = school(tiny, tmp_path, 1)
    monkeypatch.setattr("bnlib.grade.cluster.PATIENCE", 1)
    assert main(["--root", str(tiny.root), "--scheduler", "tcp://127.0.0.1:9", str(class_)]) == 1
    assert "No scheduler answers" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--resume"], "name the same --json"),
        (["--csv", "nowhere/marks.csv"], "there is no folder"),
        (["--html", "a_file"], "is a file; --html wants a folder"),
        (["--json", "a_folder"], "is a folder; --json wants a file"),
    ],
)
def test_what_can_not_be_written_is_said_before_anything_is_graded(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a_file").touch()
    (tmp_path / "a_folder").mkdir()
    assert main([*arguments, "class"]) == 2
    assert says in capsys.readouterr().err


def test_the_bar_says_how_much_is_done_and_how_long_the_rest_takes() -> None:
    assert line(0, 400, 0.0) == "[" + " " * 24 + "] 0 of 400"
    assert line(100, 400, 50.0) == "[" + "#" * 6 + " " * 18 + "] 100 of 400, 2 min 30 s left"
    assert line(400, 400, 99.0).endswith("400 of 400")
    assert [duration(s) for s in (0.2, 59, 61, 3700)] == ["1 s", "59 s", "1 min 1 s", "1 h 1 min"]
