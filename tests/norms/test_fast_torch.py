"""The fast layers against PyTorch's on random shapes and strides, where it is installed.

Elsewhere `test_fast.py` holds them against the plain layers, which the complex step holds.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnlib.norms import fast

torch = pytest.importorskip("torch", reason="PyTorch is not installed; test_fast.py holds these layers too")
F = torch.nn.functional

SHAPES = st.tuples(st.integers(2, 300), st.integers(2, 200))
CUTS = {
    "as made": lambda a: a,
    "column after column": np.asfortranarray,
    "every other row": lambda a: np.repeat(a, 2, axis=0)[::2],
    "backwards": lambda a: np.ascontiguousarray(a[::-1])[::-1],
}


def theirs(function, dout, *arrays):
    """A PyTorch function's output and gradients."""
    tensors = [torch.tensor(np.ascontiguousarray(array), requires_grad=True) for array in arrays]
    out = function(*tensors)
    out.backward(torch.tensor(np.ascontiguousarray(dout)))
    return out.detach().numpy(), *(tensor.grad.numpy() for tensor in tensors)


def ours(layer, dout, x, gamma, beta, eps, threads):
    if layer == "batch":
        param = {"mode": "train", "eps": eps}
        out, cache = fast.batchnorm_forward(x, gamma, beta, param, threads=threads)
        return out, *fast.batchnorm_backward(dout, cache, threads=threads)
    if layer == "layer":
        out, cache = fast.layernorm_forward(x, gamma, beta, {"eps": eps}, threads=threads)
        return out, *fast.layernorm_backward(dout, cache, threads=threads)
    out, cache = fast.rmsnorm_forward(x, gamma, eps, threads=threads)
    return out, *fast.rmsnorm_backward(dout, cache, threads=threads)


THEIRS = {
    "batch": lambda eps: lambda x, g, b: F.batch_norm(x, None, None, g, b, training=True, eps=eps),
    "layer": lambda eps: lambda x, g, b: F.layer_norm(x, x.shape[1:], g, b, eps=eps),
    "rms": lambda eps: lambda x, g: F.rms_norm(x, x.shape[1:], g, eps=eps),
}


@pytest.mark.parametrize("layer", THEIRS)
@pytest.mark.parametrize(("dtype", "within"), [(np.float64, 1e-9), (np.float32, 1e-3)])
@settings(max_examples=20, deadline=None)
@given(
    shape=SHAPES, cut=st.sampled_from(sorted(CUTS)), threads=st.sampled_from([1, 2]), seed=st.integers(0, 999)
)
def test_outputs_and_gradients_are_pytorchs(layer, dtype, within, shape, cut, threads, seed):
    rng = np.random.default_rng(seed)
    x, dout = (CUTS[cut](rng.normal(size=shape).astype(dtype)) for _ in range(2))
    gamma, beta = rng.uniform(0.5, 1.5, shape[1]).astype(dtype), rng.normal(size=shape[1]).astype(dtype)
    parameters = (gamma,) if layer == "rms" else (gamma, beta)
    right = theirs(THEIRS[layer](0.01), dout, x, *parameters)
    for got, want in zip(ours(layer, dout, x, gamma, beta, 0.01, threads), right, strict=True):
        np.testing.assert_allclose(got, want, rtol=0, atol=within * max(1.0, np.abs(want).max()))
