"""The formulas and numbers that the flow shows, computed again and held against the gradients."""

from __future__ import annotations

import numpy as np
import pytest
from layers import graph_of

from bnlib import Graph, trace
from bnlib.flow.formula import formula, product
from bnlib.flow.numbers import numbers

GRAPHS = ["toy", "batchnorm", "layernorm", "network"]
NUMPY = {
    name: getattr(np, name) for name in ("sum", "mean", "sqrt", "exp", "log", "tanh", "cos", "sin", "sign")
}


def contributions(graph: Graph):
    value = graph[graph.result].value
    gradients = graph.backward(np.random.default_rng(1).normal(size=value.shape))
    return gradients, [one for name in graph.nodes for one in gradients.contributions(name)]


def computed(graph: Graph, gradients, text: str) -> np.ndarray:
    names = {name: node.value for name, node in graph.nodes.items()}
    names |= {f"d{name}": gradients[name] for name in graph.nodes}
    return eval(text, {**NUMPY, "eps": 1e-3, **names})


def test_the_layers_formulas_read_as_a_learner_writes_them() -> None:
    graph = graph_of("batchnorm")
    found = {
        (one.source, one.target): formula(graph, one.source, one.target) for one in contributions(graph)[1]
    }
    assert found == {
        ("out", "gammax"): "dout",
        ("out", "beta"): "sum(dout, axis=0)",
        ("gammax", "gamma"): "sum(dgammax * xhat, axis=0)",
        ("gammax", "xhat"): "dgammax * gamma",
        ("xhat", "xmu"): "dxhat * ivar",
        ("xhat", "ivar"): "sum(dxhat * xmu, axis=0)",
        ("ivar", "sqrtvar"): "-divar / sqrtvar**2",
        ("sqrtvar", "var"): "dsqrtvar / (2 * sqrtvar)",
        ("var", "sq"): "dvar / 5",
        ("sq", "xmu"): "dsq * 2 * xmu",
        ("xmu", "x"): "dxmu",
        ("xmu", "mu"): "sum(-dxmu, axis=0)",
        ("mu", "x"): "dmu / 5",
    }


def test_the_layers_local_derivatives() -> None:
    graph = graph_of("batchnorm")
    found = {}
    for one in contributions(graph)[1]:
        made = product(graph, one.source, one.target)
        assert made is not None
        found[one.source, one.target] = (made.local, made.axes)
    assert found == {
        ("out", "gammax"): ("1", ()),
        ("out", "beta"): ("1", (0,)),
        ("gammax", "gamma"): ("xhat", (0,)),
        ("gammax", "xhat"): ("gamma", ()),
        ("xhat", "xmu"): ("ivar", ()),
        ("xhat", "ivar"): ("xmu", (0,)),
        ("ivar", "sqrtvar"): ("-1 / sqrtvar**2", ()),
        ("sqrtvar", "var"): ("1 / (2 * sqrtvar)", ()),
        ("var", "sq"): ("1 / 5", ()),
        ("sq", "xmu"): ("2 * xmu", ()),
        ("xmu", "x"): ("1", ()),
        ("xmu", "mu"): ("-1", (0,)),
        ("mu", "x"): ("1 / 5", ()),
    }


@pytest.mark.parametrize("name", GRAPHS)
def test_a_formula_computes_what_the_graph_sends(name: str) -> None:
    graph = graph_of(name)
    gradients, found = contributions(graph)
    for one in found:
        text = formula(graph, one.source, one.target)
        if "where" in text:
            continue
        made = computed(graph, gradients, text)
        # A mean's gradient is written without the rows that it is repeated along.
        if np.shape(made) != one.value.shape:
            made = spread(made, one.value)
        np.testing.assert_allclose(made, one.value, rtol=1e-9, atol=1e-12, err_msg=f"{one.name} = {text}")


@pytest.mark.parametrize("name", GRAPHS)
def test_upstream_times_local_is_what_the_graph_sends(name: str) -> None:
    graph = graph_of(name)
    gradients, found = contributions(graph)
    seen = 0
    for one in found:
        made = product(graph, one.source, one.target)
        if made is None:
            continue
        seen += 1
        total = gradients[one.source] * computed(graph, gradients, made.local)
        total = total.sum(axis=made.axes, keepdims=True) if made.axes else total
        if total.shape != one.value.shape:
            total = (
                total.reshape(one.value.shape) if total.size == one.value.size else spread(total, one.value)
            )
        np.testing.assert_allclose(total, one.value, rtol=1e-9, atol=1e-12, err_msg=f"{one.name}: {made}")
    assert seen >= len(found) // 2


def spread(made: np.ndarray, like: np.ndarray) -> np.ndarray:
    """A reduced array over what it was reduced from, along whichever axis that is."""
    made = np.asarray(made)
    if made.ndim == like.ndim or made.shape == like.shape[1:]:
        return np.broadcast_to(made, like.shape)
    return np.broadcast_to(np.expand_dims(made, tuple(range(made.ndim, like.ndim))), like.shape)


@pytest.mark.parametrize("name", GRAPHS)
def test_the_numbers_are_those_of_the_arrays(name: str) -> None:
    graph = graph_of(name)
    gradients, found = contributions(graph)
    for one in found:
        shown = numbers(graph, one.source, one.target, gradients[one.source], one.value)
        at = eval(f"({shown['at'][1:-1]},)") if shown["at"] else ()
        assert float(shown["is"]) == pytest.approx(one.value[at], rel=5e-3)
        assert abs(one.value[at]) == np.abs(one.value).max()
        if shown.get("more") == 0:
            assert float(shown["up"]) * float(shown["local"]) == pytest.approx(one.value[at], rel=2e-2)


def test_a_broadcast_operand_counts_its_other_products() -> None:
    graph = graph_of("batchnorm")
    gradients, _ = contributions(graph)
    shown = numbers(graph, "out", "beta", gradients["out"], gradients.contribution("out", "beta").value)
    assert shown["more"] == 4
    assert float(shown["local"]) == 1


def test_a_matrix_product_is_no_product_of_entries() -> None:
    graph = graph_of("network")
    assert product(graph, "h", "W1") is None
    assert formula(graph, "h", "W1") == "x.T @ dh"


def test_several_uses_in_one_statement_add_up() -> None:
    def square(x):
        z = x * x
        return z

    graph = trace(square, np.array([1.0, -2.0]))
    assert formula(graph, "z", "x") == "dz * x + dz * x"
    assert product(graph, "z", "x") is None


def test_a_contribution_that_is_not_finite_says_so() -> None:
    with np.errstate(all="ignore"):
        graph = trace(lambda x: 1.0 / x, np.array([0.0, 1.0]))
        gradients = graph.backward(np.ones(2))
        one = gradients.contributions("x")[0]
        shown = numbers(graph, one.source, "x", gradients[one.source], np.full(2, np.nan))
    assert shown["is"] == "nan"
    assert "up" not in shown
