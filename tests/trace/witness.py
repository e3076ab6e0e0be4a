"""What the tests of `trace` share: functions from text, the plain function as witness, gradients without calculus."""

import itertools
import linecache
import textwrap

import numpy as np

from bnlib import trace
from bnlib.gradcheck import complex_step, numeric_gradient

_count = itertools.count(1)


def function(text, known_source=True, **names):
    """The function that `text` defines last; its source can be read only with `known_source`."""
    text = textwrap.dedent(text)
    filename = f"<program {next(_count)}>" if known_source else "<string>"
    if known_source:
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    namespace = {"np": np, **names}
    before = set(namespace)
    exec(compile(text, filename, "exec"), namespace)
    return namespace[[name for name in namespace if name not in before and name != "__builtins__"][-1]]


def first(result):
    """The first of a function's results, which is the graph's."""
    return result[0] if isinstance(result, (tuple, list)) else result


def same(traced, plain):
    """Whether an array is the plain function's to the last bit, shape and dtype included."""
    plain = np.asarray(plain)
    return (
        traced.shape == plain.shape
        and traced.dtype == plain.dtype
        and np.array_equal(traced, plain, equal_nan=plain.dtype.kind == "f")
    )


def assert_traced(f, *arrays, analytic=True, seed=0, **constants):
    """Trace f and hold its value against the plain function's and its gradients against a witness; the graph."""
    originals = [np.array(array) for array in arrays]
    graph = trace(f, *arrays, **constants)
    for array, original in zip(arrays, originals, strict=True):
        assert same(np.asarray(array), original), "an input was changed"
    plain = first(f(*[np.array(a) if isinstance(a, np.ndarray) else a for a in arrays], **constants))
    assert same(graph[graph.result].value, plain)
    dout = np.random.default_rng(seed).normal(size=np.shape(plain))
    grads = graph.backward(dout)
    for position, name in enumerate(graph.inputs):
        witness = gradient(f, arrays, position, dout, analytic, **constants)
        scale = max(1.0, np.abs(witness).max(initial=0))
        np.testing.assert_allclose(
            grads[name], witness, rtol=0, atol=(1e-11 if analytic else 1e-6) * scale, err_msg=name
        )
    return graph


def gradient(f, arrays, position, dout, analytic, h=1e-5, **constants):
    """The witness's gradient for one input, with the others as they are."""

    def of_one(value):
        # Copies for each call, since the function may change what it is given; of the value's dtype, since what
        # it changes in place has to hold the step.
        given = [np.array(array, dtype=value.dtype) for array in arrays]
        given[position] = value
        return first(f(*given, **constants)) + np.zeros((), value.dtype)

    at = np.asarray(arrays[position], dtype=np.float64)
    return complex_step(of_one, at, dout) if analytic else numeric_gradient(of_one, at, dout, h)
