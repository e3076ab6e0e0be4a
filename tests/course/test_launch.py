"""Opening the course: the command for this machine, and one real JupyterLab."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import webbrowser

import pytest

from bnlib import __main__ as commands
from bnlib.course import launch


def has_browser(monkeypatch, yes):
    def get():
        if not yes:
            raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", get)


@pytest.fixture
def runs(monkeypatch):
    """What would have been run: pairs of a command and its folder."""
    runs = []
    monkeypatch.setattr(launch, "_become", lambda command, folder: runs.append((command, folder)) or 7)
    return runs


@pytest.fixture
def root(publish):
    root = publish()
    (root / "notebooks" / "00_start_here.ipynb").write_bytes(
        (root / "notebooks" / "02_chain_rule.ipynb").read_bytes()
    )
    return root


def test_course_fills_the_folder_and_opens_its_first_notebook(root, runs, monkeypatch, capsys):
    has_browser(monkeypatch, True)
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    assert commands.main(["--root", str(root), "course"]) == 7
    ((command, folder),) = runs
    assert command[:4] == [sys.executable, "-m", "bnlib.light", "jupyterlab"]
    assert "--LabApp.default_url=/lab/tree/00_start_here.ipynb" in command
    assert folder == root / "my_course"
    assert (folder / "00_start_here.ipynb").exists()
    assert "--no-browser" not in command
    assert "--allow-root" not in command
    assert "New in my_course/: 00_start_here.ipynb, 02_chain_rule.ipynb" in capsys.readouterr().out


def test_without_a_browser_it_serves_and_says_where_the_address_is(root, runs, monkeypatch, capsys):
    has_browser(monkeypatch, False)
    commands.main(["--root", str(root), "course", "--no-browser"])
    assert runs[0][0].count("--no-browser") == 1
    assert "no browser here. Open the address" in capsys.readouterr().out


def test_as_root_it_is_allowed(root, runs, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    commands.main(["--root", str(root), "course"])
    assert "--allow-root" in runs[0][0]


@pytest.mark.parametrize("before", [[], ["--"]])
def test_other_arguments_are_handed_on_last(root, runs, before):
    commands.main(["--root", str(root), "course", *before, "--port", "9999", "--ServerApp.token=abc"])
    assert runs[0][0][-3:] == ["--port", "9999", "--ServerApp.token=abc"]


def test_another_notebook_can_be_opened(root, runs):
    commands.main(["--root", str(root), "course", "02_chain_rule.ipynb"])
    assert [part for part in runs[0][0] if part.endswith(".ipynb")] == ["02_chain_rule.ipynb"]


def test_a_newer_version_is_announced(root, runs, publish, lesson, capsys):
    commands.main(["--root", str(root), "course"])
    publish(lesson.replace("A demonstration.", "A better one."))
    capsys.readouterr()
    commands.main(["--root", str(root), "course"])
    assert "newer version of 02_chain_rule. `make update`" in capsys.readouterr().out


def test_a_missing_jupyterlab_is_said_with_the_command_that_mends_it(root, runs, monkeypatch, capsys):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "jupyterlab" else find(name)
    )
    assert commands.main(["--root", str(root), "course"]) == 1
    assert "-m pip install -r requirements.txt" in capsys.readouterr().err
    assert runs == []


@pytest.fixture
def served(root, tmp_path):
    """The course opened for real, on a free port and away from the user's own settings; ended as a group."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    environment |= {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    environment |= {"HOME": str(tmp_path), "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "spaces")}
    process = subprocess.Popen(
        [sys.executable, "-m", "bnlib", "--root", str(root), "course", "--no-browser", f"--port={port}"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    lines: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=lambda: [lines.put(line) for line in process.stdout], daemon=True)
    reader.start()
    yield lines
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    reader.join(timeout=10)
    process.stdout.close()


def fetch(address, lines):
    """A page's text. JupyterLab prints its address before it listens, so a refusal is tried again."""
    for _ in range(200):
        try:
            with urllib.request.urlopen(address, timeout=60) as page:
                return page.read().decode("utf-8")
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
        with contextlib.suppress(queue.Empty):
            lines.get(timeout=0.1)
    raise AssertionError(f"{address} never answered")


def test_a_real_jupyterlab_prints_an_address_that_opens_the_first_notebook(served):
    printed = ""
    while not (found := re.search(r"(http://127\.0\.0\.1:\d+/)(\S*)\?token=(\w+)", printed)):
        printed += served.get(timeout=60)
    base, page, token = found.groups()
    assert page == "lab/tree/00_start_here.ipynb"
    lab = fetch(found[0], served)
    assert "<title>JupyterLab</title>" in lab
    assert re.search(r'"news": ?\{"disabled": ?true\}', lab)
    contents = fetch(f"{base}api/contents/00_start_here.ipynb?content=0&token={token}", served)
    assert '"name": "00_start_here.ipynb"' in contents
    # Links lead to sections only where every cell is drawn.
    setting = "lab/api/settings/@jupyterlab%2Fnotebook-extension:tracker"
    tracker = json.loads(fetch(f"{base}{setting}?token={token}", served))
    assert tracker["schema"]["properties"]["windowingMode"]["default"] == "defer"
