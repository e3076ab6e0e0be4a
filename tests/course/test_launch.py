"""Opening the course: the command for this machine, and one real JupyterLab."""

from __future__ import annotations

import importlib.util
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
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
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert "00_start_here.ipynb" in command
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


def test_a_real_jupyterlab_serves_the_first_notebook(root, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    environment |= {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA", "RUNTIME")} | {
        "HOME": str(tmp_path),
        "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "spaces"),
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "bnlib", "--root", str(root), "course"]
    arguments = [
        "--no-browser",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        "--IdentityProvider.token=abc",
    ]
    process = subprocess.Popen(
        [*command, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    lines: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=lambda: [lines.put(line) for line in process.stdout], daemon=True)
    reader.start()
    printed = []
    try:
        while not (address := re.search(rf"http://(?:localhost|127\.0\.0\.1):{port}/\S+", "".join(printed))):
            printed.append(lines.get(timeout=60))
        with urllib.request.urlopen(address[0], timeout=60) as page:
            text = page.read().decode("utf-8")
        url = f"http://127.0.0.1:{port}/api/contents/00_start_here.ipynb?token=abc&content=0"
        with urllib.request.urlopen(url, timeout=60) as answer:
            found = answer.read()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        reader.join(timeout=10)
        process.stdout.close()
    assert "/lab/tree/00_start_here.ipynb" in address[0]
    assert "<title>JupyterLab</title>" in text
    assert re.search(r'"news": ?\{"disabled": ?true\}', text)
    assert b'"name": "00_start_here.ipynb"' in found
