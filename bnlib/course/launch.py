"""Starts JupyterLab on a learner's folder, also where there is no browser and as root in a container."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path

from ..light import light
from .copies import WorkspaceError

START = "00_start_here.ipynb"
# Defaults for JupyterLab's settings, below the learner's own: all cells are drawn, one after the other. With
# JupyterLab's default the sections that links lead to end up below the screen, because heights are guessed.
_SETTINGS = Path(__file__).with_name("jupyter")

Run = Callable[[list[str], Path], int]


def open_lab(folder: Path, arguments: Sequence[str] = (), run: Run | None = None) -> int:
    """Serve `folder` with JupyterLab and open its first notebook; `arguments` are handed on to JupyterLab.

    Returns JupyterLab's exit status; raises WorkspaceError where it is not installed. `run` gets the command
    and the folder to run it in.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise WorkspaceError(
            f"JupyterLab is not installed for {sys.executable}. In the folder of the course, run\n"
            f"    {sys.executable} -m pip install -r requirements.txt"
        )
    command = command_for(arguments)
    if not has_browser():
        print("There is no browser here. Open the address that JupyterLab prints below in one.")
    return (run or _become)(command, folder)


def command_for(arguments: Sequence[str]) -> list[str]:
    """The command that starts JupyterLab on this machine, with the learner's own arguments last."""
    # Without a feed there is no dialogue about news in front of the first page, and no call to the network.
    command = light("jupyterlab", "--LabApp.news_url=None")
    if not any(argument.endswith(".ipynb") for argument in arguments):
        # Unlike a file to open, this also stands in the address that is printed where there is no browser.
        command.append(f"--LabApp.default_url=/lab/tree/{START}")
    if not has_browser():
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    return [*command, *(argument for argument in arguments if argument not in command)]


def environment() -> dict[str, str]:
    """This process's environment, in which JupyterLab also finds the course's defaults for its settings."""
    paths = [os.environ.get("JUPYTER_CONFIG_PATH", ""), str(_SETTINGS)]
    return {**os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, paths))}


def has_browser() -> bool:
    """Whether Python finds a browser on this machine."""
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _become(command: list[str], folder: Path) -> int:
    """Turn this process into JupyterLab, so that a signal to the one reaches the other."""
    sys.stdout.flush()
    if os.name == "posix":
        os.chdir(folder)
        os.execve(command[0], command, environment())
    process = subprocess.Popen(command, cwd=folder, env=environment())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # JupyterLab got it too, and asks before it stops
