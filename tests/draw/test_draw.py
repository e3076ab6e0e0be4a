"""What is in a picture of a graph: nodes, forward and backward edges, texts, and its alternative text."""

import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
from seen import DIMS, groups, labels, layer, of_class, texts, title

from bnlib import draw, trace
from bnlib.draw.draw import identifier
from bnlib.draw.entries import entries, wrap
from bnlib.draw.scene import Back, Box, Scene

GRAPH, GRADS = layer()
# Graphviz writes a node's lines with spaces that don't break.
SPACE = str.maketrans({"\u00a0": " ", "\u2007": " ", "\u2212": "-"})


def contributions(grads):
    return {one.name for name in grads for one in grads.contributions(name)}


def toy(x, y):
    q = x + y
    f = q * x
    return f


def in_one_line(x, gamma, beta, eps):
    return gamma * (x - np.mean(x, axis=0)) / np.sqrt(np.var(x, axis=0) + eps) + beta


def with_mask(x, w):
    mask = x > w
    y = np.where(mask, x, 0.0)
    return y


# What is drawn


def test_every_node_is_there_with_name_shape_and_operation(renderer):
    seen = draw(GRAPH, dims=DIMS)
    assert of_class(seen, "node") == {f"node_{name}" for name in GRAPH.nodes}
    for name, node in GRAPH.nodes.items():
        first, *rest = texts(seen, f"node_{name}")
        shape = "(N, D)" if node.shape == (5, 3) else "(D,)"
        assert first.translate(SPACE) == f"{name}  {shape}"
        assert " ".join(rest) == node.op


def test_inputs_and_the_result_are_marked():
    seen = draw(GRAPH)
    assert of_class(seen, "input") == {"node_x", "node_gamma", "node_beta"}
    assert of_class(seen, "result") == {"node_out"}


def test_forward_edges_are_the_graphs_edges(renderer):
    expected = {f"edge_{edge.source}__{edge.target}" for edge in GRAPH.edges}
    assert "edge_x__xmu" in expected
    assert of_class(draw(GRAPH), "forward") == expected
    assert of_class(draw(GRAPH, GRADS), "forward") == expected


def test_backward_edges_are_the_contributions(renderer):
    found = labels(draw(GRAPH, GRADS))
    expected = {
        f"back_{name}__{one.source}": one.name for name in GRADS for one in GRADS.contributions(name)
    } | {"back_out": "dout"}
    assert found == expected
    assert found["back_xmu__xhat"] == "dxmu1"
    assert found["back_x__mu"] == "dx2"


def test_without_backward_there_is_no_backward_edge():
    for backward in (None, False):
        assert not of_class(draw(GRAPH, backward), "backward")


def test_backward_true_shows_the_ways_and_no_numbers():
    seen = draw(GRAPH, True, values=True)
    assert labels(seen) == labels(draw(GRAPH, GRADS))
    assert not any("dmu =" in line for line in texts(seen, "node_mu"))


def test_forward_is_solid_and_backward_dashed_so_that_grey_tells_them_apart():
    seen = groups(draw(GRAPH, GRADS))
    for name, group in seen.items():
        dashed = [path.get("stroke-dasharray") for path in group if path.tag.endswith("path")]
        if name.startswith("back_"):
            assert dashed == ["5,3"]
        elif name.startswith("edge_"):
            assert dashed == [None]


def test_text_is_dark_enough_on_every_fill():
    seen = draw(GRAPH, GRADS, step="xhat", values=True)
    fills = {
        rect.get("fill") for group in groups(seen).values() for rect in group if rect.tag.endswith("rect")
    }
    inks = {
        text.get("fill") for group in groups(seen).values() for text in group if text.tag.endswith("text")
    }
    assert len(inks) == 3
    assert all(contrast(ink, fill) >= 4.5 for ink in inks for fill in fills | {"#ffffff"})


def contrast(one, other):
    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_an_edge_that_no_gradient_passes_has_no_backward_edge_and_is_marked(renderer):
    graph = trace(with_mask, np.array([1.0, -2.0]), np.array([0.0, 0.5]))
    seen = draw(graph, True)
    assert of_class(seen, "flat") == {"edge_x__mask", "edge_w__mask", "edge_mask__y"}
    assert labels(seen) == {"back_x__y": "dx", "back_y": "dy"}
    assert not of_class(draw(graph), "flat")
    assert "Without a gradient: x to mask, w to mask, mask to y." in seen.alt


def test_several_gradients_from_outside_have_an_arrow_each(renderer):
    graph, _ = layer()
    grads = graph.backward({"out": np.ones((5, 3)), "mu": np.ones(3)})
    assert {"back_out", "back_mu"} <= of_class(draw(graph, grads), "backward")


# How far the gradient has come


@pytest.mark.parametrize("place", range(len(GRADS.order)))
def test_reached_shows_exactly_what_processed_nodes_have_sent(place, renderer):
    done = GRADS.order[: place + 1]
    found = labels(draw(GRAPH, GRADS, reached=done[-1]))
    expected = {one.name for name in GRADS for one in GRADS.contributions(name) if one.source in done}
    assert set(found.values()) == expected | {"dout"}


def test_nothing_moves_from_one_reached_node_to_the_next(renderer):
    def places(seen):
        # Where the node's frame stands.
        return {
            name: [(rect.get("x"), rect.get("y")) for rect in group if rect.tag.endswith("rect")]
            for name, group in groups(seen).items()
            if name.startswith("node_")
        }

    pictures = [draw(GRAPH, GRADS, reached=name, values=True) for name in GRADS.order]
    assert all(places(seen) == places(pictures[0]) for seen in pictures)


def test_a_gradient_is_known_when_all_its_contributions_have_come():
    at_xhat = of_class(draw(GRAPH, GRADS, reached="xhat"), "known")
    assert at_xhat == {"node_out", "node_gammax", "node_beta", "node_gamma", "node_ivar"}
    assert of_class(draw(GRAPH, GRADS, reached="xhat"), "here") == {"node_xhat"}
    assert "node_xmu" in of_class(draw(GRAPH, GRADS, reached="sq"), "known")


def test_a_gradient_that_is_not_complete_is_not_written_into_its_node():
    lines = texts(draw(GRAPH, GRADS, reached="xhat", values=True), "node_xmu")
    assert "dxmu =" not in lines
    assert "dxmu =" in texts(draw(GRAPH, GRADS, reached="sq", values=True), "node_xmu")


# One step


@pytest.mark.parametrize("step", list(GRAPH.nodes))
def test_a_steps_piece_is_the_node_with_its_neighbours(step, renderer):
    seen = draw(GRAPH, GRADS, step=step, dims=DIMS)
    near = {step, *GRAPH[step].parents, *GRAPH.consumers(step)}
    assert of_class(seen, "node") == {f"node_{name}" for name in near}
    assert of_class(seen, "here") == {f"node_{step}"}
    edges = {f"edge_{e.source}__{e.target}" for e in GRAPH.edges if step in (e.source, e.target)}
    assert of_class(seen, "forward") == edges
    for name in of_class(seen, "backward"):
        comes_in = name == f"back_{step}" or name.startswith(f"back_{step}__")
        assert texts(seen, name)[-1] == ("comes in" if comes_in else "goes out")


def test_a_step_says_the_shapes_of_what_passes():
    seen = draw(GRAPH, GRADS, step="xhat", dims=DIMS)
    found = {text.translate(SPACE) for text in labels(seen).values()}
    assert found == {"dxhat  (N, D)", "dxmu1  (N, D)", "divar  (D,)"}
    assert "come in: dxhat from gammax to xhat." in seen.alt
    assert "go out: dxmu1 from xhat to xmu, divar from xhat to ivar." in seen.alt


def test_a_step_with_values_has_the_contribution_at_its_edge():
    seen = draw(GRAPH, GRADS, step="xmu", values=True)
    rows = texts(seen, "back_xmu__xhat")
    assert [row.translate(SPACE).split() for row in rows[1:-1]] == [
        [f"{number:.3f}" for number in row] for row in GRADS.contribution("xhat", "xmu").value
    ]
    # A neighbour's own gradient is a sum over more than what is seen here.
    assert not any(line.startswith("dx =") for line in texts(seen, "node_x"))


def test_a_step_without_a_gradient_is_lit_up_too():
    assert of_class(draw(GRAPH, step="xhat"), "chosen") == {"node_xhat"}
    assert of_class(draw(GRAPH, step="xhat"), "context") == {"node_gammax"}


# Unfolded


def test_unfold_makes_every_operation_a_node_and_carries_the_gradient_over(renderer):
    x, gamma, beta = (GRAPH[name].value for name in ("x", "gamma", "beta"))
    graph = trace(in_one_line, x, gamma, beta, eps=1e-5)
    grads = graph.backward(GRADS.seed["out"])
    folded, opened = draw(graph, grads), draw(graph, grads, unfold=True)
    assert len(of_class(folded, "node")) == 4
    assert of_class(opened, "node") == {f"node_{identifier(name)}" for name in graph.unfold().nodes}
    assert set(labels(opened).values()) == contributions(graph.unfold().backward(GRADS.seed["out"])) | {
        "dout"
    }
    assert of_class(draw(graph, True, unfold=True), "backward") == of_class(opened, "backward")


def test_a_long_formula_is_broken_into_lines():
    formula = "gamma * (x - mean(x, axis=0)) / sqrt(var(x, axis=0) + eps) + beta"
    lines = wrap(formula)
    assert " ".join(lines) == formula
    assert max(map(len, lines)) <= 32
    assert min(map(len, lines)) > 10
    assert wrap("x - mu") == ("x - mu",)
    assert wrap("") == ()
    long = wrap(" + ".join(f"term{i}" for i in range(60)))
    assert len(long) == 4
    assert long[-1].endswith("…")


# Numbers


def test_the_numbers_of_small_arrays_stand_in_their_nodes(renderer):
    graph = trace(toy, 3.0, -2.0)
    seen = draw(graph, graph.backward(), values=True)
    lines = [line.translate(SPACE) for line in texts(seen, "node_x")]
    assert lines == ["x  ()", "x = 3", "dx = 4"]
    assert labels(seen)["back_x__q"] == "dx2 = 3"
    assert "Values: x is 3, y is −2, q is 1, f is 3." in seen.alt
    assert "Gradients: dx is 4, dy is 3, dq is 3, df is 1." in seen.alt


def test_rows_are_equally_long_so_that_columns_line_up():
    rows = entries(np.array([[1.5, -20.25], [-300.0, 4.0]]))
    assert len({len(row) for row in rows}) == 1
    assert [row.translate(SPACE).split() for row in rows] == [["1.50", "-20.25"], ["-300.00", "4.00"]]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.array(3.0), ["3"]),
        (np.array([0.5, np.nan, -np.inf]), ["0.50", "nan", "-inf"]),
        (np.array([np.nan]), ["nan"]),
        (np.array([-0.0, 0.0]), ["0", "0"]),
        (np.array([True, False]), ["True", "False"]),
        (np.array([1e-12, 1.0]), ["1.00e-12", "1.00"]),
        (np.array([1e12, 1.5]), ["1.00e+12", "1.50"]),
        (np.array([123456, -7]), ["123456", "-7"]),
        (np.array([1, 2], dtype=np.uint8), ["1", "2"]),
        (np.array([0.02, 0.5], dtype=np.float32), ["0.020", "0.500"]),
        (np.zeros((0, 3)), ["no", "entries"]),
        (np.zeros(25), []),
        (np.zeros((7, 1)), []),
        (np.zeros((2, 2, 2)), []),
    ],
)
def test_entries_of_any_kind_are_written(value, said):
    assert " ".join(entries(value)).translate(SPACE).split() == said


def test_large_arrays_are_left_out_in_silence():
    graph = trace(with_mask, np.ones((40, 30)), np.zeros(30))
    assert len(texts(draw(graph, True, values=True), "node_x")) == 1


def test_values_that_are_not_finite_are_drawn_without_a_warning(renderer):
    graph = trace(toy, np.array([np.nan, np.inf]), np.array([1.0, 0.0]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lines = texts(draw(graph, True, values=True), "node_x")
    assert lines[1].translate(SPACE) == "x = nan  inf"


def test_empty_arrays_and_a_function_that_gives_its_input_back_are_drawn(renderer):
    assert of_class(draw(trace(toy, np.ones((0, 3)), np.ones(3)), True, values=True), "node")
    graph = trace(lambda x: x, np.ones(2))
    seen = draw(graph, graph.backward(np.ones(2)), values=True)
    assert labels(seen) == {"back_x": "dx"}


# Shapes in letters


def test_a_shape_is_written_in_letters_only_where_they_are_clear():
    assert "(N, D)" in texts(draw(GRAPH, dims={"N": 5, "D": 3}), "node_x")[0]
    assert "(5, D)" in texts(draw(GRAPH, dims={"D": 3, "M": 64}), "node_x")[0]
    assert "(N, 3)" in texts(draw(GRAPH, dims={"N": 5, "D": 3, "C": 3}), "node_x")[0]
    assert "(5, 3)" in texts(draw(GRAPH, dims={}), "node_x")[0]
    assert "(N, D)" in texts(draw(GRAPH, dims={"N": np.int64(5), "D": 3}), "node_x")[0]


@pytest.mark.parametrize(
    "dims", [{"N": 5.0}, {"N": "5"}, {5: 5}, {"": 5}, {"N D": 5}, {"<b>": 5}, [("N", 5)], "ND"]
)
def test_dims_of_another_kind_are_refused(dims):
    with pytest.raises(TypeError, match="dims"):
        draw(GRAPH, dims=dims)


# What is refused


def test_an_unknown_name_is_refused_with_those_there_are():
    with pytest.raises(KeyError, match=r"xhatt.*there are x, gamma"):
        draw(GRAPH, step="xhatt")
    with pytest.raises(KeyError, match="xhatt"):
        draw(GRAPH, True, reached="xhatt")


def test_gradients_of_another_graph_are_refused():
    other = trace(toy, 3.0, -2.0)
    with pytest.raises(ValueError, match="another graph"):
        draw(GRAPH, other.backward())
    with pytest.raises(ValueError, match="another graph"):
        draw(GRAPH.unfold(), GRADS)


def test_what_is_no_graph_and_no_gradients_is_refused():
    with pytest.raises(TypeError, match="trace"):
        draw(with_mask)
    for rubbish in (np.ones((5, 3)), {"out": 1}, "xhat", 1):
        with pytest.raises(TypeError, match="backward"):
            draw(GRAPH, rubbish)


def test_reached_without_backward_is_refused():
    with pytest.raises(ValueError, match="backward"):
        draw(GRAPH, reached="xhat")


@pytest.mark.parametrize("rankdir", ["", "lr", "sideways", 'LR";'])
def test_a_direction_that_is_none_is_refused(rankdir):
    with pytest.raises(ValueError, match="rankdir"):
        draw(GRAPH, rankdir=rankdir)


# Alternative text, direction, sameness


def test_the_alternative_text_says_what_is_in_the_picture():
    seen = draw(GRAPH, GRADS, dims=DIMS)
    for words in (
        "batchnorm_forward",
        "x (N, D)",
        "xhat (N, D) = xmu * ivar",
        "Result: out",
        "dxmu2 from sq to xmu",
    ):
        assert words in seen.alt
    assert title(seen) == seen.alt
    assert "as far as xhat" in draw(GRAPH, GRADS, reached="xhat").alt
    assert "dsq" not in draw(GRAPH, GRADS, reached="xhat").alt


def test_the_alternative_text_of_a_large_graph_is_short():
    def deep(x):
        for _ in range(200):
            x = x * 2.0
        return x

    seen = draw(trace(deep, np.ones(2)), True, values=True)
    assert len(of_class(seen, "node")) == 201
    assert len(seen.alt) < 1000


def test_a_short_graph_runs_across_and_a_long_one_down():
    def height_over_width(seen):
        root = seen.svg.split("viewBox=", 1)[0]
        width, height = (float(root.split(f'{name}="')[1].split("pt")[0]) for name in ("width", "height"))
        return height / width

    assert height_over_width(draw(trace(toy, 3.0, -2.0))) < 1 < height_over_width(draw(GRAPH))
    assert height_over_width(draw(GRAPH, rankdir="LR")) < 1


PROGRAM = """
from seen import DIMS, layer
from bnlib import draw
graph, grads = layer()
for options in ({}, {"values": True}, {"step": "xmu"}, {"reached": "sq", "unfold": True}):
    seen = draw(graph, grads, dims=DIMS, **options)
    print(seen.svg, seen.alt, seen.html)
"""


def test_the_same_graph_gives_the_same_text_in_every_process(renderer):
    def run(seed):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        folder = os.path.dirname(__file__)
        command = [sys.executable, "-c", PROGRAM]
        return subprocess.run(command, env=environment, cwd=folder, capture_output=True, check=True).stdout

    first = run("1")
    assert len(first) > 10_000
    assert run("2") == first


# Names


@pytest.mark.parametrize(
    "name", ["node", "graph", "edge", "strict", "digraph", "γ", "变量", "_", "out.1", "x#2", "a__b", "é"]
)
def test_a_variable_may_be_called_what_it_likes(name, renderer):
    scene = Scene("f", [Box(name, "input", "(2,)", "")], [], {name: Back(f"d{name}", "from outside")}, True)
    assert draw_scene(scene)[f"node_{identifier(name)}"][0].translate(SPACE) == f"{name}  (2,)"


@pytest.mark.parametrize(
    "text",
    [
        "<b>bold</b>",
        "<x>",
        "a < b & c",
        "&lt;x&gt;",
        'einsum("ij,j->i", a, b)',
        "'\\n'",
        "\\N \\G",
        "\\",
        "a\\",
    ],
)
def test_markup_and_backslashes_stand_there_as_they_were_written(text, renderer):
    scene = Scene("f", [Box("x", "step", "()", text, wrap(text))], [])
    assert draw_scene(scene)["node_x"][1] == text


def draw_scene(scene):
    from bnlib.draw.dress import dress
    from bnlib.draw.picture import Picture
    from bnlib.draw.render import render

    seen = Picture(with_a_title(dress(render(scene.dot("LR")), scene, "LR")).encode(), "image/svg+xml", "x")
    return {name: texts(seen, name) for name in groups(seen)}


def with_a_title(svg):
    from bnlib.draw.picture import with_title

    return with_title(svg, "x")


def test_unicode_variables_are_drawn(renderer):
    def forward(γ, größe):
        ŷ = γ * größe
        return ŷ

    graph = trace(forward, np.ones(2), np.ones(2))
    assert len(of_class(draw(graph, True), "node")) == 3
    assert set(labels(draw(graph, True)).values()) == {f"d{name}" for name in graph.nodes}


def test_different_names_have_different_ids():
    names = ["a.1", "a_1", "a_2e_1", "a__1", "a_", "_a", "a#1", "a", "_", "__", "a_b_c", "a_5f_", "γ"]
    assert len({identifier(name) for name in names}) == len(names)
    pairs = {f"{identifier(a)}__{identifier(b)}" for a in names for b in names}
    assert len(pairs) == len(names) ** 2
    assert all(identifier(name).replace("_", "a").isalnum() for name in names)
