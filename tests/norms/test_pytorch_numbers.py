"""The stored numbers of PyTorch's layer: what PyTorch makes today, and what bnlib's layers make anywhere."""

import numpy as np
import pytest
from pytorch_numbers import inputs, run

from bnlib import norms
from bnlib.data import pytorch_batchnorm
from bnlib.exercises.train_and_test import fold


@pytest.fixture(scope="module")
def stored():
    return pytorch_batchnorm()


def test_pytorch_makes_the_stored_numbers(stored):
    pytest.importorskip("torch", reason="PyTorch is not installed, so the stored numbers can't be made anew")
    made = run()
    assert made.keys() == stored.keys()
    for name in made.keys() - {"version"}:
        np.testing.assert_allclose(made[name], stored[name], rtol=1e-11, atol=1e-12, err_msg=name)


def test_the_stored_inputs_are_the_ones_that_the_script_makes(stored):
    for name, array in inputs().items():
        assert np.array_equal(array, stored[name]), name


def test_the_stored_numbers_are_the_layers_up_to_what_pytorch_keeps(stored):
    s = stored
    param = {"mode": "train", "eps": 1e-5, "momentum": 0.9, "running_var": np.ones(3)}
    theirs = np.ones(3)
    for name in ("first", "second"):
        out, cache = norms.batchnorm_forward(s[name], s["gamma"], s["beta"], param)
        n = len(s[name])
        theirs = 0.9 * theirs + 0.1 * cache.var * n / (n - 1)
        np.testing.assert_allclose(out, s[f"out_{name}"], rtol=1e-11)
        np.testing.assert_allclose(param["running_mean"], s[f"running_mean_{name}"], rtol=1e-11)
        np.testing.assert_allclose(theirs, s[f"running_var_{name}"], rtol=1e-11)
    frozen = {"running_mean": s["running_mean_second"], "running_var": s["running_var_second"]}
    for mode in ("train", "test"):
        out, cache = norms.batchnorm_forward(s["unseen"], s["gamma"], s["beta"], {"mode": mode, **frozen})
        found = (out, *norms.batchnorm_backward(s["dout"], cache))
        for name, got in zip(("out", "dx", "dgamma", "dbeta"), found, strict=True):
            np.testing.assert_allclose(got, s[f"{name}_{mode}"], rtol=1e-9, atol=1e-12)
    W, b = fold(s["W"], s["b"], s["gamma"], s["beta"], *frozen.values(), 1e-5)
    np.testing.assert_allclose(s["z"] @ W + b, s["out_folded"], rtol=1e-11)


def test_the_file_says_with_which_pytorch_it_was_made(stored):
    assert str(stored["version"]).count(".") == 2
