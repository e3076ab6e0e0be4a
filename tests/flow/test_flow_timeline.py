"""What is played, in which order, and where each thing stands in the code."""

from __future__ import annotations

import json

import numpy as np
import pytest
from layers import STEPS, graph_of, made

from bnlib import trace
from bnlib.flow.arrays import pack
from bnlib.flow.listing import of_lines
from bnlib.flow.timeline import timeline

GRAPHS = ["toy", "batchnorm", "layernorm", "network"]


def played(name: str, steps=None):
    graph = graph_of(name)
    value = graph[graph.result].value
    gradients = graph.backward(np.random.default_rng(1).normal(size=value.shape))
    return graph, gradients, timeline(graph, gradients, steps)


def shown(data, frame) -> str:
    """A frame in a few letters: `dxmu1` for a contribution, `dxmu` for a sum, `>mu` for a value, `dout!` for a seed."""
    if frame["kind"] == "back":
        return data["edges"][frame["edge"]]["name"]
    name = data["nodes"][frame["node"]]["name"]
    return {"forward": f">{name}", "seed": f"d{name}!", "sum": f"d{name}"}[frame["kind"]]


def test_the_layer_is_played_value_by_value_and_contribution_by_contribution() -> None:
    _, _, data = played("batchnorm", STEPS)
    order = (
        ">x >gamma >beta >mu >xmu >sq >var >sqrtvar >ivar >xhat >gammax >out dout! dgammax dbeta dgamma dxhat "
        "dxmu1 divar dsqrtvar dvar dsq dxmu2 dxmu dx1 dmu dx2 dx"
    )
    assert " ".join(shown(data, frame) for frame in data["frames"]) == order


def test_the_layers_steps_are_numbered_nine_to_nought() -> None:
    _, _, data = played("batchnorm", STEPS)
    numbers = []
    for frame in data["frames"]:
        if frame["kind"] in ("back", "sum"):
            node = data["edges"][frame["edge"]]["user"] if frame["kind"] == "back" else frame["node"]
            numbers.append(data["nodes"][node]["number"])
    assert list(dict.fromkeys(numbers)) == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize("name", GRAPHS)
def test_the_order_is_that_of_the_backward_sweep(name: str) -> None:
    graph, gradients, data = played(name)
    place = {node: i for i, node in enumerate(gradients.order)}
    users = [
        data["nodes"][data["edges"][frame["edge"]]["user"]]["name"]
        for frame in data["frames"]
        if frame["kind"] == "back"
    ]
    assert users == sorted(users, key=place.__getitem__)
    sent = [shown(data, frame) for frame in data["frames"] if frame["kind"] == "back"]
    assert sorted(sent) == sorted(one.name for node in graph.nodes for one in gradients.contributions(node))


@pytest.mark.parametrize("name", GRAPHS)
def test_contributions_stand_before_their_sum_and_the_sum_before_it_goes_on(name: str) -> None:
    _, gradients, data = played(name)
    names = [shown(data, frame) for frame in data["frames"]]
    for node in gradients:
        arrived = [one.name for one in gradients.contributions(node)]
        if len(arrived) < 2:
            assert f"d{node}" not in names or arrived == [f"d{node}"]
            continue
        total = names.index(f"d{node}")
        assert max(names.index(one) for one in arrived) < total
        going = [
            names.index(one.name)
            for other in gradients
            for one in gradients.contributions(other)
            if one.source == node
        ]
        assert not going or total < min(going)


def test_without_steps_they_are_counted_forward() -> None:
    _, _, data = played("toy")
    assert {node["name"]: node["number"] for node in data["nodes"]} == {"x": 0, "y": None, "q": 1, "f": 2}


def test_each_step_is_marked_in_the_traced_code_and_in_its_function() -> None:
    _, _, data = played("batchnorm", STEPS)

    def lines(name: str) -> list[str]:
        frame = next(f for f in data["frames"] if shown(data, f) == name)
        return [data["code"][block]["lines"][first].split("#")[0].strip() for block, first, _ in frame["at"]]

    assert lines(">sqrtvar") == ["sqrtvar = np.sqrt(var + eps)"]
    assert lines("dvar") == ["sqrtvar = np.sqrt(var + eps)", "return 0.5 * dsqrtvar / np.sqrt(var + eps)"]
    assert lines("dxmu") == ["xmu = x - mu", "dxmu = dxmu1 + dxmu2"]
    assert lines("dx") == ["return dx1 + dx2"]


def test_without_functions_the_formulas_are_the_code_of_the_way_back() -> None:
    _, _, data = played("toy")
    assert data["code"][-1]["lines"] == [
        "dq = df",
        "dx1 = df",
        "dx2 = dq * y",
        "dy = dq * x",
        "dx = dx1 + dx2",
    ]


def test_a_listing_leaves_out_docstring_and_banner_and_keeps_statements_of_several_lines() -> None:
    text = [
        "def step(dout):",
        '    """Undo it.',
        "",
        '    Twice."""',
        "    #########",
        "    # TODO 3.9: dbeta #",
        "    #########",
        "    # Your code goes here.",
        "    total = (dout",
        "             + 1)",
        "    return total",
    ]
    found = of_lines("step", text)
    assert found is not None
    assert found.lines == ("def step(dout):", "    total = (dout", "             + 1)", "    return total")
    assert found.making("total") == (1, 2)
    assert found.making("another") == (3, 3)


def test_code_that_is_not_at_hand_leaves_the_graph_as_it_is() -> None:
    namespace: dict = {}
    exec("def f(x):\n    return x * 2", namespace)
    graph = trace(namespace["f"], np.ones(3))
    data = timeline(graph, graph.backward(np.ones(3)))
    assert [block["title"] for block in data["code"]] == ["backward, by the rules"]


def test_steps_that_name_no_node_or_give_no_pair_are_refused() -> None:
    graph = graph_of("batchnorm")
    gradients = graph.backward(np.ones((5, 3)))
    with pytest.raises(KeyError, match="sigma"):
        timeline(graph, gradients, {"sigma": (1, None)})
    with pytest.raises(TypeError, match=r"steps\['xmu'\] should be a pair"):
        timeline(graph, gradients, {"xmu": STEPS["xmu"][1]})


def test_a_carried_edge_names_its_parts() -> None:
    _, _, data = played("batchnorm")
    names = [node["name"] for node in data["nodes"]]
    edge = next(e for e in data["edges"] if e.get("name") == "dmu")
    assert [(part["name"], names[part["origin"]]) for part in edge["parts"]] == [
        ("dxmu1", "xhat"),
        ("dxmu2", "sq"),
    ]


@pytest.mark.parametrize("name", GRAPHS)
def test_everything_is_plain_json(name: str) -> None:
    _, _, data = played(name)
    json.dumps(data, allow_nan=False)


def test_a_function_that_a_learner_wrote_in_a_cell_is_listed() -> None:
    f = made("forward", ["def forward(x):", "    a = x + 1", "    return a"])
    graph = trace(f, np.ones(2))
    assert timeline(graph, graph.backward(np.ones(2)))["code"][0]["lines"][1] == "    a = x + 1"


# ---- arrays ----


def test_a_small_array_is_sent_with_its_numbers_and_column_sums() -> None:
    packed = pack(np.array([[1.0, -2.0], [3.0, 2.0]]))
    assert packed["numbers"] == [["1", "-2"], ["3", "2"]]
    assert packed["sums"] == ["4", "0"]
    assert (packed["low"], packed["high"], packed["norm"]) == ("-2", "3", "4.24")


def test_column_sums_that_are_nought_but_for_rounding_say_nought() -> None:
    x = np.random.default_rng(0).normal(size=(7, 3))
    assert pack(x - x.mean(axis=0))["sums"] == ["0", "0", "0"]


def test_a_large_array_is_sent_as_a_thumbnail() -> None:
    packed = pack(np.random.default_rng(0).normal(size=(64, 32)))
    assert packed["rows"] == 16
    assert len(packed["data"]) < 360
    assert "numbers" not in packed


@pytest.mark.parametrize(("bad", "word"), [(np.nan, "NaN"), (np.inf, "inf")])
def test_what_is_not_finite_is_counted_and_named(bad: float, word: str) -> None:
    packed = pack(np.array([[1.0, bad], [2.0, 3.0]]))
    assert (packed["odd"], packed["oddly"]) == (1, word)
    assert (packed["low"], packed["high"]) == ("1", "3")


@pytest.mark.parametrize(
    "array", [np.zeros((0, 3)), np.zeros((3, 0)), np.array(np.nan), np.zeros(()), np.full(4, np.inf)]
)
def test_strange_arrays_are_packed(array: np.ndarray) -> None:
    json.dumps(pack(array), allow_nan=False)
