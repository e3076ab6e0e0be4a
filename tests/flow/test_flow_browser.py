"""The flow as a learner has it: in JupyterLab and Notebook 7, by mouse and by keyboard, in every theme."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import pytest
from lab import Lab, Notebook, errors
from layers import STEPS, graph_of
from player import Player
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

LAYER = "widget = flow(graph_of('batchnorm'), np.random.default_rng(1).normal(size=(5, 3)), STEPS)\nwidget"


def axe() -> str:
    """axe-core's source, from a package that is a requirement of the tests."""
    from importlib.resources import files

    return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


@pytest.fixture(scope="module")
def notebook(opened_for_all: Callable[..., Notebook]) -> Notebook:
    """One notebook in Lab with the layer's flow, run once."""
    return opened_for_all(layer=LAYER, after="'after'")


@pytest.fixture
def player(notebook: Notebook) -> Iterator[Player]:
    """The layer's flow at its start, with nothing cut."""
    found = Player(notebook.page, notebook.page.locator(".bnlib-flow").first)
    yield found
    if found.root.get_by_role("button", name="Put everything back").is_visible():
        found.click("Put everything back")
    found.go(0)


def test_nothing_moves_before_it_is_asked_to(player: Player, notebook: Notebook) -> None:
    assert player.step == 0
    assert player.seen() == {"values": [], "gradients": [], "contributions": [], "lines": []}
    assert player.root.evaluate("root => root.getAnimations({subtree: true}).length") == 0
    assert errors(notebook) == []


def test_it_plays_from_first_to_last_in_the_order_of_the_sweep(player: Player) -> None:
    graph = graph_of("batchnorm")
    gradients = graph.backward(np.random.default_rng(1).normal(size=(5, 3)))
    seen = []
    for _ in range(player.last):
        player.click("Next")
        seen.append(player.seen())
    assert [step["values"][-1:] for step in seen[:12]][-1] == ["out"]
    assert sorted(seen[-1]["values"]) == sorted(graph.nodes)
    assert sorted(seen[-1]["gradients"]) == sorted(graph.nodes)
    arrived = [
        next(iter(set(after["contributions"]) - set(before["contributions"])), None)
        for before, after in pairwise(seen)
    ]
    expected = [one.name for source in gradients.order for parent in graph[source].parents
                for one in gradients.contributions(parent) if one.source == source]  # fmt: skip
    assert [name for name in arrived if name] == ["dout", *expected]
    # At a fan-out both contributions stand at their edges before the gradient stands in the node.
    for step in seen:
        if "dxmu2" in step["contributions"] and "dmu" not in step["contributions"]:
            assert "dxmu1" in step["contributions"]
    first = next(i for i, step in enumerate(seen) if "dxmu2" in step["contributions"])
    assert "xmu" not in seen[first]["gradients"]
    assert "xmu" in seen[first + 1]["gradients"]


def test_the_numbers_shown_are_the_graphs(player: Player) -> None:
    graph = graph_of("batchnorm")
    gradients = graph.backward(np.random.default_rng(1).normal(size=(5, 3)))
    player.go(player.last)
    for name, node in graph.nodes.items():
        player.node(name).click()
        for title, array in ((name, node.value), (f"d{name}", gradients[name])):
            shown = np.array(player.table(title)).reshape(array.shape)
            np.testing.assert_allclose(shown, array, rtol=6e-3, err_msg=title)
    player.click("Close")


def test_each_step_says_its_number_formula_and_figures(player: Player) -> None:
    player.go(21)
    graph = graph_of("batchnorm")
    gradients = graph.backward(np.random.default_rng(1).normal(size=(5, 3)))
    dvar = gradients["var"]
    place = int(np.abs(dvar).argmax())
    assert "Step 5 · back through sqrtvar to var: dvar = dsqrtvar / (2 * sqrtvar)." in player.says
    assert f"makes {dvar[place]:.3g} at [{place}]" in player.says
    assert player.seen()["lines"] == [
        "sqrtvar = np.sqrt(var + eps)  # step 5",
        "return 0.5 * dsqrtvar / np.sqrt(var + eps)",
    ]


def test_going_back_undoes_what_going_forward_did(player: Player) -> None:
    before = []
    for step in range(player.last + 1):
        player.go(step)
        before.append(player.seen())
    for step in reversed(range(player.last + 1)):
        player.go(step)
        assert player.seen() == before[step]


def test_play_pauses_and_ends_and_starts_again(player: Player) -> None:
    player.root.locator("select").select_option("fast")
    player.go(player.last - 2)
    player.click("Play")
    expect(player.root.locator(".flow-heard")).to_have_attribute("aria-live", "off")
    player.at(player.last)
    expect(player.root.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(player.root.locator(".flow-heard")).to_have_attribute("aria-live", "polite")
    player.click("Play")
    player.at(3)
    player.click("Pause")
    assert player.step >= 3


def test_what_has_the_focus_keeps_it_at_either_end(player: Player) -> None:
    player.go(1)
    previous = player.root.get_by_role("button", name="Previous", exact=True)
    previous.press("Enter")
    player.at(0)
    expect(previous).to_be_focused()
    expect(previous).to_have_attribute("aria-disabled", "true")


def test_a_cut_edge_marks_what_changes_and_measures_it(player: Player) -> None:
    player.go(player.last)
    player.root.locator("summary").click()
    player.root.locator(".flow-list input[data-cut='sq xmu']").check()
    verdict = player.root.locator(".flow-verdict")
    expect(verdict).to_contain_text("Changed: dx, dxmu.")
    expect(verdict).to_contain_text("dxmu2 is cut: as if sq did not depend on xmu.")
    expect(verdict.locator("tbody tr").first).to_contain_text("dx")
    assert player.root.locator(".flow-reached.flow-other .flow-name").all_text_contents() == ["x", "xmu"]
    player.node("xmu").click()
    graph = graph_of("batchnorm")
    gradients = graph.backward(np.random.default_rng(1).normal(size=(5, 3)))
    shown = np.array(player.table("dxmu with the cut"))
    np.testing.assert_allclose(shown, gradients.contribution("xhat", "xmu").value, rtol=6e-3)
    player.click("Put everything back")
    expect(verdict).to_be_empty()
    assert player.root.locator(".flow-other").count() == 0
    player.root.locator("summary").click()


def test_the_part_that_changes_nothing_asks_why(player: Player) -> None:
    player.go(26)
    player.click("Cut this edge")
    panel = player.root.locator(".flow-panel")
    panel.locator("input[data-cut='xmu mu']").uncheck()
    panel.locator("input[data-cut='xmu mu sq']").check()
    expect(player.root.locator(".flow-verdict")).to_contain_text(
        "Nothing changes, in no gradient at all. Why can dxmu2 be left out here?"
    )
    player.click("Put everything back")
    player.click("Close")


def test_all_is_within_reach_of_the_keyboard(player: Player) -> None:
    keyboard = player.page.keyboard
    player.node("x").click()
    keyboard.press("Escape")
    player.root.focus()
    keyboard.press("ArrowRight")
    player.at(1)
    keyboard.press("End")
    player.at(player.last)
    keyboard.press("ArrowLeft")
    player.at(player.last - 1)
    keyboard.press("Home")
    player.at(0)
    keyboard.press("ArrowDown")
    keyboard.press("ArrowDown")
    expect(player.node("gamma")).to_be_focused()
    keyboard.press("Enter")
    expect(player.root.locator(".flow-panel")).to_have_attribute("data-shows", "gamma")
    keyboard.press("Escape")
    expect(player.root.locator(".flow-panel")).to_be_hidden()
    expect(player.node("gamma")).to_be_focused()
    keyboard.press("Space")
    expect(player.root.locator(".flow-panel")).to_have_attribute("data-shows", "gamma")
    player.click("Close")


KEYS = ["a", "b", "d", "d", "m", "y", "x", "c", "v", "z", "r", "1", "0", "0", "i", "i", "s", "j", "k", "h",
        "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Space", "Space", "Enter", "Escape", "Home", "End",
        "Shift+M", "Shift+J", "Delete", "Backspace", "f", "p", "o"]  # fmt: skip


# Whether the last key left the focus in the flow; then the focus goes to a stop, and what it is is told, if it's there
# to be seen. In one message, because there are hundreds of keys.
FOCUS = """stops => {
    const inside = document.querySelector('.bnlib-flow').contains(document.activeElement);
    const stop = stops.find(stop => stop.checkVisibility({visibilityProperty: true}));
    stop?.focus({preventScroll: true});
    return [inside, stop ? document.activeElement.tagName : null];
}"""


@pytest.mark.parametrize("where", ["lab", "notebook"])
def test_no_key_reaches_the_notebook(opened: Callable[..., Notebook], where: str) -> None:
    notebook = opened(where, before="1", layer=LAYER, after="2")
    player = Player(notebook.page, notebook.page.locator(".bnlib-flow"))
    player.go(26)
    player.root.locator("summary").click()
    player.click("Cut this edge")
    # One of each kind: that all of a kind bear the mark is another test.
    buttons = ("Previous", "Play", "Put it back", "Close")
    stops = [
        player.root,
        *(player.root.get_by_role("button", name=name, exact=True) for name in buttons),
        player.root.locator("input[type=range]"),
        player.root.locator("select"),
        player.node("x"),
        player.root.locator(".flow-list input").first,
        player.root.locator("summary"),
        player.root.locator("pre:visible").first,
    ]
    cells = notebook.cells()
    chosen = "jupyterapp.shell.currentWidget.content.activeCellIndex"
    active = notebook.page.evaluate(chosen)
    reached = set()
    player.root.focus()
    last = "nothing"
    for i, stop in enumerate(stops):
        for key in KEYS:
            inside, tag = stop.evaluate_all(FOCUS)
            assert inside, f"{last} took the focus away"
            if tag is None:
                break
            reached.add(tag)
            notebook.page.keyboard.press(key)
            last = f"{key} at stop {i}"
    assert player.root.evaluate_all(FOCUS)[0], f"{last} took the focus away"
    assert {"SECTION", "BUTTON", "INPUT", "SELECT", "SUMMARY", "PRE", "g"} <= reached
    assert [(c.id, c.kind, c.source) for c in notebook.cells()] == [(c.id, c.kind, c.source) for c in cells]
    assert notebook.page.evaluate(chosen) == active
    assert notebook.page.evaluate("jupyterapp.shell.currentWidget.content.mode") == "command"
    assert notebook.page.locator(".jp-Dialog").count() == 0


def test_everything_that_can_have_the_focus_keeps_its_keys(player: Player) -> None:
    player.go(21)
    player.node("xmu").click()
    bare = player.root.evaluate(
        """root => [root, ...root.querySelectorAll('button, input, select, summary, a, [tabindex]')]
            .filter(part => part.dataset.lmSuppressShortcuts !== 'true').map(part => part.outerHTML.slice(0, 90))"""
    )
    assert bare == []
    player.click("Close")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_axe_finds_nothing_in_any_theme(player: Player, notebook: Notebook, theme: str) -> None:
    notebook.theme(theme)
    notebook.page.evaluate(f"{axe()};0")
    for step, open_panel in ((0, False), (5, True), (26, True), (player.last, False)):
        player.go(step)
        if open_panel:
            player.node("xmu").click()
        if step == 26:
            player.click("Cut this edge")
            expect(player.root.locator(".flow-verdict")).to_contain_text("Changed")
            player.root.locator("summary").click()
        found = notebook.page.evaluate("axe.run('.bnlib-flow')")
        assert [
            (violation["id"], [node["html"][:120] for node in violation["nodes"]][:3])
            for violation in found["violations"]
        ] == []
    player.root.locator("summary").click()
    player.click("Put everything back")
    player.click("Close")
    notebook.theme("JupyterLab Light")


def test_python_and_jslink_move_it(opened: Callable[..., Notebook]) -> None:
    notebook = opened(
        layer=LAYER,
        links="import ipywidgets\n"
        "slider = ipywidgets.IntSlider(max=widget.last)\nplay = ipywidgets.Play(max=widget.last, interval=10)\n"
        "ipywidgets.jslink((slider, 'value'), (widget, 'step'))\n"
        "ipywidgets.jslink((play, 'value'), (widget, 'step'))\nheard = ipywidgets.Label()\n"
        "widget.observe(lambda change: setattr(heard, 'value', f'Python has {change.new}'), 'step')\n"
        "display(slider, play, heard)",
        move="widget.step = 17",
        ask="widget.step",
    )
    player = Player(notebook.page, notebook.page.locator(".bnlib-flow"))
    player.at(17)
    slider = notebook.locate("links").locator(".noUi-handle")
    slider.press("ArrowRight")
    player.at(18)
    player.go(4)
    expect(notebook.locate("links").locator(".widget-readout")).to_have_text("4")
    # The page sends a step when the kernel has taken the one before: a cell may be quicker.
    expect(notebook.locate("links").get_by_text("Python has 4", exact=True)).to_be_visible()
    assert notebook.run_cell("ask").text == "4"
    notebook.locate("links").locator(".jupyter-widgets button").first.click()
    player.at(player.last)


@contextmanager
def hurried(page: Page) -> Iterator[None]:
    """What the page waits for comes a hundred times as soon: for a wait that only has to end."""
    page.evaluate(
        """() => {
            const patient = window.setTimeout;
            window.setTimeout = (act, wait = 0, ...rest) => patient(act, wait / 100, ...rest);
            window.patiently = () => { window.setTimeout = patient; };
        }"""
    )
    try:
        yield
    finally:
        page.evaluate("patiently()")


def test_it_goes_on_when_the_kernel_is_gone(opened: Callable[..., Notebook]) -> None:
    notebook = opened(layer=LAYER)
    player = Player(notebook.page, notebook.page.locator(".bnlib-flow"))
    notebook.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    notebook.page.wait_for_function("!jupyterapp.shell.currentWidget.sessionContext.session?.kernel")
    for step in range(1, player.last + 1):
        player.root.focus()
        notebook.page.keyboard.press("ArrowRight")
        player.at(step)
    player.go(26)
    with hurried(notebook.page):
        player.click("Cut this edge")
        expect(player.root.locator(".flow-verdict")).to_contain_text("Cutting needs a running kernel")


def test_a_reopened_notebook_that_is_not_trusted_shows_the_still_picture(
    opened: Callable[..., Notebook], lab: Lab
) -> None:
    notebook = opened(layer=LAYER)
    notebook.page.evaluate("jupyterapp.shell.currentWidget.context.save()")
    path = notebook.page.evaluate("jupyterapp.shell.currentWidget.context.path")
    # From somewhere else: another file, whose signature is not known here.
    copy = lab.folder() / "another.ipynb"
    copy.write_text(
        (lab.root / path)
        .read_text("utf-8")
        .replace('"after"', '"later"')
        .replace("'batchnorm'", "'batchnorm'  ")
    )
    again = lab.open_in(notebook.page, copy)
    try:
        image = again.locate("layer").locator(".jp-OutputArea img")
        expect(image).to_be_visible()
        assert "computational graph of batchnorm_forward" in (image.get_attribute("alt") or "")
    finally:
        again.close()


def letters(player: Player, what: str) -> float:
    """The size of a kind of text in the picture, in pixels of the screen."""
    size: float = player.root.locator(what).first.evaluate(
        "text => parseFloat(getComputedStyle(text).fontSize) * text.ownerSVGElement.getScreenCTM().a"
    )
    return size


def test_the_layer_fits_into_a_notebook_and_can_be_read(player: Player) -> None:
    player.go(player.last)
    assert player.root.locator(".flow-stage").evaluate("stage => stage.scrollWidth <= stage.clientWidth + 1")
    assert letters(player, ".flow-node .flow-name") >= 12
    assert letters(player, ".flow-label") >= 11
    # No name is wider than its box.
    wide = player.root.locator(".flow-node").evaluate_all(
        """nodes => nodes.filter(node => node.querySelector('.flow-name').getBoundingClientRect().width
            > node.querySelector('.flow-box').getBoundingClientRect().width).length"""
    )
    assert wide == 0


def test_one_steps_piece_starts_where_its_gradient_has_arrived(opened: Callable[..., Notebook]) -> None:
    notebook = opened(
        layer="flow(graph_of('batchnorm'), np.random.default_rng(1).normal(size=(5, 3)), STEPS, through='xmu')"
    )
    player = Player(notebook.page, notebook.page.locator(".bnlib-flow"))
    assert player.says == (
        "Step 2 · back through xmu: xmu = x - mu. dxmu1 and dxmu2 have arrived. "
        "Next adds them up, then sends the sum on to x and mu."
    )
    seen = player.seen()
    assert {"dxmu1", "dxmu2"} <= set(seen["contributions"])
    assert {"x", "mu", "xmu"}.isdisjoint(seen["gradients"])
    assert seen["lines"][0] == "xmu = x - mu  # step 2"
    player.node("mu").click()
    assert [
        title for title in ("mu", "dmu") if player.root.locator(f".flow-heat b:text-is('{title}')").count()
    ] == ["mu"]
    notebook.page.keyboard.press("Escape")
    new = []
    for _ in range(player.last):
        before = set(player.seen()["contributions"])
        player.click("Next")
        new += set(player.seen()["contributions"]) - before
    assert new == ["dx1", "dmu"]
    assert set(player.seen()["gradients"]) >= {"xmu", "mu"}
    assert player.root.get_by_text("Cut an edge").count() == 0
    player.click("First")
    assert player.seen() == seen
    notebook.page.evaluate(f"{axe()};0")
    assert notebook.page.evaluate("axe.run('.bnlib-flow')")["violations"] == []
    assert errors(notebook) == []


def test_the_marked_lines_are_in_view_from_the_start(opened: Callable[..., Notebook]) -> None:
    notebook = opened(layer="flow(graph_of('batchnorm'), None, STEPS, through='gammax')")
    player = Player(notebook.page, notebook.page.locator(".bnlib-flow"))
    for step in range(player.last + 1):
        player.go(step)
        hidden = player.root.locator(".flow-code-line.flow-now").evaluate_all(
            """lines => lines.filter(line => {
                const [box, pre] = [line.getBoundingClientRect(), line.closest('pre').getBoundingClientRect()];
                return box.top < pre.top || box.bottom > pre.bottom;
            }).map(line => line.textContent)"""
        )
        assert hidden == []


@pytest.mark.parametrize("name", ["toy", "layernorm", "network", "two layers"])
def test_other_graphs_play_to_their_end(opened: Callable[..., Notebook], name: str) -> None:
    notebook = opened(graph=f"flow(graph_of('{name}'))")
    player = Player(notebook.page, notebook.page.locator(".bnlib-flow"))
    said = player.at_each_step("root => root.innerText")
    assert said[0] != said[-1]
    assert [step for step, text in enumerate(said) if "undefined" in text or "NaN" in text] == []
    assert errors(notebook) == []


def test_a_large_graph_says_that_it_is_working(opened: Callable[..., Notebook]) -> None:
    notebook = opened(graph="'not yet'")
    notebook.set_source("graph", "flow(deep(320, (3, 2)))")
    notebook.locate("graph").evaluate(
        """cell => {
            window.said = [];
            new MutationObserver(() => window.said.push(cell.innerText.includes('Laying out 320 nodes')))
                .observe(cell, { childList: true, subtree: true, characterData: true });
        }"""
    )
    notebook.run_cell("graph")
    Player(notebook.page, notebook.locate("graph").locator(".bnlib-flow"))
    assert any(notebook.page.evaluate("window.said"))
    expect(notebook.locate("graph")).not_to_contain_text("Laying out")


def test_two_hundred_nodes_are_followed_by_the_window(opened: Callable[..., Notebook]) -> None:
    notebook = opened(graph="flow(deep(200))")
    player = Player(notebook.page, notebook.page.locator(".bnlib-flow"))
    for step in (1, 60, 120, 200, 260, 400, player.last):
        player.go(step)
        player.page.wait_for_function(
            """() => {
                const stage = document.querySelector('.flow-stage').getBoundingClientRect();
                const now = document.querySelector('.flow-node.flow-now').getBoundingClientRect();
                return now.left >= stage.left - 1 && now.right <= stage.right + 1
                    && now.top >= stage.top - 1 && now.bottom <= stage.bottom + 1;
            }"""
        )
        assert letters(player, ".flow-node.flow-now .flow-name") >= 12
    player.click("Whole graph")
    assert player.root.locator(".flow-stage").evaluate("stage => stage.scrollWidth <= stage.clientWidth + 2")


def test_what_is_not_a_number_says_so(opened: Callable[..., Notebook]) -> None:
    notebook = opened(
        graph="x = np.ones((3, 2))\nx[1, 1] = np.nan\nflow(trace(lambda x: x * 2, x), np.ones((3, 2)))"
    )
    player = Player(notebook.page, notebook.page.locator(".bnlib-flow"))
    player.go(1)
    assert "1 entry is NaN" in player.says
    assert player.root.locator(".flow-value .flow-odd").first.text_content() == "NaN"
    player.node("x").click()
    assert player.root.locator(".flow-nan").first.inner_text() == "nan"


def test_a_narrow_window_keeps_everything_inside(player: Player, notebook: Notebook) -> None:
    page = notebook.page
    page.set_viewport_size({"width": 700, "height": 900})
    page.evaluate("jupyterapp.commands.execute('application:toggle-left-area')")
    for step in (3, 16, 26):
        player.go(step)
        wide = player.root.evaluate(
            """root => [...root.querySelectorAll('*')].filter(part => !part.closest('.flow-stage, pre'))
                .filter(part => part.getBoundingClientRect().right > root.getBoundingClientRect().right + 1)
                .map(part => part.className)"""
        )
        assert wide == []
    page.evaluate("jupyterapp.commands.execute('application:toggle-left-area')")
    page.set_viewport_size({"width": 1280, "height": 1000})


def test_those_who_want_no_motion_get_none(opened: Callable[..., Notebook]) -> None:
    notebook = opened(layer=LAYER)
    notebook.page.emulate_media(reduced_motion="reduce")
    player = Player(notebook.page, notebook.page.locator(".bnlib-flow"))
    for _ in range(16):
        player.click("Next")
        assert player.root.evaluate("root => root.getAnimations({subtree: true}).length") == 0
    notebook.page.emulate_media(reduced_motion="no-preference")
    player.click("Next")
    assert player.root.evaluate("root => root.getAnimations({subtree: true}).length") > 0


def test_the_layers_steps_stand_under_the_slider(player: Player) -> None:
    assert player.root.locator(".flow-tick-back").all_inner_texts() == [str(n) for n in range(9, -1, -1)]
    assert len(STEPS) == 10
