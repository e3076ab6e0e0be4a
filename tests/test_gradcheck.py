"""The gradient checkers are checked themselves: against calculus, the staged layer and wrong answers."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnlib.gradcheck import complex_step, numeric_gradient, relative_error
from bnlib.norms import staged

CHECKERS = [numeric_gradient, complex_step]
# What each can promise: truncation and rounding for differences, rounding alone for the complex step.
LIMIT = {numeric_gradient: 1e-8, complex_step: 1e-13}


def layer(n, d, eps, seed):
    """Inputs of the layer, its cache, and an upstream gradient, all random."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) * rng.uniform(0.5, 3, d) + rng.normal(size=d)
    gamma, beta = rng.uniform(0.5, 2, d) * rng.choice([-1, 1], d), rng.normal(size=d)
    return x, gamma, beta, eps, rng.normal(size=(n, d))


def output(x, gamma, beta, eps):
    return staged.batchnorm_forward(x, gamma, beta, eps)[0]


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize(
    ("f", "derivative"),
    [
        (np.square, lambda x: 2 * x),
        (np.exp, np.exp),
        (np.sin, np.cos),
        (lambda x: 1 / x, lambda x: -1 / x**2),
        (np.sqrt, lambda x: 0.5 / np.sqrt(x)),
        (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    ],
)
def test_agrees_with_the_derivatives_of_a_textbook(checker, f, derivative):
    rng = np.random.default_rng(0)
    x, df = rng.uniform(0.5, 2, (3, 4)), rng.normal(size=(3, 4))
    np.testing.assert_allclose(checker(f, x, df), df * derivative(x), rtol=LIMIT[checker])


@pytest.mark.parametrize("checker", CHECKERS)
def test_weighs_every_output_with_its_upstream_gradient(checker):
    rng = np.random.default_rng(1)
    matrix, x, df = rng.normal(size=(3, 5)), rng.normal(size=5), rng.normal(size=3)
    np.testing.assert_allclose(checker(lambda v: matrix @ v, x, df), matrix.T @ df, atol=1e-9)


@pytest.mark.parametrize("checker", CHECKERS)
def test_takes_a_function_to_a_number_and_a_point_that_is_a_number(checker):
    np.testing.assert_allclose(checker(np.sum, np.ones((2, 3)), 1.0), np.ones((2, 3)), rtol=1e-9)
    gradient = checker(lambda x: x**2, 3.0, 1.0)
    assert gradient.shape == ()
    np.testing.assert_allclose(gradient, 6.0, rtol=1e-9)


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(1, 7),
    d=st.integers(1, 5),
    eps=st.sampled_from([1e-3, 0.3, 2.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_complex_step_agrees_with_the_staged_backward_pass(n, d, eps, seed):
    x, gamma, beta, eps, dout = layer(n, d, eps, seed)
    _, cache = staged.batchnorm_forward(x, gamma, beta, eps)
    dx, dgamma, dbeta = staged.batchnorm_backward(dout, cache)
    _, _, _, ivar, *_ = cache
    limit = 1e-12 * np.max(np.abs(dout * gamma * ivar))
    np.testing.assert_allclose(
        complex_step(lambda v: output(v, gamma, beta, eps), x, dout), dx, rtol=0, atol=limit
    )
    np.testing.assert_allclose(
        complex_step(lambda v: output(x, v, beta, eps), gamma, dout), dgamma, atol=1e-12 * n
    )
    np.testing.assert_allclose(
        complex_step(lambda v: output(x, gamma, v, eps), beta, dout), dbeta, atol=1e-12 * n
    )


@settings(max_examples=20, deadline=None)
@given(n=st.integers(2, 6), d=st.integers(1, 4), seed=st.integers(0, 2**32 - 1))
def test_differences_agree_with_the_complex_step(n, d, seed):
    x, gamma, beta, eps, dout = layer(n, d, 0.3, seed)

    def f(v):
        return output(v, gamma, beta, eps)

    np.testing.assert_allclose(numeric_gradient(f, x, dout), complex_step(f, x, dout), atol=1e-7)


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("factor", [1.001, 0.5, 2.0, -1.0, 1 / 5])
def test_a_gradient_off_by_a_factor_is_rejected(checker, factor):
    x, gamma, beta, eps, dout = layer(5, 3, 0.3, 2)
    dx, _, _ = staged.batchnorm_backward(dout, staged.batchnorm_forward(x, gamma, beta, eps)[1])
    witness = checker(lambda v: output(v, gamma, beta, eps), x, dout)
    assert relative_error(dx, witness) < 1e-6
    assert relative_error(factor * dx, witness) > 4e-4


@pytest.mark.parametrize("checker", CHECKERS)
def test_a_gradient_with_one_path_missing_is_rejected(checker):
    x, gamma, beta, eps, dout = layer(5, 3, 0.3, 3)
    _, (_, _, _, ivar, *_) = staged.batchnorm_forward(x, gamma, beta, eps)
    witness = checker(lambda v: output(v, gamma, beta, eps), x, dout)
    assert relative_error(dout * gamma * ivar, witness) > 0.01


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_the_point_is_left_as_it_was_and_the_work_is_float64(checker, dtype):
    x = np.arange(1, 7).reshape(2, 3).astype(dtype)
    before = x.copy()

    def spoils_its_argument(v):
        v *= v
        return v

    gradient = checker(spoils_its_argument, x, np.ones((2, 3)))
    np.testing.assert_array_equal(x, before)
    assert gradient.dtype == np.float64
    np.testing.assert_allclose(gradient, 2.0 * before, rtol=1e-8)


def test_a_function_that_reuses_its_output_is_followed():
    buffer = np.empty(3)

    def reuses(v):
        np.square(v, out=buffer)
        return buffer

    np.testing.assert_allclose(numeric_gradient(reuses, [1.0, 2.0, 3.0], np.ones(3)), [2, 4, 6], rtol=1e-8)


def test_the_step_can_be_chosen():
    error = [abs(numeric_gradient(np.exp, 1.0, 1.0, h) - np.e) for h in (1e-1, 1e-2)]
    assert error[0] / error[1] == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize("checker", CHECKERS)
def test_an_upstream_gradient_of_another_shape_is_refused(checker):
    with pytest.raises(ValueError, match="df needs"):
        checker(np.square, np.ones((3, 2)), np.ones(2))


def test_a_function_that_drops_the_imaginary_part_is_refused():
    with pytest.raises(TypeError, match="imaginary"):
        complex_step(np.abs, np.ones(3), np.ones(3))


def test_relative_error_is_the_worst_entry_over_the_sum_of_both_sizes():
    assert relative_error([1.0, 3.0], [1.0, 1.0]) == 0.5
    assert relative_error([1.0, -2.0], [1.0, -2.0]) == 0.0
    assert relative_error(1.0, -1.0) == 1.0


def test_relative_error_of_two_tiny_numbers_is_measured_against_the_floor():
    assert relative_error(1e-12, -1e-12) == pytest.approx(2e-4)
    assert relative_error(0.0, 0.0) == 0.0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_never_passes(bad):
    for pair in [([bad, 1.0], [1.0, 1.0]), ([1.0, 1.0], [1.0, bad]), ([bad], [bad])]:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert relative_error(*pair) == np.inf


def test_shapes_that_would_broadcast_are_refused():
    with pytest.raises(ValueError, match="differ"):
        relative_error(np.ones((1, 3)), np.ones(3))
    with pytest.raises(ValueError, match="empty"):
        relative_error(np.ones(0), np.ones(0))


def test_float32_overflow_is_no_error():
    big = np.full(2, 3e38, np.float32)
    assert relative_error(big, big) == 0.0
