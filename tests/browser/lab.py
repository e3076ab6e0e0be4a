"""A JupyterLab of its own and a notebook in it, driven in a real browser: what the browser tests stand on.

Everything waits for a state of JupyterLab, the kernel or the page; nothing waits for a time to pass.
"""

from __future__ import annotations

import json
import os
import queue
import re
import secrets
import shutil
import signal
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bnlib.light import light

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

PATIENCE = 60  # seconds after which a state that has not come counts as never coming
NO_NETWORK = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--disable-gpu",
)
# What tells `check` that something other than the learner decides must not reach a learner's kernel.
_SIGNS = re.compile(r"PYTEST_|NBGRADER_|BNLIB_|JUPYTER|IPYTHON|MPLBACKEND")
_SETTINGS: dict[str, dict[str, Any]] = {
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


def find_chromium() -> str | None:
    """The Chromium on this machine: BNLIB_CHROMIUM where it is set, else the first by its usual names."""
    named = os.environ.get("BNLIB_CHROMIUM")
    names = [named] if named else ["chromium", "chromium-browser", "google-chrome"]
    return next((path for name in names if (path := shutil.which(name))), None)


class Lab:
    """A running JupyterLab that shares no setting, kernel or file with the one of whoever runs the tests."""

    def __init__(self, home: Path):
        self.root = home / "course"
        self.root.mkdir(parents=True)
        self._folders = 0
        self._windows = 0
        self._log: list[str] = []
        settings = home / "settings"
        for name, value in _SETTINGS.items():
            file = settings / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(value))
        self.token = secrets.token_hex(16)
        environment = {key: value for key, value in os.environ.items() if not _SIGNS.match(key)}
        environment |= {
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "JUPYTER_TOKEN": self.token,
            "IPYTHONDIR": str(home / "ipython"),
        }
        command = light(
            "jupyterlab",
            *("--no-browser", "--allow-root"),
            *("--ip=127.0.0.1", "--port=0"),
            f"--ServerApp.root_dir={self.root}",
            f"--LabApp.user_settings_dir={settings}",
            f"--LabApp.workspaces_dir={home / 'workspaces'}",
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.extension_manager=readonly",
            "--ServerApp.terminals_enabled=False",
        )
        self._process = subprocess.Popen(
            command,
            env=environment,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.url = self._address()

    def _address(self) -> str:
        """The address that the server prints once it listens: port 0 lets it take a free one itself."""
        found: queue.Queue[str | None] = queue.Queue()

        def read() -> None:
            assert self._process.stderr is not None
            for line in self._process.stderr:
                self._log.append(line)
                if match := re.search(r"http://127\.0\.0\.1:\d+", line):
                    found.put(match[0])
            found.put(None)

        threading.Thread(target=read, daemon=True).start()
        try:
            address = found.get(timeout=PATIENCE)
        except queue.Empty:
            address = None
        if address is None:
            self.close()
            raise RuntimeError("JupyterLab did not start:\n" + "".join(self._log[-30:]))
        return address

    def folder(self) -> Path:
        """A fresh folder in which a notebook, and the progress file beside it, can live."""
        self._folders += 1
        folder = self.root / f"learner{self._folders}"
        folder.mkdir()
        return folder

    def window(self, browser: Browser, notebook: Path | None = None) -> Page:
        """JupyterLab in a browser window of its own, empty or with a notebook that lies under `root`.

        Loading JupyterLab takes far longer than opening a notebook in it, so that a file of tests has one window
        and opens its notebooks there with `open_in`, one after the other.
        """
        context = browser.new_context(viewport={"width": 1280, "height": 1000})
        context.set_default_timeout(PATIENCE * 1000)
        page = context.new_page()
        self._windows += 1
        tree = f"/tree/{self._path(notebook)}" if notebook else ""
        page.goto(f"{self.url}/lab/workspaces/window{self._windows}{tree}?token={self.token}")
        page.wait_for_function("window.jupyterapp !== undefined")
        page.evaluate("jupyterapp.restored")
        return page

    def open(self, browser: Browser, notebook: Path) -> Notebook:
        """Open a notebook that lies under `root`, in a browser window of its own, with its kernel idle."""
        page = self.window(browser, notebook)
        return self._opened(page, notebook, own_window=True)

    def open_in(self, page: Page, notebook: Path) -> Notebook:
        """Open a notebook that lies under `root`, in a window that is there, with a kernel of its own, idle."""
        page.evaluate(
            "path => { jupyterapp.commands.execute('docmanager:open', {path, factory: 'Notebook'}); }",
            self._path(notebook),
        )
        return self._opened(page, notebook, own_window=False)

    def _path(self, notebook: Path) -> str:
        return notebook.relative_to(self.root).as_posix()

    def _opened(self, page: Page, notebook: Path, own_window: bool) -> Notebook:
        """The notebook, once it is shown, its kernel is idle and what the menus do is done to it."""
        page.wait_for_function(
            "path => jupyterapp.shell.currentWidget?.context?.path === path", arg=self._path(notebook)
        )
        page.evaluate("jupyterapp.shell.currentWidget.context.ready")
        page.evaluate("jupyterapp.shell.currentWidget.revealed")
        page.wait_for_function("jupyterapp.commands.isEnabled('notebook:run-all-cells')")
        opened = Notebook(page, own_window)
        opened.wait_until_idle()
        return opened

    def close(self) -> None:
        """End the server, which ends its kernels; one that does not end is killed, and its group with it."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()


@dataclass(frozen=True)
class Cell:
    """A cell as JupyterLab's model holds it; `outputs` are those of the notebook format."""

    id: str
    kind: str
    source: str
    outputs: tuple[dict[str, Any], ...] = ()

    @property
    def text(self) -> str:
        """Everything that the outputs say, whatever their type."""
        return "\n".join(_said(output) for output in self.outputs)


class Notebook:
    """The notebook that is in front in a page. Cells are named by their ids."""

    def __init__(self, page: Page, own_window: bool = True):
        self.page = page
        self._own_window = own_window

    def cells(self, identifier: str | None = None) -> list[Cell]:
        """All cells, or those of an id, with the outputs they have now."""
        # The pictures of a notebook are megabytes: what nobody asked for stays in the page.
        found = self.page.evaluate(
            """id => [...jupyterapp.shell.currentWidget.content.model.cells]
            .filter(cell => id === null || cell.id === id).map(cell => ({
                id: cell.id, kind: cell.type, source: cell.sharedModel.getSource(),
                outputs: cell.outputs ? cell.outputs.toJSON() : [],
            }))""",
            identifier,
        )
        return [Cell(c["id"], c["kind"], c["source"], tuple(c["outputs"])) for c in found]

    def cell(self, identifier: str) -> Cell:
        """The cell of that id; raises KeyError where there is none."""
        for cell in self.cells(identifier):
            return cell
        raise KeyError(identifier)

    def wait_until_idle(self) -> None:
        """Wait until a kernel is there and has nothing to do."""
        self.page.wait_for_function(
            "jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'"
        )

    def run_all(self) -> None:
        """Run every cell as the menu does, and wait until all have finished."""
        self.page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        self.wait_until_idle()

    def run_cell(self, identifier: str) -> Cell:
        """Run one cell, wait until it has finished, and give it back with its outputs."""
        self._activate(identifier)
        self.page.evaluate("jupyterapp.commands.execute('notebook:run-cell')")
        self.wait_until_idle()
        return self.cell(identifier)

    def set_source(self, identifier: str, source: str) -> None:
        """Put a text into a cell without the keyboard."""
        self._with_cell(identifier, "(cell, text) => cell.model.sharedModel.setSource(text)", source)

    def type_source(self, identifier: str, source: str) -> None:
        """Replace a cell's text as a learner does: click into it, select all, type."""
        self.locate(identifier).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)
        self.page.keyboard.press("Escape")
        typed = self.cell(identifier).source
        assert typed == source, f"the editor holds {typed!r}"

    def locate(self, identifier: str) -> Locator:
        """A cell's element in the page."""
        number = self._with_cell(identifier, "(cell, _, notebook, i) => i")
        widget = self.page.evaluate("jupyterapp.shell.currentWidget.id")
        return self.page.locator(f'[id="{widget}"] .jp-Cell[data-windowed-list-index="{number}"]')

    def theme(self, name: str) -> None:
        """Change JupyterLab's theme: "JupyterLab Light" or "JupyterLab Dark"."""
        change = "name => jupyterapp.commands.execute('apputils:change-theme', {theme: name})"
        self.page.evaluate(change, name)
        self.page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=name)

    def screenshot(self, path: Path, height: int = 3000) -> list[Path]:
        """The cells from the first to the last, in pieces of `height` pixels: NAME-1.png, NAME-2.png, ..."""
        panel, size = self.page.locator(".jp-WindowedPanel-outer"), self.page.viewport_size
        self.page.set_viewport_size({"width": 1280, "height": height})
        total, step = panel.evaluate("panel => [panel.scrollHeight, panel.clientHeight]")
        pieces = []
        for number, top in enumerate(range(0, total, step), 1):
            panel.evaluate("(panel, top) => { panel.scrollTop = top; }", top)
            pieces.append(path.with_name(f"{path.stem}-{number}{path.suffix}"))
            panel.screenshot(path=pieces[-1])
        if size:
            self.page.set_viewport_size(size)
        return pieces

    def close(self) -> None:
        """End the kernel and close the notebook, and the window too if it was opened for it."""
        if self._own_window:
            self.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")
            self.page.context.close()
        else:
            # The server ends the kernel while the next notebook opens: nobody has to wait for that.
            self.page.evaluate(
                """() => {
                    const widget = jupyterapp.shell.currentWidget, session = widget.sessionContext.session;
                    if (session) jupyterapp.serviceManager.sessions.shutdown(session.id);
                    widget.dispose();
                }"""
            )

    def _activate(self, identifier: str) -> None:
        self._with_cell(identifier, "(cell, _, notebook, i) => { notebook.activeCellIndex = i; }")

    def _with_cell(self, identifier: str, function: str, value: object = None) -> Any:
        return self.page.evaluate(
            f"""([id, value]) => {{
                const notebook = jupyterapp.shell.currentWidget.content;
                const i = notebook.widgets.findIndex(cell => cell.model.id === id);
                if (i < 0) throw new Error('no cell ' + id);
                return ({function})(notebook.widgets[i], value, notebook, i);
            }}""",
            [identifier, value],
        )


def _said(output: dict[str, Any]) -> str:
    if output["output_type"] == "error":
        return "\n".join([output["ename"], output["evalue"], *output["traceback"]])
    parts = [output["text"]] if "text" in output else list(output.get("data", {}).values())
    return "\n".join("".join(part) if isinstance(part, list) else str(part) for part in parts)


def errors(notebook: Notebook) -> list[str]:
    """What went wrong in a notebook that has run: error outputs, tracebacks in any text, widgets that broke.

    The page is read as well as the model, because what happens inside a widget is in the page alone.
    """
    found = []
    for cell in notebook.cells():
        if any(output["output_type"] == "error" for output in cell.outputs) or "Traceback (most" in cell.text:
            found.append(f"{cell.id}: {cell.text[-600:]}")
    shown = notebook.page.evaluate(
        """() => [...document.querySelectorAll('.jp-OutputArea-output')].filter(node =>
            /jupyter\\.(error|stderr)$/.test(node.dataset.mimeType ?? '')
            || node.innerText.includes('Error displaying widget')
        ).map(node => node.innerText)"""
    )
    return found + [text[-600:] for text in shown]


def pictures(notebook: Notebook) -> list[dict[str, str]]:
    """Every <img> in the outputs: its alternative text and the beginning of its address."""
    found: list[dict[str, str]] = notebook.page.evaluate(
        """() => [...document.querySelectorAll('.jp-OutputArea img')].map(
            image => ({alt: image.alt.trim(), src: image.src.slice(0, 80)}))"""
    )
    return found
