"""What PyTorch's BatchNorm1d makes of three small batches, for notebook 07 where there is no PyTorch.

`python tests/norms/pytorch_numbers.py` writes bnlib/data/pytorch_batchnorm.npz anew; test_pytorch_numbers
holds the file against the PyTorch of the day.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

FILE = Path(__file__).parents[2] / "bnlib" / "data" / "pytorch_batchnorm.npz"


def inputs() -> dict[str, np.ndarray]:
    """Two training batches and a test batch, parameters, an upstream gradient and a linear layer to fold."""
    rng = np.random.default_rng(2015)
    offset = np.array([1.0, -2.0, 5.0])
    return {
        "first": offset + rng.normal(size=(6, 3)),
        "second": offset + rng.normal(size=(5, 3)),
        "unseen": offset + rng.normal(size=(4, 3)),
        "gamma": np.array([2.0, -1.5, 0.5]),
        "beta": np.array([0.0, 1.0, -1.0]),
        "dout": rng.normal(size=(4, 3)),
        "W": rng.normal(size=(2, 3)),
        "b": rng.normal(size=3),
        "z": rng.normal(size=(4, 2)),
    }


def run() -> dict[str, np.ndarray]:
    """The layer on those inputs, in float64: two calls in train mode, then calls in eval mode."""
    import torch

    given = inputs()
    torch.set_default_dtype(torch.float64)
    try:
        layer = torch.nn.BatchNorm1d(3, eps=1e-5, momentum=0.1)
        linear = torch.nn.Linear(2, 3)
    finally:
        torch.set_default_dtype(torch.float32)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(given["gamma"]))
        layer.bias.copy_(torch.tensor(given["beta"]))
        linear.weight.copy_(torch.tensor(given["W"].T))
        linear.bias.copy_(torch.tensor(given["b"]))
    found = {}

    layer.train()
    for name in ("first", "second"):
        out = layer(torch.tensor(given[name]))
        found[f"out_{name}"] = out.detach().numpy()
        found[f"running_mean_{name}"] = layer.running_mean.numpy().copy()
        found[f"running_var_{name}"] = layer.running_var.numpy().copy()
    layer.eval()
    found |= _gradients(layer, given["unseen"], given["dout"], "test")
    found["out_folded"] = layer(linear(torch.tensor(given["z"]))).detach().numpy()
    layer.train()
    found |= _gradients(layer, given["unseen"], given["dout"], "train")
    return {**given, **found, "version": np.array(torch.__version__.split("+")[0])}


def _gradients(layer, x, dout, mode):
    import torch

    layer.zero_grad()
    tensor = torch.tensor(x, requires_grad=True)
    out = layer(tensor)
    out.backward(torch.tensor(dout))
    arrays = (out.detach(), tensor.grad, layer.weight.grad, layer.bias.grad)
    return {
        f"{name}_{mode}": a.numpy().copy()
        for name, a in zip(("out", "dx", "dgamma", "dbeta"), arrays, strict=True)
    }


if __name__ == "__main__":
    np.savez(FILE, **run())
    print(f"wrote {FILE}")
