"""The graph and its backward sweep: order, contributions by name, seeds, and what tracing leaves behind."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from bnlib import TraceError, trace
from bnlib.norms.staged import batchnorm_backward, batchnorm_forward

rng = np.random.default_rng(0)
x, dout = rng.normal(size=(2, 5, 3))
gamma, beta = rng.uniform(0.5, 2, size=(2, 3))


STAGED = ["x", "gamma", "beta", "mu", "xmu", "sq", "var", "sqrtvar", "ivar", "xhat", "gammax", "out"]


def staged():
    return trace(batchnorm_forward, x, gamma, beta, eps=1e-5)


def test_nodes_stand_in_the_order_of_execution_with_their_values():
    graph = staged()
    assert list(graph.nodes) == STAGED
    np.testing.assert_array_equal(graph["mu"].value, np.mean(x, axis=0))
    assert graph["mu"].shape == (3,)
    assert graph["mu"].dtype == np.float64
    assert graph["x"].is_input
    assert not graph["mu"].is_input
    assert graph.inputs == ("x", "gamma", "beta")
    assert graph.outputs == ("out",)
    assert repr(graph).startswith("<Graph of batchnorm_forward: x, gamma")


def test_a_name_that_is_none_is_a_key_error_that_lists_the_names():
    with pytest.raises(KeyError, match="no node is named 'nu'; there are x, gamma"):
        staged()["nu"]
    with pytest.raises(KeyError, match="no node is named"):
        staged().backward(dout)["nu"]
    with pytest.raises(KeyError, match="no node is named"):
        staged().backward(dout).contributions("nu")
    with pytest.raises(KeyError, match="no node is named"):
        staged().unfold("nu")


def test_the_staged_layer_has_the_gradients_of_the_staged_backward_pass():
    grads = staged().backward(dout)
    expected = batchnorm_backward(dout, batchnorm_forward(x, gamma, beta, 1e-5)[1])
    for name, value in zip(("x", "gamma", "beta"), expected, strict=True):
        np.testing.assert_allclose(grads[name], value, rtol=0, atol=1e-12)


def test_the_contributions_of_the_staged_layer_are_named_as_in_the_curriculum():
    grads = staged().backward(dout)
    found = {name: [(one.name, one.source) for one in grads.contributions(name)] for name in grads}
    assert found == {
        "x": [("dx1", "xmu"), ("dx2", "mu")],
        "gamma": [("dgamma", "gammax")],
        "beta": [("dbeta", "out")],
        "mu": [("dmu", "xmu")],
        "xmu": [("dxmu1", "xhat"), ("dxmu2", "sq")],
        "sq": [("dsq", "var")],
        "var": [("dvar", "sqrtvar")],
        "sqrtvar": [("dsqrtvar", "ivar")],
        "ivar": [("divar", "xhat")],
        "xhat": [("dxhat", "gammax")],
        "gammax": [("dgammax", "out")],
        "out": [],
    }
    _, _, xmu, ivar, sqrtvar, *_ = batchnorm_forward(x, gamma, beta, 1e-5)[1]
    np.testing.assert_allclose(grads.contribution("xhat", "xmu").value, dout * gamma * ivar)
    dsq = np.broadcast_to(-np.sum(dout * gamma * xmu, axis=0) * ivar**2 / (2 * sqrtvar) / len(x), x.shape)
    np.testing.assert_allclose(grads.contribution("sq", "xmu").value, 2 * xmu * dsq)
    assert grads.contribution("sq", "xmu").target == "xmu"
    with pytest.raises(KeyError, match="no gradient passed from 'out' to 'xmu'"):
        grads.contribution("out", "xmu")


def test_the_sweep_goes_in_reverse_topological_order():
    def f(x):
        a = x * 2
        b = np.exp(x)
        c = a * b
        d = b + x
        return c / d

    graph = trace(f, np.abs(x))
    grads = graph.backward(dout)
    assert set(grads.order) == set(graph.nodes) == set(grads)
    for edge in graph.edges:
        assert grads.order.index(edge.target) < grads.order.index(edge.source)
    assert [(edge.source, edge.target) for edge in graph.edges] == [
        *(("x", "a"), ("x", "b"), ("a", "c"), ("b", "c"), ("b", "d"), ("x", "d"), ("c", "out"), ("d", "out"))
    ]
    assert [one.source for one in grads.contributions("x")] == ["d", "b", "a"]
    assert graph.consumers("b") == ("c", "d")


def test_a_name_that_ends_in_a_digit_is_parted_from_the_number_of_the_contribution():
    def f(x):
        x1 = x * 2
        y = x1 + np.exp(x1)
        return y * x1

    assert [one.name for one in trace(f, x).backward(dout).contributions("x1")] == ["dx1_1", "dx1_2"]


def test_two_uses_by_one_node_are_one_contribution():
    graph = trace(lambda x: x * x, x)
    grads = graph.backward(dout)
    (one,) = grads.contributions("x")
    assert (one.name, one.source) == ("dx", "out")
    np.testing.assert_array_equal(one.value, 2 * x * dout)
    assert len(graph.edges) == 1
    assert graph["out"].parents == ("x",)


def test_a_fan_out_through_many_nodes_adds_up():
    def f(x):
        parts = [x * k for k in range(1, 6)]
        total = parts[0]
        for part in parts[1:]:
            total = total + part * part
        return total

    grads = trace(f, x).backward(dout)
    np.testing.assert_allclose(grads["x"], dout * (1 + 2 * (4 + 9 + 16 + 25) * x), rtol=1e-13)


def test_what_the_result_does_not_use_has_zeros():
    def f(x, gamma):
        unused = np.exp(gamma) * 2  # noqa: F841
        mask = x > 0
        return x * mask

    graph = trace(f, x, gamma)
    grads = graph.backward(dout)
    np.testing.assert_array_equal(grads["gamma"], np.zeros(3))
    np.testing.assert_array_equal(grads["unused"], np.zeros(3))
    assert grads.contributions("gamma") == []
    np.testing.assert_array_equal(grads["x"], dout * (x > 0))
    assert {(e.source, e.target): e.differentiable for e in graph.edges}[("x", "mask")] is False


def test_an_edge_that_only_a_mask_uses_is_not_differentiable():
    def f(x, y):
        out = np.where(x > 0, y, 2 * y)
        return out

    graph = trace(f, x, x + 1)
    assert {edge.source: edge.differentiable for edge in graph.edges} == {"x": False, "y": True}
    np.testing.assert_array_equal(graph.backward(dout)["x"], np.zeros_like(x))


def test_a_number_as_result_needs_no_upstream_gradient():
    graph = trace(lambda x: np.sum(x**2), x)
    np.testing.assert_array_equal(graph.backward()["x"], 2 * x)
    np.testing.assert_array_equal(graph.backward(3.0)["x"], 6 * x)
    assert graph["out"].shape == ()
    assert trace(lambda x: np.sum(x**2, keepdims=True), x).backward()["out"].shape == (1, 1)


def test_an_array_as_result_needs_one_of_its_shape():
    graph = staged()
    with pytest.raises(ValueError, match=r"needs the gradient of 'out', an array of shape \(5, 3\)"):
        graph.backward()
    for wrong in (dout.T, dout[0], 1.0, dout[None], np.ones((5, 1))):
        with pytest.raises(ValueError, match=r"'out' has shape .* and needs \(5, 3\)"):
            graph.backward(wrong)
    np.testing.assert_array_equal(graph.backward(dout.tolist())["x"], graph.backward(dout)["x"])


def test_upstream_gradients_of_several_results_go_in_by_name():
    def f(x):
        mu = np.mean(x, axis=0)
        xmu = x - mu
        return xmu, mu

    graph = trace(f, x)
    dmu = rng.normal(size=3)
    grads = graph.backward({"xmu": dout, "mu": dmu})
    expected = graph.backward({"xmu": dout})["x"] + graph.backward({"mu": dmu})["x"]
    np.testing.assert_allclose(grads["x"], expected, rtol=0, atol=1e-14)
    np.testing.assert_allclose(grads["mu"], dmu + grads.contribution("xmu", "mu").value)
    np.testing.assert_array_equal(graph.backward(dout)["x"], graph.backward({"xmu": dout})["x"])
    assert set(grads.seed) == {"xmu", "mu"}
    with pytest.raises(KeyError, match="no node is named 'nu'"):
        graph.backward({"nu": dmu})
    with pytest.raises(ValueError, match="'mu' has shape"):
        graph.backward({"mu": dout})


def test_unfolding_changes_no_gradient():
    def f(x, gamma, beta):
        xhat = (x - np.mean(x, axis=0)) / np.sqrt(np.mean((x - np.mean(x, axis=0)) ** 2, axis=0) + 1e-5)
        return gamma * xhat + beta

    graph = trace(f, x, gamma, beta)
    grads = graph.backward(dout)
    for unfolded in (graph.unfold(), graph.unfold("xhat"), graph.unfold("out")):
        others = unfolded.backward(dout)
        for name in graph.nodes:
            np.testing.assert_allclose(others[name], grads[name], rtol=0, atol=1e-13)
    assert len(graph.unfold().nodes) > len(graph.unfold("xhat").nodes) > len(graph.nodes)


def test_what_backward_gives_is_the_readers_own():
    def f(x):
        a = x + 1
        return a + 2

    graph, upstream = trace(f, x), dout.copy()
    grads = graph.backward(upstream)
    for name in grads:
        for one in grads.contributions(name):
            one.value[...] = 7
        grads[name][...] = 8
    np.testing.assert_array_equal(upstream, dout)
    np.testing.assert_array_equal(graph.backward(dout)["x"], dout)
    grads = graph.backward(dout)
    grads["a"][...] = 9
    np.testing.assert_array_equal(grads["x"], dout)
    np.testing.assert_array_equal(grads["out"], dout)


def test_the_inputs_are_copied():
    given = x.copy()

    def f(x):
        x -= np.mean(x, axis=0)
        x *= 2
        return x

    graph = trace(f, given)
    np.testing.assert_array_equal(given, x)
    given[...] = 0
    np.testing.assert_array_equal(graph["x"].value, x)


def test_float32_stays_float32_in_every_node_and_gradient():
    graph = trace(batchnorm_forward, *(a.astype(np.float32) for a in (x, gamma, beta)), 1e-5)
    grads = graph.backward(dout)
    names = [name for name in graph.nodes if name != "eps"]
    assert {graph[name].dtype for name in names} == {np.dtype(np.float32)}
    assert {grads[name].dtype for name in names} == {np.dtype(np.float32)}
    assert {one.value.dtype for name in names for one in grads.contributions(name)} == {np.dtype(np.float32)}


def test_a_function_is_traced_where_a_tracer_is_set_and_it_stays_set():
    def tracer(frame, event, argument):
        return None

    before = sys.gettrace()
    try:
        sys.settrace(tracer)
        graph = staged()
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)
    assert "xhat" in graph.nodes


def test_the_tracer_is_restored_after_an_exception():
    def breaks(x):
        y = x * 2  # noqa: F841
        raise RuntimeError("on purpose")

    def refused(x):
        return float(x.sum())

    before = sys.gettrace()
    with pytest.raises(RuntimeError, match="on purpose"):
        trace(breaks, x)
    assert sys.gettrace() is before
    with pytest.raises(TraceError):
        trace(refused, x)
    assert sys.gettrace() is before
    with pytest.raises(ValueError, match="broadcast"):
        trace(lambda x: x + np.ones(7), x)
    assert sys.gettrace() is before


def test_a_trace_inside_a_traced_function():
    def inner(a):
        b = a * 2
        return np.exp(b)

    def outer(x):
        y = x + 1
        slope = trace(inner, np.ones(3)).backward(np.ones(3))["a"]
        z = y * slope
        return z

    graph = trace(outer, x)
    assert list(graph.nodes) == ["x", "y", "z"]
    np.testing.assert_allclose(graph.backward(dout)["x"], dout * 2 * np.exp(2))


def test_a_refusal_inside_an_inner_trace_is_the_inner_ones_affair():
    def outer(x):
        y = x + 1
        with pytest.raises(TraceError):
            trace(lambda a: float(a.sum()), np.ones(3))
        z = y * 2
        return z

    assert list(trace(outer, x).nodes) == ["x", "y", "z"]


def test_traces_on_several_threads_do_not_meet():
    barrier = threading.Barrier(4)

    def f(x, k):
        y = x * k
        barrier.wait(timeout=20)
        z = np.exp(y / 10)
        return z + y

    def one(k):
        graph = trace(f, x, k=k)
        return k, graph, graph.backward(dout)["x"]

    with ThreadPoolExecutor(4) as pool:
        for k, graph, dx in pool.map(one, range(1, 5)):
            assert list(graph.nodes) == ["x", "y", "z", "out"]
            np.testing.assert_allclose(dx, dout * (k / 10 * np.exp(x * k / 10) + k))


def test_a_function_that_computes_on_threads():
    def f(x):
        with ThreadPoolExecutor(4) as pool:
            rows = list(pool.map(lambda row: np.exp(row) * row, x))
        return np.stack(rows)

    for _ in range(5):
        graph = trace(f, x)
        np.testing.assert_array_equal(graph[graph.result].value, np.exp(x) * x)
        np.testing.assert_allclose(graph.backward(dout)["x"], dout * np.exp(x) * (1 + x))


def test_a_long_loop_is_traced_and_read_in_reasonable_work():
    def f(x):
        total = np.zeros(3)
        for row in x:
            scaled = row * 2
            total += scaled * scaled
        return total

    rows = rng.normal(size=(1000, 3))
    graph = trace(f, rows)
    assert len(graph.nodes) == 1 + 3 * 1000
    np.testing.assert_allclose(graph.backward(np.ones(3))["x"], 8 * rows)


def test_the_same_function_can_be_traced_again_and_after_it_was_redefined():
    def f(x):
        y = x * 2
        return y

    def g(x):
        z = x * 3
        return z

    assert list(trace(f, x).nodes) == list(trace(f, x).nodes) == ["x", "y"]
    f.__code__ = g.__code__
    assert list(trace(f, x).nodes) == ["x", "z"]
