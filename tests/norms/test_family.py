"""What holds for every layer of the family: right gradients, kept shapes and precision, untouched inputs."""

import copy

import numpy as np
import pytest
from family import LAYERS
from hypothesis import given, settings
from hypothesis import strategies as st

from bnlib.gradcheck import complex_step

EACH = pytest.mark.parametrize("layer", LAYERS, ids=[layer.name for layer in LAYERS])


def error(got, right, scale):
    return np.max(np.abs(got - right)) / scale


@EACH
@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    shape=st.tuples(*[st.integers(1, 6)] * 4),
    eps=st.sampled_from([1e-3, 0.3, 2.0]),
    seed=st.integers(0, 1000),
)
def test_gradients_agree_with_the_complex_step_for_any_shape(layer, shape, eps, seed):
    rng = np.random.default_rng(seed)
    point = layer.inputs(rng, shape[: layer.axes])
    dout = rng.normal(size=point[0].shape)
    _, cache = layer.forward(*point, eps)
    found = layer.backward(dout, cache)
    for i, (name, got) in enumerate(zip(layer.arrays, found, strict=True)):
        right = complex_step(
            lambda moved, i=i: layer.forward(*point[:i], moved, *point[i + 1 :], eps)[0], point[i], dout
        )
        # Of the sizes that may cancel: a single row's or feature's dx is 0 up to them.
        scale = np.sum(np.abs(dout)) * np.max(np.abs(point[1])) / np.sqrt(eps) + np.max(np.abs(right))
        assert got.shape == point[i].shape, name
        assert error(got, right, scale) < 1e-12, name


@EACH
def test_inputs_stay_as_they_are_forward_and_backward(layer):
    rng = np.random.default_rng(0)
    point = layer.inputs(rng)
    dout = rng.normal(size=point[0].shape)
    before = copy.deepcopy((point, dout))
    _, cache = layer.forward(*point, 0.1)
    kept = copy.deepcopy(cache)
    layer.backward(dout, cache)
    for old, new in zip((*before[0], before[1], *kept), (*point, dout, *cache), strict=True):
        assert np.array_equal(old, new)


@EACH
def test_nothing_that_comes_back_is_the_callers_own_array(layer):
    rng = np.random.default_rng(0)
    point = layer.inputs(rng)
    dout = rng.normal(size=point[0].shape)
    out, cache = layer.forward(*point, 0.1)
    for array in (out, *layer.backward(dout, cache)):
        assert not any(np.shares_memory(array, theirs) for theirs in (*point, dout))


@EACH
def test_float32_stays_float32_and_agrees_with_float64(layer):
    rng = np.random.default_rng(1)
    point = layer.inputs(rng, dtype=np.float32)
    dout = rng.normal(size=point[0].shape).astype(np.float32)
    # A float64 number among the arguments is no reason to leave float32.
    out, cache = layer.forward(*point, np.float64(0.1))
    found = (out, *layer.backward(dout, cache))
    out, cache = layer.forward(*(array.astype(np.float64) for array in point), 0.1)
    right = (out, *layer.backward(dout.astype(np.float64), cache))
    for got, exact in zip(found, right, strict=True):
        assert got.dtype == np.float32
        assert error(got, exact, np.max(np.abs(exact))) < 1e-5


@EACH
def test_integers_are_computed_in_float64(layer):
    rng = np.random.default_rng(2)
    point = [np.rint(5 * array).astype(int) for array in layer.inputs(rng)]
    dout = rng.integers(-5, 5, point[0].shape)
    out, cache = layer.forward(*point, 0.1)
    found = (out, *layer.backward(dout, cache))
    out, cache = layer.forward(*(array.astype(float) for array in point), 0.1)
    for got, right in zip(found, (out, *layer.backward(dout.astype(float), cache)), strict=True):
        assert got.dtype == np.float64
        assert np.array_equal(got, right)


@EACH
def test_how_an_array_lies_in_memory_makes_no_difference(layer):
    rng = np.random.default_rng(3)
    x, *parameters = layer.inputs(rng)
    dout = rng.normal(size=x.shape)
    turned, turned_dout = (np.asfortranarray(array) for array in (x, dout))
    for one, other in ((x, turned), (dout, turned_dout)):
        assert np.array_equal(one, other)
        assert one.strides != other.strides
    out, cache = layer.forward(x, *parameters, 0.1)
    right = (out, *layer.backward(dout, cache))
    out, cache = layer.forward(turned, *parameters, 0.1)
    for got, exact in zip((out, *layer.backward(turned_dout, cache)), right, strict=True):
        assert got.shape == exact.shape
        np.testing.assert_allclose(got, exact, rtol=1e-12, atol=1e-12)


@EACH
def test_shapes_that_would_broadcast_by_luck_are_refused(layer):
    rng = np.random.default_rng(4)
    x, gamma, *rest = layer.inputs(rng)
    for wrong in (gamma[None], np.float64(2.0), gamma[..., None]):
        with pytest.raises(ValueError, match="gamma has the shape"):
            layer.forward(x, wrong, *rest, 0.1)
    for wrong in (x[0], x[None]):
        with pytest.raises(ValueError, match="takes x of the shape"):
            layer.forward(wrong, gamma, *rest, 0.1)
    _, cache = layer.forward(x, gamma, *rest, 0.1)
    for wrong in (x[:1], x[0], x[None], np.float64(1.0)):
        with pytest.raises(ValueError, match=r"dout has the shape|takes x of"):
            layer.backward(wrong, cache)
