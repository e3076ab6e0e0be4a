"""The layers against PyTorch's, in float64, where it is installed; the complex step holds them anywhere."""

import numpy as np
import pytest
from family import LAYERS

from bnlib import norms

torch = pytest.importorskip(
    "torch", reason="PyTorch is not installed; the complex step holds these layers too"
)

SHAPE = {2: (7, 4), 4: (3, 6, 2, 5)}


def _run(function, layer, rng):
    """Outputs and gradients of a PyTorch function beside the layer's own."""
    point = layer.inputs(rng, SHAPE[layer.axes])
    dout = rng.normal(size=point[0].shape)
    out, cache = layer.forward(*point, 0.01)
    ours = (out, *layer.backward(dout, cache))
    tensors = [torch.tensor(array, requires_grad=True) for array in point]
    theirs = function(*tensors)
    theirs.backward(torch.tensor(dout))
    return ours, (theirs.detach().numpy(), *(tensor.grad.numpy() for tensor in tensors))


def _test_statistics(x):
    width = x.shape[1]
    return torch.linspace(-1, 1, width, dtype=x.dtype), torch.linspace(0.1, 2, width, dtype=x.dtype)


F = torch.nn.functional
THEIRS = {
    "batch": lambda x, g, b: F.batch_norm(x, None, None, g, b, training=True, eps=0.01),
    "test": lambda x, g, b: F.batch_norm(x, *_test_statistics(x), g, b, training=False, eps=0.01),
    "layer": lambda x, g, b: F.layer_norm(x, x.shape[1:], g, b, eps=0.01),
    "rms": lambda x, g: F.rms_norm(x, x.shape[1:], g, eps=0.01),
    "group": lambda x, g, b: F.group_norm(x, 3, g.flatten(), b.flatten(), eps=0.01),
}


@pytest.mark.parametrize("layer", LAYERS, ids=[layer.name for layer in LAYERS])
def test_outputs_and_gradients_are_pytorchs(layer):
    kind = next(kind for kind in ("test", "group", "layer", "rms", "batch") if kind in layer.name)
    ours, theirs = _run(THEIRS[kind], layer, np.random.default_rng(0))
    for got, right in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(got, right, rtol=1e-9, atol=1e-11)


def test_instance_normalisation_is_a_group_for_each_channel():
    x = np.random.default_rng(1).normal(size=(2, 3, 4, 5))
    out, _ = norms.spatial_groupnorm_forward(x, np.ones((1, 3, 1, 1)), np.zeros((1, 3, 1, 1)), 3, {})
    np.testing.assert_allclose(out, F.instance_norm(torch.tensor(x)).numpy(), rtol=1e-9, atol=1e-11)


def test_running_means_are_pytorchs_and_running_variances_differ_by_n_over_n_minus_1():
    rng = np.random.default_rng(2)
    module = torch.nn.BatchNorm1d(3, momentum=0.1, dtype=torch.float64)
    param = {"mode": "train", "momentum": 0.9, "running_var": np.ones(3)}
    x = rng.normal(2.0, 3.0, size=(6, 3))
    norms.batchnorm_forward(x, np.ones(3), np.zeros(3), param)
    module(torch.tensor(x))
    np.testing.assert_allclose(param["running_mean"], module.running_mean.numpy())
    step, theirs = param["running_var"] - 0.9, module.running_var.numpy() - 0.9
    np.testing.assert_allclose(theirs, step * 6 / 5)
