"""The checker, checked: in a small notebook made here, the helpers see what is there and what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from lab import Notebook, errors, pictures

pytestmark = pytest.mark.browser

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SLIDER = """\
import ipywidgets
from IPython.display import HTML, display
output = ipywidgets.Output()
slider = ipywidgets.IntSlider(value=3, description="rows")
def show(change):
    with output:
        output.clear_output(wait=True)
        display(HTML(f'<img alt="{slider.value} rows" src="data:,{slider.value}">'))
slider.observe(show, "value")
show(None)
display(slider, output)
"""


@pytest.fixture
def opened(open_notebook: Callable[[Path], Notebook], tmp_path: Path) -> Callable[..., Notebook]:
    """Open a notebook made of code cells, given as id=source."""

    def make(**sources: str) -> Notebook:
        blank = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        cells = [{**blank, "id": name, "source": text} for name, text in sources.items()]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
        file = tmp_path / "small.ipynb"
        file.write_text(json.dumps(notebook))
        return open_notebook(file)

    return make


def test_what_a_cell_prints_is_read_after_run_all(opened: Callable[..., Notebook]) -> None:
    notebook = opened(one="a = 20", two="print(a + 1)")
    notebook.run_all()
    assert notebook.cell("two").text == "21\n"
    assert errors(notebook) == []


def test_a_kernel_does_not_know_that_a_test_started_it(opened: Callable[..., Notebook]) -> None:
    notebook = opened(
        one="import os\nfrom bnlib.check import strict\nstrict(), 'PYTEST_CURRENT_TEST' in os.environ"
    )
    notebook.run_all()
    assert notebook.cell("one").text == "(False, False)"


def test_an_error_is_seen_and_what_is_typed_mends_it(opened: Callable[..., Notebook]) -> None:
    notebook = opened(one="1 / 0", two="print('after')")
    notebook.run_all()
    assert any("ZeroDivisionError" in error for error in errors(notebook))
    notebook.type_source("one", "def one():\n    values = [1, (2)]\n    return values\n\n\none()")
    assert notebook.run_cell("one").text == "[1, 2]"
    assert errors(notebook) == []


def test_an_error_inside_a_widget_is_seen(opened: Callable[..., Notebook]) -> None:
    inside = "import ipywidgets\nout = ipywidgets.Output()\ndisplay(out)\nwith out:\n    1 / 0"
    notebook = opened(one=inside)
    notebook.run_all()
    notebook.locate("one").locator(".widget-output [data-mime-type]").wait_for()
    assert any("ZeroDivisionError" in error for error in errors(notebook))


def test_a_picture_without_alternative_text_is_seen(opened: Callable[..., Notebook]) -> None:
    notebook = opened(
        one='from IPython.display import HTML\nHTML(\'<img alt="a pixel" src="data:,">\')',
        two=f"import base64\nfrom IPython.display import Image\nImage(base64.b64decode('{PIXEL}'))",
    )
    notebook.run_all()
    notebook.page.locator(".jp-OutputArea img").nth(1).wait_for(state="attached")
    assert [picture["alt"] for picture in pictures(notebook)] == ["a pixel", ""]


def test_a_slider_moves_by_the_keyboard(opened: Callable[..., Notebook]) -> None:
    notebook = opened(one=SLIDER)
    notebook.run_all()
    area = notebook.locate("one")
    area.locator("img[alt='3 rows']").wait_for(state="attached")
    area.locator(".noUi-handle").press("ArrowRight")
    area.locator("img[alt='4 rows']").wait_for(state="attached")


def test_the_theme_changes_and_a_long_notebook_is_pictured_in_pieces(
    opened: Callable[..., Notebook], tmp_path: Path
) -> None:
    notebook = opened(one="print('\\n' * 100)")
    notebook.run_all()
    notebook.theme("JupyterLab Dark")
    assert notebook.page.evaluate("document.body.dataset.jpThemeLight") == "false"
    pieces = notebook.screenshot(tmp_path / "dark.png", height=1000)
    assert [piece.name for piece in pieces[:2]] == ["dark-1.png", "dark-2.png"]
    assert all(piece.read_bytes().startswith(b"\x89PNG") for piece in pieces)
