"""The page that `save_html` writes: one file, opened without a server and without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from layers import STEPS, deep, graph_of
from player import Player
from playwright.sync_api import Browser, Page, expect

from bnlib import flow

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window without a network, in which nothing may go wrong."""
    context = browser.new_context(offline=True, viewport={"width": 1000, "height": 900})
    found = context.new_page()
    wrong: list[str] = []
    asked: list[str] = []
    found.on("pageerror", lambda error: wrong.append(str(error)))
    found.on("console", lambda message: message.type == "error" and wrong.append(message.text))
    found.on("request", lambda request: asked.append(request.url))
    yield found
    assert wrong == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    context.close()


def test_it_plays_and_cuts_with_no_kernel_and_no_network(page: Page, tmp_path: Path) -> None:
    graph = graph_of("batchnorm")
    dout = np.random.default_rng(1).normal(size=(5, 3))
    file = flow(graph, dout, STEPS).save_html(tmp_path / "flow.html")
    page.goto(file.as_uri())
    player = Player(page, page.locator(".bnlib-flow"))
    for step in range(1, player.last + 1):
        player.click("Next")
        player.at(step)
    player.node("x").click()
    np.testing.assert_allclose(player.table("dx"), graph.backward(dout)["x"], rtol=6e-3)
    player.root.locator("summary").click()
    player.root.locator(".flow-list input[data-cut='xmu mu sq']").check()
    expect(player.root.locator(".flow-verdict")).to_contain_text("Nothing changes")
    player.root.locator(".flow-list input[data-cut='mu x']").check()
    expect(player.root.locator(".flow-verdict")).to_contain_text("Changed: dx.")
    assert player.root.locator(".flow-list input:checked").count() == 1


def test_a_large_graph_says_in_words_that_it_cant_cut_there(page: Page, tmp_path: Path) -> None:
    page.goto(flow(deep(60, (4, 3))).save_html(tmp_path / "flow.html").as_uri())
    player = Player(page, page.locator(".bnlib-flow"))
    player.root.locator("summary").click()
    expect(player.root).to_contain_text("Cutting needs a running kernel, and this page has none.")
    player.go(player.last)
    assert player.root.get_by_role("button", name="Cut this edge").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_page(page: Page, tmp_path: Path, scheme: str) -> None:
    from test_flow_browser import axe

    page.emulate_media(color_scheme=scheme)
    page.goto(flow(graph_of("layernorm")).save_html(tmp_path / "flow.html").as_uri())
    player = Player(page, page.locator(".bnlib-flow"))
    player.go(12)
    page.evaluate(f"{axe()};0")
    found = page.evaluate("axe.run()")
    assert [(v["id"], [node["html"][:100] for node in v["nodes"]][:2]) for v in found["violations"]] == []
