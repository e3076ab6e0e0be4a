"""Runs a notebook's demonstrations in a kernel, and keeps of what they show only what lasts."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Any

from ..light import light_imports

# What decides about marks makes `check` raise; a build is a learner's first "Run All".
_STRICT = ("BNLIB_STRICT", "NBGRADER_EXECUTION", "PYTEST_CURRENT_TEST")
_WIDGET = "application/vnd.jupyter.widget-view+json"
_KEPT = ("text/html", "text/plain", "text/markdown", "text/latex")
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")
_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_ALT = re.compile(r"""\balt=("[^"]*[^"\s][^"]*"|'[^']*[^'\s][^']*')""", re.IGNORECASE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class BuildError(RuntimeError):
    """A cell failed, or shows what a committed notebook may not hold. The message names file and cell."""


def execute(notebook: dict[str, Any], name: str, *, timeout: int = 300) -> None:
    """Run a notebook in a kernel of this Python and put the outputs that last into it, in place.

    It runs in an empty folder of its own. Raises BuildError.
    """
    with light_imports():
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    node = nbformat.from_dict(notebook)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            node,
            km=_kernel_manager(),
            timeout=timeout,
            store_widget_state=False,
            record_timing=False,
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": folder}},
        )
        try:
            client.execute(env=_environment(folder))
        except CellExecutionError as error:
            number = next(i for i, cell in enumerate(node.cells, 1) if _failed(cell))
            cause = f"{error.ename}: {_COLOUR.sub('', error.evalue)}"
            raise BuildError(f"{name}, cell {number}: {cause}\n\n{node.cells[number - 1].source}") from None
        except (CellTimeoutError, DeadKernelError) as error:
            raise BuildError(f"{name}: {error}") from None
    _keep(notebook, node.cells, name)


def _keep(notebook: dict[str, Any], ran_cells: list[Any], name: str) -> None:
    """Put the outputs that last into a notebook; those of answers and checks are left out."""
    count = 0
    for number, (cell, ran) in enumerate(zip(notebook["cells"], ran_cells, strict=True), 1):
        if cell["cell_type"] == "code":
            count += 1
            kind = cell["metadata"].get("bnlib", {}).get("kind", "demo")
            shown = ran.outputs if kind in ("demo", "given") else []
            outputs = (lasting(output, f"{name}, cell {number}") for output in shown)
            cell["outputs"] = [output for output in outputs if output is not None]
            # The number that "Run All" gives it. nbval takes outputs without a number for a fault.
            cell["execution_count"] = count if cell["outputs"] else None
            for output in cell["outputs"]:
                if output["output_type"] == "execute_result":
                    output["execution_count"] = count


def lasting(output: dict[str, Any], where: str) -> dict[str, Any] | None:
    """An output without what churns or needs a kernel; None where nothing is left.

    Raises BuildError for a picture that did not come through `bnlib.picture`, for an image without
    alternative text, for a widget without a still fallback, and for a memory address.
    """
    if output["output_type"] == "stream":
        if output["name"] == "stderr":
            return None
        _no_address(output["text"], where)
        return {"name": "stdout", "output_type": "stream", "text": output["text"]}
    data = output["data"]
    image = next((mime for mime in data if mime.startswith("image/")), None)
    if image:
        raise BuildError(f"{where}: shows {image} without alternative text; hand the figure to bnlib.picture")
    if _WIDGET in data and "text/html" not in data:
        raise BuildError(f"{where}: shows a widget without a still fallback; make it with bnlib.play")
    for tag in _IMAGE.findall(data.get("text/html", "")):
        if not _ALT.search(tag):
            raise BuildError(f"{where}: shows an <img> without alternative text")
    kept = {mime: data[mime] for mime in _KEPT if mime in data}
    if not kept:
        return None
    _no_address(kept.get("text/plain", ""), where)
    result = {"data": kept, "metadata": {}, "output_type": output["output_type"]}
    if output["output_type"] == "execute_result":
        result["execution_count"] = output["execution_count"]
    return result


def _no_address(text: str, where: str) -> None:
    found = _ADDRESS.search(text)
    if found:
        raise BuildError(f"{where}: shows a memory address ({found[0]!r}), which differs at every build")


def _failed(cell: dict[str, Any]) -> bool:
    return any(output["output_type"] == "error" for output in cell.get("outputs", ()))


def _kernel_manager() -> Any:
    """A kernel of the Python that runs this, whatever kernels the user has installed under the same name."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    return AsyncKernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))


def _environment(folder: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in _STRICT}
    here = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join([here, *filter(None, [kept.get("PYTHONPATH")])])
    # A user's own IPython profile has no say in what the course's pages look like.
    return {**kept, "PYTHONPATH": path, "IPYTHONDIR": os.path.join(folder, ".ipython")}
