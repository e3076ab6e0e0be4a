"""Contributions left out of the backward pass, against the same worked out by hand."""

from __future__ import annotations

from time import perf_counter

import numpy as np
import pytest
from layers import graph_of

from bnlib import flow, trace
from bnlib.flow.cut import Cutter, backward_with_cuts, changed, numeric, replay
from bnlib.norms import staged

GRAPHS = ["toy", "batchnorm", "layernorm", "network"]


@pytest.fixture
def layer():
    graph = graph_of("batchnorm")
    dout = np.random.default_rng(1).normal(size=(5, 3))
    return graph, graph.backward(dout), dout


@pytest.mark.parametrize("name", GRAPHS)
def test_with_nothing_cut_it_is_the_graphs_own_backward_pass(name: str) -> None:
    graph = graph_of(name)
    gradients = graph.backward(np.random.default_rng(1).normal(size=graph[graph.result].shape))
    sums, sent = backward_with_cuts(graph, gradients)
    for node in graph.nodes:
        np.testing.assert_array_equal(sums[node], gradients[node])
        for one in gradients.contributions(node):
            np.testing.assert_array_equal(sent[one.source, node], one.value)


def test_statistics_as_constants(layer) -> None:
    graph, gradients, dout = layer
    sums, _ = backward_with_cuts(graph, gradients, [("mu", "x"), ("sq", "xmu")])
    np.testing.assert_allclose(sums["x"], dout * graph["gamma"].value * graph["ivar"].value, rtol=1e-12)


def test_the_path_through_mu_forgotten(layer) -> None:
    graph, gradients, _ = layer
    sums, _ = backward_with_cuts(graph, gradients, [("mu", "x")])
    np.testing.assert_allclose(sums["x"], gradients["xmu"], rtol=1e-12)


def test_overwriting_at_a_fan_out(layer) -> None:
    graph, gradients, _ = layer
    dxmu2 = gradients.contribution("sq", "xmu").value
    sums, _ = backward_with_cuts(graph, gradients, [("xhat", "xmu")])
    np.testing.assert_array_equal(sums["xmu"], dxmu2)
    np.testing.assert_allclose(sums["x"], dxmu2 - dxmu2.mean(axis=0), atol=1e-15)


def test_the_part_that_came_through_the_variance_changes_nothing(layer) -> None:
    graph, gradients, _ = layer
    answer = Cutter(graph, gradients).answer([("xmu", "mu", "sq")])
    assert answer["nodes"] == {}
    assert answer["edges"] == {}


def test_the_other_part_is_all_of_it(layer) -> None:
    graph, gradients, _ = layer
    sums, _ = backward_with_cuts(graph, gradients, [("xmu", "mu", "xhat")])
    np.testing.assert_allclose(sums["mu"], 0, atol=1e-15)
    both, _ = backward_with_cuts(graph, gradients, [("xmu", "mu", "xhat"), ("xmu", "mu", "sq")])
    np.testing.assert_array_equal(both["mu"], np.zeros(3))


def test_a_cut_names_what_changed_and_by_how_much(layer) -> None:
    graph, gradients, _ = layer
    answer = Cutter(graph, gradients).answer([("sq", "xmu")])
    names = list(graph.nodes)
    assert {names[int(i)] for i in answer["nodes"]} == {"xmu", "x"}
    error = answer["errors"][0]
    right = gradients["x"]
    wrong = backward_with_cuts(graph, gradients, [("sq", "xmu")])[0]["x"]
    assert error["name"] == "dx"
    assert float(error["now"]) == pytest.approx(np.abs(wrong - right).max() / np.abs(right).max(), rel=0.05)
    assert float(error["whole"]) < 1e-7


def test_an_edge_or_a_node_that_is_not_there_is_refused(layer) -> None:
    graph, gradients, _ = layer
    cutter = Cutter(graph, gradients)
    for cut in [("sigma", "x"), ("x", "mu"), ("xmu", "mu", "out"), ("out", "x")]:
        with pytest.raises(KeyError):
            cutter.answer([cut])


@pytest.mark.parametrize("name", GRAPHS)
def test_the_numeric_gradient_agrees_with_the_graph(name: str) -> None:
    graph = graph_of(name)
    gradients = graph.backward(np.random.default_rng(1).normal(size=graph[graph.result].shape))
    for node in graph.inputs:
        picked, found = numeric(graph, gradients.seed, node)
        scale = np.abs(gradients[node]).max() or 1.0
        np.testing.assert_allclose(found, gradients[node].ravel()[picked], atol=1e-6 * scale)


def test_a_graph_runs_again_on_other_inputs() -> None:
    graph = graph_of("batchnorm")
    rng = np.random.default_rng(9)
    inputs = {"x": rng.normal(size=(5, 3)), "gamma": rng.normal(size=3), "beta": rng.normal(size=3)}
    expected, _ = staged.batchnorm_forward(*inputs.values(), 1e-3)
    np.testing.assert_array_equal(replay(graph, inputs)["out"], expected)


def test_nan_is_no_change_and_becoming_nan_is_one() -> None:
    one = np.array([1.0, np.nan])
    assert not changed(one, one.copy())
    assert changed(one, np.array([np.nan, np.nan]))
    assert changed(np.ones(2), one)
    assert not changed(np.ones(2), np.ones(2) + 1e-13)


def test_nan_in_the_values_leaves_cutting_possible() -> None:
    x = np.random.default_rng(0).normal(size=(5, 3))
    x[1, 1] = np.nan
    graph = trace(staged.batchnorm_forward, x, np.ones(3), np.zeros(3), eps=1e-3)
    made = flow(graph, np.random.default_rng(1).normal(size=(5, 3)))
    assert made.cut(("sq", "xmu"))["errors"][0]["now"] == "nan"


def test_the_first_cut_of_the_layer_is_answered_at_once(layer) -> None:
    graph, gradients, _ = layer
    cutter = Cutter(graph, gradients)
    started = perf_counter()
    cutter.answer([("sq", "xmu"), ("mu", "x")])
    # The limit is 0.1 s; a machine busy with other tests gets some patience.
    assert perf_counter() - started < 1.0
