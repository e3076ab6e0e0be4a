"""The course as a learner meets it: each notebook as handed out, run, answered and played with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lab import PATIENCE, Lab, Notebook, errors, pictures
from lessons import NOTEBOOKS, ROOT, cards, cell_id, exercises, open_copy
from playwright.sync_api import Locator, Page, TimeoutError, expect

from bnlib.course import source
from bnlib.exercises import Exercise

pytestmark = pytest.mark.browser

WITH_SLIDERS = [name for name, path in NOTEBOOKS.items() if "play(" in path.read_text(encoding="utf-8")]
# The glossary has none.
WITH_EXERCISES = [name for name in NOTEBOOKS if exercises(name)]


expect.set_options(timeout=PATIENCE * 1000)


# Each notebook is opened and run once: the tests of a notebook come one after another and none of them disturbs
# what the next one looks at.
@pytest.fixture(scope="module")
def handed_out(lab: Lab, window: Page, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    """A notebook as it is handed out, after "Run All"."""
    notebook = open_copy(lab, window, request.param, NOTEBOOKS[request.param].read_text(encoding="utf-8"))
    notebook.run_all()
    yield notebook
    notebook.close()


every_notebook = pytest.mark.parametrize("handed_out", NOTEBOOKS, indirect=True)


@every_notebook
def test_it_runs_from_top_to_bottom_with_nothing_answered(handed_out: Notebook) -> None:
    assert errors(handed_out) == []
    checks = [cell.id for cell in handed_out.cells() if cell.id.startswith("check-")]
    assert {check: cards(handed_out, check) for check in checks} == {
        check: ["not started"] for check in checks
    }


@every_notebook
def test_every_picture_has_alternative_text(handed_out: Notebook) -> None:
    shown = pictures(handed_out)
    assert shown, "there is no picture at all"
    assert [picture["src"] for picture in shown if not picture["alt"]] == []


@pytest.mark.parametrize("handed_out", WITH_EXERCISES, indirect=True)
def test_the_card_follows_what_is_typed(handed_out: Notebook, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.params["handed_out"]
    exercise = exercises(name)[0]
    right = source.load(ROOT / "source" / f"{name}.py").answers[exercise.id].solution_source
    answer, check = cell_id("answer", exercise), cell_id("check", exercise)
    card = handed_out.locate(check).locator(".bnlib-card")

    handed_out.type_source(answer, wrong(exercise))
    handed_out.run_cell(answer)
    handed_out.run_cell(check)
    expect(card).to_have_attribute("data-kind", "failed")
    expect(card).to_contain_text("Not right yet", ignore_case=True)

    handed_out.type_source(answer, right)
    handed_out.run_cell(answer)
    handed_out.run_cell(check)
    expect(card).to_have_attribute("data-kind", "passed")
    expect(card).to_contain_text("Passed", ignore_case=True)
    assert errors(handed_out) == []


@pytest.mark.parametrize("handed_out", WITH_SLIDERS, indirect=True)
def test_every_slider_moves_its_picture(handed_out: Notebook) -> None:
    for cell in handed_out.cells():
        area = handed_out.locate(cell.id).locator(".jp-OutputArea")
        if cell.kind != "code" or "play(" not in cell.source:
            continue
        sliders = area.locator(".noUi-handle")
        expect(sliders.first).to_be_visible()
        expect(area.locator("img")).to_have_count(1)
        for number, handle in enumerate(sliders.all()):
            # The address is the whole picture: kept in the page, so that no message is as long as that.
            area.evaluate("area => { area.before = area.querySelector('img').src; }")
            handle.press(away(handle))
            try:
                changed = "area => area.querySelector('img')?.src !== area.before"
                handed_out.page.wait_for_function(changed, arg=area.element_handle())
            except TimeoutError:
                pytest.fail(f"slider {number} of cell {cell.id} moves nothing:\n{cell.source}", pytrace=False)
    assert errors(handed_out) == []


def away(handle: Locator) -> str:
    """The key that moves a slider: one that starts at its upper end has nowhere to go but down."""
    at_end = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
    return "ArrowLeft" if at_end else "ArrowRight"


def wrong(exercise: Exercise) -> str:
    """An answer that runs, and gives back as many values as are asked for, and is never right."""
    lines = ["import numpy as np"]
    for name in exercise.functions:
        values = ", ".join(["np.full(7, -1.5)"] * len(exercise.returns))
        lines += ["", "", f"def {name}(*arguments):", f"    return {values}"]
    return "\n".join(lines)
