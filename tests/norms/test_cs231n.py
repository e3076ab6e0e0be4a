"""The interface of cs231n's assignment 2: modes, defaults, running statistics, shapes, helpful errors."""

import numpy as np
import pytest

from bnlib.norms import (
    batchnorm_backward,
    batchnorm_backward_alt,
    batchnorm_forward,
    layernorm_forward,
    rmsnorm_forward,
    spatial_batchnorm_backward,
    spatial_batchnorm_forward,
    spatial_groupnorm_backward,
    spatial_groupnorm_forward,
    staged,
)


@pytest.fixture
def rng():
    return np.random.default_rng(231)


def test_eps_momentum_and_running_statistics_have_cs231ns_defaults(rng):
    x = 1e-2 * rng.normal(size=(6, 3)) + 1.0
    param = {"mode": "train"}
    out, _ = batchnorm_forward(x, np.ones(3), np.zeros(3), param)
    np.testing.assert_allclose(out, (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5))
    np.testing.assert_allclose(param["running_mean"], 0.1 * x.mean(0))
    np.testing.assert_allclose(param["running_var"], 0.1 * x.var(0))


def test_running_statistics_follow_the_batches_by_the_momentum_that_is_given(rng):
    batches = rng.normal(3.0, 2.0, size=(2, 7, 3))
    mean, var = rng.normal(size=3), rng.uniform(1, 2, 3)
    param = {"mode": "train", "momentum": 0.3, "running_mean": mean, "running_var": var}
    right_mean, right_var = mean.copy(), var.copy()
    for x in batches:
        batchnorm_forward(x, np.ones(3), np.zeros(3), param)
        right_mean = 0.3 * right_mean + 0.7 * x.mean(0)
        right_var = 0.3 * right_var + 0.7 * x.var(0)
    np.testing.assert_allclose(param["running_mean"], right_mean)
    np.testing.assert_allclose(param["running_var"], right_var)
    assert param["running_mean"] is not mean
    assert param["momentum"] == 0.3


def test_a_test_call_uses_the_running_statistics_and_leaves_them_alone(rng):
    x = rng.normal(size=(4, 3))
    mean, var = rng.normal(size=3), rng.uniform(1, 2, 3)
    param = {"mode": "test", "eps": 0.5, "running_mean": mean.copy(), "running_var": var.copy()}
    out, _ = batchnorm_forward(x, np.full(3, 2.0), np.full(3, -1.0), param)
    np.testing.assert_allclose(out, 2 * (x - mean) / np.sqrt(var + 0.5) - 1)
    assert np.array_equal(param["running_mean"], mean)
    assert np.array_equal(param["running_var"], var)


def test_a_float32_test_call_does_not_coarsen_the_stored_statistics(rng):
    mean = rng.normal(size=3)
    param = {"mode": "test", "running_mean": mean, "running_var": np.ones(3)}
    out, _ = batchnorm_forward(np.ones((2, 3), np.float32), np.ones(3), np.zeros(3), param)
    assert out.dtype == np.float32
    assert param["running_mean"] is mean


def test_without_statistics_a_test_call_uses_zeros_as_cs231n_does(rng):
    x = rng.normal(size=(4, 3))
    param = {"mode": "test"}
    out, _ = batchnorm_forward(x, np.ones(3), np.zeros(3), param)
    np.testing.assert_allclose(out, x / np.sqrt(1e-5))
    assert np.array_equal(param["running_var"], np.zeros(3))


def test_a_training_cache_is_what_the_nine_steps_read(rng):
    x, gamma, dout = rng.normal(size=(5, 3)), rng.uniform(1, 2, 3), rng.normal(size=(5, 3))
    _, cache = batchnorm_forward(x, gamma, np.zeros(3), {"mode": "train", "eps": 0.1})
    _, seven = staged.batchnorm_forward(x, gamma, np.zeros(3), 0.1)
    for one, other in zip(cache, seven, strict=True):
        assert np.array_equal(one, other)
    for got, right in zip(
        batchnorm_backward_alt(dout, seven), staged.batchnorm_backward(dout, cache), strict=True
    ):
        np.testing.assert_allclose(got, right, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("mode", ["Train", "eval", None, True])
def test_an_unknown_mode_says_which_ones_there_are(mode, rng):
    with pytest.raises(ValueError, match="set it to 'train' or to 'test'"):
        batchnorm_forward(rng.normal(size=(2, 3)), np.ones(3), np.zeros(3), {"mode": mode})


def test_a_missing_mode_is_said_as_well(rng):
    with pytest.raises(ValueError, match="'mode'"):
        batchnorm_forward(rng.normal(size=(2, 3)), np.ones(3), np.zeros(3), {})


def test_an_empty_training_batch_is_refused_and_an_empty_test_batch_is_not():
    param = {"mode": "train"}
    with pytest.raises(ValueError, match="no rows"):
        batchnorm_forward(np.ones((0, 3)), np.ones(3), np.zeros(3), param)
    assert "running_mean" not in param
    out, _ = batchnorm_forward(np.ones((0, 3)), np.ones(3), np.zeros(3), {"mode": "test"})
    assert out.shape == (0, 3)


def test_running_statistics_of_another_width_are_refused(rng):
    param = {"mode": "train", "running_mean": np.zeros(1)}
    with pytest.raises(ValueError, match="running_mean"):
        batchnorm_forward(rng.normal(size=(4, 3)), np.ones(3), np.zeros(3), param)


def test_layer_and_group_normalisation_take_an_empty_dictionary(rng):
    x, images = 1e-2 * rng.normal(size=(4, 6)), 1e-2 * rng.normal(size=(2, 4, 3, 5))
    out, _ = layernorm_forward(x, np.ones(6), np.zeros(6), {})
    np.testing.assert_allclose(out, (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5))
    out, _ = spatial_groupnorm_forward(images, np.ones((1, 4, 1, 1)), np.zeros((1, 4, 1, 1)), 1, {})
    axes = (1, 2, 3)
    exact = (images - images.mean(axes, keepdims=True)) / np.sqrt(images.var(axes, keepdims=True) + 1e-5)
    np.testing.assert_allclose(out, exact)


def test_rms_normalisation_takes_no_mean_off(rng):
    x = rng.normal(5.0, 1.0, size=(4, 6))
    out, _ = rmsnorm_forward(x, np.ones(6), 0.5)
    np.testing.assert_allclose(out, x / np.sqrt(np.mean(x**2, axis=1, keepdims=True) + 0.5))


def test_images_keep_running_statistics_for_each_channel(rng):
    x = rng.normal(size=(2, 3, 4, 5))
    param = {"mode": "train", "momentum": 0.0}
    out, cache = spatial_batchnorm_forward(x, np.ones(3), np.zeros(3), param)
    np.testing.assert_allclose(param["running_mean"], x.mean((0, 2, 3)))
    np.testing.assert_allclose(param["running_var"], x.var((0, 2, 3)))
    np.testing.assert_allclose(out.mean((0, 2, 3)), 0, atol=1e-12)
    dx, dgamma, dbeta = spatial_batchnorm_backward(rng.normal(size=x.shape), cache)
    assert (dx.shape, dgamma.shape, dbeta.shape) == (x.shape, (3,), (3,))


def test_groups_normalise_neighbouring_channels_of_one_image(rng):
    x = rng.normal(size=(2, 6, 4, 5))
    gamma, beta = np.ones((1, 6, 1, 1)), np.zeros((1, 6, 1, 1))
    out, cache = spatial_groupnorm_forward(x, gamma, beta, 2, {"eps": 0.0})
    np.testing.assert_allclose(out[:, :3].mean((1, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(out[:, 3:].var((1, 2, 3)), 1)
    dx, dgamma, dbeta = spatial_groupnorm_backward(rng.normal(size=x.shape), cache)
    assert (dx.shape, dgamma.shape, dbeta.shape) == (x.shape, gamma.shape, gamma.shape)


@pytest.mark.parametrize("groups", [0, -2, 4])
def test_groups_have_to_divide_the_channels(groups, rng):
    x, one = rng.normal(size=(2, 6, 4, 5)), np.ones((1, 6, 1, 1))
    with pytest.raises(ValueError, match="G has to divide C"):
        spatial_groupnorm_forward(x, one, one, groups, {})


def test_the_two_backward_passes_agree(rng):
    x, gamma, dout = rng.normal(size=(50, 7)), rng.uniform(1, 2, 7), rng.normal(size=(50, 7))
    _, cache = batchnorm_forward(x, gamma, np.zeros(7), {"mode": "train"})
    for one, other in zip(batchnorm_backward(dout, cache), batchnorm_backward_alt(dout, cache), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-12)
