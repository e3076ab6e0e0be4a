"""The widget as Python sees it: what it is given, what it sends, and what stands in for it."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from layers import STEPS, deep, graph_of, made

from bnlib import flow, trace, watch
from bnlib.flow.columns import spread
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


def words_of(widget) -> str:
    """The alternative text of the picture that stands in for the widget."""
    return re.search(r'<img alt="([^"]*)"', widget.fallback)[1]


def test_the_still_picture_shows_the_step_at_which_the_widget_stands() -> None:
    widget = flow(graph_of("batchnorm"), steps=STEPS)
    assert words_of(widget).endswith("dx2 from mu to x.")
    widget.step = widget.arrival("xhat")
    assert words_of(widget).endswith("dxhat from gammax to xhat.")
    widget.step = 5
    assert "backward" not in words_of(widget)


def test_the_still_picture_of_a_large_graph_shows_the_step_too() -> None:
    widget = flow(deep(60, (3, 2)))
    size = []
    for name in ("h50", "h30", "x"):
        widget.step = widget.arrival(name)
        size.append(len(widget.fallback))
    assert size == sorted(size)
    assert size[0] < size[-1]
    assert "60 nodes" in words_of(widget)


def test_the_still_picture_has_the_numbers_of_small_arrays() -> None:
    picture = flow(graph_of("toy")).fallback
    svg = base64.b64decode(re.search(r"base64,([^\"]*)", picture)[1]).decode()
    assert "-12" in svg or "\u221212" in svg


# ---- one step's piece ----


@pytest.mark.parametrize("name", STEPS)
def test_a_piece_plays_one_nodes_step_and_tells_nothing_of_what_comes_after(name: str) -> None:
    graph = graph_of("batchnorm")
    dout = np.random.default_rng(1).normal(size=(5, 3))
    whole, piece = sent(flow(graph, dout, STEPS)), sent(flow(graph, dout, STEPS, through=name))
    assert whole["frames"][len(piece["before"])]["kind"] == piece["frames"][0]["kind"]
    assert piece["layout"] == whole["layout"]
    names = [node["name"] for node in piece["nodes"]]
    sends = [one.name for parent in graph[name].parents
             for one in graph.backward(dout).contributions(parent) if one.source == name]  # fmt: skip
    played = [piece["edges"][frame["edge"]]["name"] for frame in piece["frames"] if frame["kind"] == "back"]
    assert played == sends
    assert [frame["kind"] for frame in piece["frames"]].count("sum") == (name in ("x", "xmu"))
    order = list(graph.backward(dout).order)
    later = [edge for edge in piece["edges"] if names[edge["user"]] in order[order.index(name) + 1 :]]
    assert all(set(edge) == {"parent", "user"} for edge in later)
    assert {block["title"] for block in piece["code"]} == {"batchnorm_forward", STEPS[name][1].__name__}


def test_a_piece_without_a_function_tells_only_its_own_formulas() -> None:
    piece = sent(flow(graph_of("batchnorm"), through="xhat"))
    assert [block["title"] for block in piece["code"]] == ["batchnorm_forward", "backward, by the rules"]
    assert len(piece["code"][1]["lines"]) == 2


def test_a_piece_is_small_and_stands_at_its_start() -> None:
    widget = flow(graph_of("batchnorm"), steps=STEPS, through="xmu")
    assert (widget.step, widget.last, widget.arrival("xmu"), widget.arrival("out")) == (0, 3, 1, 0)
    assert len(widget._piece) < 6000
    assert widget.said == "The flow of batchnorm_forward back through xmu, in 3 steps"
    assert words_of(widget).endswith("dmu from xmu to mu.")


def test_a_piece_of_what_sends_nothing_on_is_refused() -> None:
    with pytest.raises(ValueError, match="no gradient goes on from `beta`"):
        flow(graph_of("batchnorm"), through="beta")
    with pytest.raises(KeyError, match="sigma"):
        flow(graph_of("batchnorm"), through="sigma")


def test_the_page_of_a_piece_can_not_cut(tmp_path: Path) -> None:
    text = flow(graph_of("batchnorm"), through="xmu").save_html(tmp_path / "flow.html").read_text("utf-8")
    assert json.loads(re.search(r'id="piece">(.*?)</script>', text, re.DOTALL)[1])["answers"] is None


# ---- the network of sixty nodes ----


def test_sixty_nodes_with_batch_normalization_have_every_value_and_gradient() -> None:
    graph = graph_of("two layers")
    assert len(graph.nodes) == 60
    gradients = graph.backward()
    piece = sent(flow(graph))
    assert [frame["kind"] for frame in piece["frames"]].count("forward") == 60
    for node in piece["nodes"]:
        assert float(node["value"]["norm"]) == pytest.approx(
            np.linalg.norm(graph[node["name"]].value), rel=5e-3
        )
        assert float(node["gradient"]["norm"]) == pytest.approx(
            np.linalg.norm(gradients[node["name"]]), rel=5e-3
        )


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


@pytest.mark.parametrize("name", ["toy", "batchnorm", "layernorm", "network", "two layers"])
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


def test_between_two_columns_is_room_for_the_names_that_stand_there() -> None:
    boxes = [
        (0.0, 0.0, 50.0, 60.0),
        (92.0, 0.0, 50.0, 60.0),
        (92.0, 80.0, 70.0, 60.0),
        (204.0, 0.0, 50.0, 60.0),
    ]
    boxes[2] = (82.0, 80.0, 70.0, 60.0)
    paths = [
        [(50.0, 30.0), (64.0, 30.0), (78.0, 30.0), (92.0, 30.0)],
        [(142.0, 30.0), (160.0, 30.0), (180.0, 30.0), (204.0, 30.0)],
        [(254.0, 30.0), (264.0, 30.0), (284.0, 30.0), (296.0, 30.0)],
    ]
    moved, led = spread(boxes, paths, [(0, 1), (1, 3)], [90.0, 5.0, 40.0])
    assert moved[2][0] - (moved[0][0] + 50) == pytest.approx(90 + 40)
    assert moved[3][0] - (moved[2][0] + 70) == pytest.approx(28 + 40)
    assert [w for _, _, w, _ in moved] == [50.0, 50.0, 70.0, 50.0]
    assert [path[0][0] for path in led] == [moved[0][0] + 50, moved[1][0] + 50, moved[3][0] + 50]
    assert [path[-1][0] for path in led[:2]] == [moved[1][0], moved[3][0]]
    assert led[2][-1][0] - led[2][0][0] == pytest.approx(40 + 40)


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
