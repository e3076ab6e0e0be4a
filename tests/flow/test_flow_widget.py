"""The widget as Python sees it: what it is given, what it sends, and what stands in for it."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from layers import STEPS, deep, graph_of, made

from bnlib import flow, trace, watch
from bnlib.flow.layout import layout
from bnlib.graph.graph import Graph
from bnlib.norms import staged


def sent(widget) -> dict:
    """What the browser gets."""
    return json.loads(gzip.decompress(widget._piece))


def test_the_browser_gets_every_value_and_gradient() -> None:
    graph = graph_of("batchnorm")
    dout = np.random.default_rng(1).normal(size=(5, 3))
    piece, gradients = sent(flow(graph, dout, STEPS)), graph.backward(dout)
    for node in piece["nodes"]:
        value, gradient = graph[node["name"]].value, gradients[node["name"]]
        np.testing.assert_allclose(
            np.array(node["value"]["numbers"], float).reshape(value.shape), value, rtol=5e-3
        )
        np.testing.assert_allclose(
            np.array(node["gradient"]["numbers"], float).reshape(value.shape), gradient, rtol=5e-3
        )


def test_a_number_starts_with_one_and_an_array_with_a_random_gradient() -> None:
    assert sent(flow(graph_of("toy")))["nodes"][-1]["gradient"]["low"] == "1"
    first, second = flow(graph_of("batchnorm")), flow(graph_of("batchnorm"))
    assert first._piece == second._piece
    assert len({entry for row in sent(first)["nodes"][-1]["gradient"]["numbers"] for entry in row}) > 10


def test_a_dout_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"has shape \(3,\) and needs \(5, 3\)"):
        flow(graph_of("batchnorm"), np.ones(3))


def test_a_graph_without_a_result_is_refused() -> None:
    graph = graph_of("toy")
    empty = Graph([graph.operation(0)], [], graph.source, "empty")
    with pytest.raises(ValueError, match="no result"):
        flow(empty)


def test_what_is_no_graph_is_refused() -> None:
    with pytest.raises(TypeError, match="as trace gives it"):
        flow(staged.batchnorm_forward)


def test_steps_stay_within_the_frames() -> None:
    widget = flow(graph_of("toy"))
    widget.step = 99
    assert widget.step == widget.last == 10
    widget.step = -4
    assert widget.step == 0


def test_the_arrival_of_a_gradient_is_found_by_name() -> None:
    widget = flow(graph_of("batchnorm"), steps=STEPS)
    frames, edges = widget._data["frames"], widget._data["edges"]
    assert frames[widget.arrival("out") - 1]["kind"] == "seed"
    assert frames[widget.arrival("xmu") - 1]["kind"] == "sum"
    assert edges[frames[widget.arrival("xhat") - 1]["edge"]]["name"] == "dxhat"
    with pytest.raises(KeyError):
        widget.arrival("sigma")


def test_it_shows_a_still_picture_with_words_where_no_widget_runs() -> None:
    data, _ = flow(graph_of("batchnorm"))._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert re.search(r'<img alt="[^"]*computational graph of batchnorm_forward[^"]*dxmu1', data["text/html"])
    assert data["text/plain"] == "The flow of batchnorm_forward, in 28 steps"


def test_a_question_about_cuts_is_answered_with_its_number() -> None:
    widget = flow(graph_of("batchnorm"))
    widget._ask = {"number": 7, "cuts": [["sq", "xmu"]]}
    assert widget._answer["number"] == 7
    assert widget._answer["nodes"]


def test_two_hundred_nodes_fit_into_300_kilobytes() -> None:
    widget = flow(deep(200))
    assert len(sent(widget)["nodes"]) == 200
    assert len(widget._piece) <= 300_000


def test_a_page_needs_nothing_else(tmp_path: Path) -> None:
    text = (
        flow(graph_of("batchnorm"), steps=STEPS)
        .save_html(tmp_path / "flow.html", "A <title>")
        .read_text("utf-8")
    )
    assert re.findall(r'(?:src|href)="(?!data:)[^"]*"|https?://(?!www\.w3\.org/2000/svg)', text) == []
    assert "<title>A &lt;title&gt;</title>" in text
    assert "{{" not in text.split("<script", 1)[0]
    piece = json.loads(re.search(r'id="piece">(.*?)</script>', text, re.DOTALL)[1])
    assert "sq\nxmu" in piece["answers"]


def test_a_large_graphs_page_says_that_it_cant_cut(tmp_path: Path) -> None:
    text = flow(deep(60, (3, 2))).save_html(tmp_path / "flow.html").read_text("utf-8")
    assert json.loads(re.search(r'id="piece">(.*?)</script>', text, re.DOTALL)[1])["answers"] is None


def test_names_that_are_no_html_do_no_harm(tmp_path: Path) -> None:
    f = made("f", ["def f(x):", "    a = x * 2  # </script><b>", "    return a"])
    text = flow(trace(f, np.ones(2))).save_html(tmp_path / "flow.html").read_text("utf-8")
    assert text.count("</script>") == 2


@pytest.mark.parametrize("name", ["toy", "batchnorm", "layernorm", "network"])
@pytest.mark.parametrize("by", ["dot", "wasi"])
def test_boxes_keep_clear_of_each_other_by_either_renderer(
    name: str, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if by == "dot" and not shutil.which("dot"):
        pytest.skip("there is no `dot` here")
    monkeypatch.setenv("BNLIB_RENDERER", by)
    graph = graph_of(name)
    placed = layout(graph, [graph.result])
    assert len(placed["nodes"]) == len(graph.nodes)
    assert len(placed["edges"]) == len(graph.edges) + 1
    assert all(len(path) % 3 == 1 for path in placed["edges"])
    for i, (x, y, w, h) in enumerate(placed["nodes"]):
        assert 0 <= x <= x + w <= placed["width"]
        assert 0 <= y <= y + h <= placed["height"]
        for u, v, s, t in placed["nodes"][:i]:
            assert x >= u + s or u >= x + w or y >= v + t or v >= y + h


# ---- watch ----


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_a_function_that_is_not_written_yet_gets_a_kind_word(capsys: pytest.CaptureFixture[str]) -> None:
    def forward(x):
        return None

    watch(forward, np.ones(3))
    assert "nothing to watch yet" in said(capsys)


def test_a_function_that_stops_says_where(capsys: pytest.CaptureFixture[str]) -> None:
    def forward(x):
        return x + undefined  # noqa: F821

    watch(forward, np.ones(3))
    assert "NameError" in said(capsys)


def test_a_learners_own_names_are_followed_and_the_others_named(capsys: pytest.CaptureFixture[str]) -> None:
    def forward(x):
        middle = x - np.mean(x, axis=0)
        return middle

    watch(forward, np.ones((3, 2)), steps={"xmu": (2, None), "x": (0, None)}, at="xmu")
    words = said(capsys)
    assert "no `xmu`" in words
    assert "The flow of forward" in words
