"""The benchmarks' own rules: what is measured in turn, what a limit means. No test here measures time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def timing(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import timing

    return timing


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import report

    return report


def test_functions_are_called_in_turn_and_every_second_round_goes_backwards(timing: ModuleType) -> None:
    calls: list[str] = []
    functions = {name: (lambda name=name: calls.append(name)) for name in "ab"}
    timing.measure(functions, rounds=2, warmup=1)
    assert "".join(calls) == "ba" + "ab" + "ba"


def test_warmup_rounds_do_not_count_and_the_median_is_of_the_others(timing: ModuleType) -> None:
    now, steps = [0.0], iter([100.0, 1.0, 5.0, 2.0])

    def work() -> None:
        now[0] += next(steps)

    taken = timing.measure({"work": work}, rounds=3, warmup=1, clock=lambda: now[0])
    assert taken["work"].seconds == (1.0, 5.0, 2.0)
    assert (taken["work"].median, taken["work"].best) == (2.0, 1.0)


def test_no_rounds_are_refused(timing: ModuleType) -> None:
    with pytest.raises(ValueError, match="no rounds"):
        timing.measure({}, rounds=0)


def test_a_row_says_whether_its_limit_was_kept(report: ModuleType) -> None:
    rows = [report.Row("quick", 0.004, 0.1), report.Row("slow", 3.5, 3.0, "x"), report.Row("beside", 1.25)]
    assert [row.met for row in rows] == [True, False, None]
    assert report.table(rows).splitlines() == [
        "what    measured     limit  met",
        "------  --------  --------  ---",
        "quick    4.00 ms  100.0 ms  yes",
        "slow      3.50 x    3.00 x  NO",
        "beside    1.25 s",
    ]
    more = report.Row("sums", 2e-5, more={"arrays": 1.25, "error": 1e-7})
    assert report.table([more]).splitlines()[2] == "sums   20.0 us              arrays 1.25; error 1e-07"
    assert rows[1].as_dict() == {"what": "slow", "measured": 3.5, "unit": "x", "limit": 3.0, "met": False}


def test_a_broken_limit_is_the_exit_status_and_the_json_has_every_row(tmp_path: Path) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(BENCHMARKS)!r})\nimport run\nfrom report import Row\n"
        "run.measured = lambda names, full: ([Row('too slow', 2.0, 1.0, more={'at': 3.0})], {'load': 0.5})\n"
        "sys.exit(run.main(['--json', 'found.json']))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, "NO" in done.stdout) == (1, True), done.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    assert [row["what"] for row in found["rows"]] == ["too slow"]
    assert (found["rows"][0]["more"], found["load"], found["full"]) == ({"at": 3.0}, {"load": 0.5}, False)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import run

    return run


def test_a_module_with_rows_is_a_benchmark_and_is_told_whether_it_has_to_be_full(
    run: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run.benchmarks()[0] == "import_time"
    assert "norms_speed" in run.benchmarks()
    assert {"report", "timing", "run"}.isdisjoint(run.benchmarks())
    (tmp_path / "told.py").write_text("def helper(): ...\n\n\ndef rows(full=False):\n    return [full]\n")
    (tmp_path / "helper.py").write_text("def no_rows(): ...\n")
    monkeypatch.setattr(run, "HERE", tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert run.benchmarks() == ["told"]
    rows, load = run.measured(["told"], True)
    assert (rows, list(load)) == ([True], ["told"])
    assert "1 of 1: told" in capsys.readouterr().err
