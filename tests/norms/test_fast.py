"""The fast layers against the plain ones, which are held by the complex step and by PyTorch themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnlib import norms
from bnlib.memory import peak_of
from bnlib.norms import blocks, fast, machine, staged

DTYPES = (np.float32, np.float64)
# Large enough for several blocks, with rows left over; then short rows, one column, few rows, very long rows.
SHAPES = [(700, 700), (9001, 130), (20_011, 3), (100_003, 1), (70, 20_000), (2, 100_000)]


def train(module, x, gamma, beta, eps, **options):
    return module.batchnorm_forward(x, gamma, beta, {"mode": "train", "eps": eps}, **options)


def test_mode(module, x, gamma, beta, eps, **options):
    param = {"mode": "test", "eps": eps, "running_mean": 0.3 * beta, "running_var": gamma**2}
    return module.batchnorm_forward(x, gamma, beta, param, **options)


test_mode.__test__ = False  # it is a layer

LAYERS = {
    "batch": (train, lambda module: module.batchnorm_backward),
    "batch, test": (test_mode, lambda module: module.batchnorm_backward),
    "layer": (
        lambda module, x, gamma, beta, eps, **options: module.layernorm_forward(
            x, gamma, beta, {"eps": eps}, **options
        ),
        lambda module: module.layernorm_backward,
    ),
    "rms": (
        lambda module, x, gamma, beta, eps, **options: module.rmsnorm_forward(x, gamma, eps, **options),
        lambda module: module.rmsnorm_backward,
    ),
}
EACH = pytest.mark.parametrize("layer", LAYERS)


def inputs(rng, shape, dtype=np.float64, scale=1.0, offset=0.0):
    """x, gamma, beta and dout."""
    x, dout = scale * (rng.normal(size=shape) + offset), rng.normal(size=shape)
    gamma, beta = rng.uniform(0.5, 1.5, shape[1]), rng.normal(size=shape[1])
    return tuple(array.astype(dtype) for array in (x, gamma, beta, dout))


def both_ways(layer, module, x, gamma, beta, dout, eps=1e-3, **options):
    """out, dx, dgamma and, where there is one, dbeta."""
    forward, backward = LAYERS[layer]
    out, cache = forward(module, x, gamma, beta, eps, **options)
    return out, *backward(module)(dout, cache, **options)


def assert_close(found, right, digits, sizes):
    """Each result within so much of the largest size that its terms have."""
    assert len(found) == len(right)
    for name, got, wanted, size in zip(("out", "dx", "dgamma", "dbeta"), found, right, sizes, strict=False):
        assert got.shape == wanted.shape, name
        assert np.max(np.abs(got - wanted)) <= digits * size, name


def sizes_of(layer, x, gamma, beta, dout, right):
    """How large the terms are of which out, dx, dgamma and dbeta consist."""
    plain = x.astype(np.float64)
    axis = 1 if layer in ("layer", "rms") else 0
    spread = np.sqrt(
        np.mean(plain**2 if layer == "rms" else (plain - plain.mean(axis, keepdims=True)) ** 2, axis)
    )
    factor = 1 / np.sqrt(np.min(spread) ** 2 + 1e-3) if layer != "batch, test" else 2.0
    # A constant column is not quite constant about its mean.
    xhat = 1 + np.max(np.abs(right[0])) + 1e-4 * np.max(np.abs(plain)) * factor
    above = np.abs(dout)
    return xhat, np.max(above) * np.max(gamma) * factor * xhat, *[np.max(np.sum(above, axis=0)) * xhat] * 2


@EACH
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
def test_large_arrays_give_what_the_plain_layers_give_in_float64(layer, shape, dtype):
    arrays = inputs(np.random.default_rng(0), shape, dtype)
    right = both_ways(layer, norms, *(array.astype(np.float64) for array in arrays))
    found = both_ways(layer, fast, *arrays)
    assert all(array.dtype == dtype for array in found)
    assert_close(found, right, 20 * np.finfo(dtype).eps, sizes_of(layer, *arrays, right))


@EACH
@settings(max_examples=40, deadline=None, derandomize=True)
@given(data=st.data())
def test_any_shape_strides_and_scale_give_what_the_plain_layers_give(layer, data):
    shape = data.draw(st.tuples(st.integers(1, 40), st.integers(1, 40)), label="shape")
    scale = 10.0 ** data.draw(st.integers(-3, 12), label="scale")
    rng = np.random.default_rng(data.draw(st.integers(0, 1000), label="seed"))
    x, gamma, beta, dout = inputs(rng, shape, scale=scale)
    x, dout = (STRIDES[data.draw(st.sampled_from(sorted(STRIDES)))](array) for array in (x, dout))
    # With blocks of a few entries, small arrays are cut as large ones are.
    cut = data.draw(st.booleans(), label="cut")
    with pytest.MonkeyPatch.context() as patch:
        if cut:
            patch.setattr(blocks, "_cut", blocks._cut.__wrapped__)
            patch.setattr(fast, "one_block", lambda x: False)
            for name, value in {"LARGEST": 256, "_FEWEST_ROWS": 2}.items():
                patch.setattr(blocks, name, value)
        found = both_ways(layer, fast, x, gamma, beta, dout)
    right = both_ways(layer, norms, x, gamma, beta, dout)
    assert_close(found, right, 1e-11, sizes_of(layer, x, gamma, beta, dout, right))


STRIDES = {
    "as made": lambda a: a,
    "columns first": np.asfortranarray,
    "every second": lambda a: np.repeat(np.repeat(a, 2, axis=0), 2, axis=1)[::2, ::2],
    "backwards": lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
    "one row for all": lambda a: np.broadcast_to(a[:1], a.shape),
}


@EACH
@pytest.mark.parametrize("strides", STRIDES)
def test_large_arrays_may_have_any_strides_and_so_may_out(layer, strides):
    x, gamma, beta, dout = inputs(np.random.default_rng(1), (3001, 250), np.float32)
    x, dout = STRIDES[strides](x), STRIDES[strides](dout)
    kept = np.zeros((6002, 500), np.float32)
    out = kept[::2, ::-2]
    right = both_ways(layer, norms, *(array.astype(np.float64) for array in (x, gamma, beta, dout)))
    digits, sizes = 20 * np.finfo(np.float32).eps, sizes_of(layer, x, gamma, beta, dout, right)
    forward, backward = LAYERS[layer]
    result, cache = forward(fast, x, gamma, beta, 1e-3, out=out)
    assert result is out
    assert_close((result,), right[:1], digits, sizes)
    found = backward(fast)(dout, cache, out=out)
    assert found[0] is out
    assert_close(found, right[1:], digits, sizes[1:])
    assert not kept[1::2].any()


@EACH
@pytest.mark.parametrize("shape", [(700, 700), (40_001, 30)], ids=str)
def test_results_are_equal_to_the_bit_whatever_the_number_of_threads(layer, shape):
    arrays = inputs(np.random.default_rng(2), shape, np.float32, offset=3.0)
    one, *others = (both_ways(layer, fast, *arrays, threads=threads) for threads in (1, 2, 3, 5, None))
    for other in others:
        for left, right in zip(one, other, strict=True):
            np.testing.assert_array_equal(left, right)


@EACH
@pytest.mark.parametrize("shape", [(5, 3), (3000, 300)], ids=str)
def test_inputs_and_their_cache_are_never_changed(layer, shape):
    arrays = inputs(np.random.default_rng(3), shape)
    before = [array.copy() for array in arrays]
    for array in arrays:
        array.flags.writeable = False
    forward, backward = LAYERS[layer]
    _, cache = forward(fast, *arrays[:3], 1e-3)
    first = backward(fast)(arrays[3], cache)
    second = backward(fast)(arrays[3], cache)
    for left, right in zip((*before, *first), (*arrays, *second), strict=True):
        np.testing.assert_array_equal(left, right)


@EACH
def test_out_and_a_workspace_can_be_used_again(layer):
    space = fast.Workspace()
    out, dx = (np.full((3000, 300), np.nan) for _ in range(2))
    forward, backward = LAYERS[layer]
    for seed, shape in enumerate([(3000, 300), (7, 5), (3000, 300)]):
        x, gamma, beta, dout = inputs(np.random.default_rng(seed), shape, offset=20.0)
        here, there = (a if a.shape == shape else None for a in (out, dx))
        plain = both_ways(layer, fast, x, gamma, beta, dout)
        result, cache = forward(fast, x, gamma, beta, 1e-3, out=here, workspace=space)
        found = (result, *backward(fast)(dout, cache, out=there, workspace=space))
        for left, right in zip(plain, found, strict=True):
            np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("layer", ["batch", "layer"])
@pytest.mark.parametrize("shape", [(16_384, 512), (131_072, 64), (1024, 16_384)], ids=str)
def test_new_memory_is_at_most_1_2_arrays_for_the_result_and_a_fifth_with_out(layer, shape):
    x, gamma, beta, dout = inputs(np.random.default_rng(4), shape, np.float32, offset=50.0)
    forward, backward = LAYERS[layer]
    (out, cache), there = peak_of(lambda: forward(fast, x, gamma, beta, 1e-3))
    (dx, *_), back = peak_of(lambda: backward(fast)(dout, cache))
    assert max(there, back) <= 1.2 * x.nbytes
    _, there = peak_of(lambda: forward(fast, x, gamma, beta, 1e-3, out=out))
    _, back = peak_of(lambda: backward(fast)(dout, cache, out=dx))
    assert max(there, back) <= 0.2 * x.nbytes


@pytest.mark.parametrize("offset", [0.0, 1000.0])
@pytest.mark.parametrize(
    ("shape", "layer"),
    [((100_000, 10), "batch"), ((3000, 300), "batch"), ((3, 100_000), "layer"), ((3, 100_000), "rms")],
    ids=str,
)
def test_no_result_is_less_accurate_than_numpys_own_in_the_same_precision(shape, layer, offset):
    arrays = inputs(np.random.default_rng(5), shape, np.float32, offset=offset)
    right = both_ways(layer, norms, *(array.astype(np.float64) for array in arrays))
    own, found = both_ways(layer, norms, *arrays), both_ways(layer, fast, *arrays)
    for name, exact, theirs, ours in zip(("out", "dx", "dgamma", "dbeta"), right, own, found, strict=False):
        largest = np.max(np.abs(exact))
        rounding = 4 * np.finfo(np.float32).eps * largest
        assert np.max(np.abs(ours - exact)) <= max(np.max(np.abs(theirs - exact)), rounding), name


@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_sums_of_a_million_numbers_are_as_accurate_as_numpys_pairwise_sums(offset):
    errors = []
    for seed in range(8):
        x = (np.random.default_rng(seed).normal(size=(1_000_000, 1)) + offset).astype(np.float32)
        found = fast._sums(x, None, None, x, blocks.Plan(x, None, None))[0]
        errors.append(np.concatenate([found, x.sum(axis=0)]) - x.sum(dtype=np.float64))
    ours, numpys = np.sqrt(np.mean(np.square(errors), axis=0))
    assert ours <= numpys


def test_the_variance_stands_an_outlier_in_the_first_row_and_blocks_that_are_far_apart():
    rng = np.random.default_rng(6)
    x = rng.normal(size=(300_000, 3)).astype(np.float32)
    x[0] = 1e4
    x[150_000:] += np.float32([0.0, 1000.0, -3e4])
    param = {"mode": "train", "momentum": 0.0}
    fast.batchnorm_forward(x, np.ones(3), np.zeros(3), param)
    np.testing.assert_allclose(param["running_var"], np.var(x, axis=0, dtype=np.float64), rtol=1e-6)
    np.testing.assert_allclose(
        param["running_mean"], np.mean(x, axis=0, dtype=np.float64), rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1)], ids=str)
@EACH
def test_one_row_or_one_column_is_no_special_case(layer, shape):
    arrays = inputs(np.random.default_rng(7), shape)
    right = both_ways(layer, norms, *arrays)
    assert_close(both_ways(layer, fast, *arrays), right, 1e-12, sizes_of(layer, *arrays, right))


@pytest.mark.parametrize("shape", [(40, 6), (4000, 300)], ids=str)
@EACH
def test_nan_and_infinity_stay_where_they_belong(layer, shape):
    x, gamma, beta, dout = inputs(np.random.default_rng(8), shape)
    x[3, 2] = np.nan
    x[5, 4] = np.inf
    with np.errstate(invalid="ignore"):
        right, found = (both_ways(layer, module, x, gamma, beta, dout) for module in (norms, fast))
    for name, wanted, got in zip(("out", "dx", "dgamma", "dbeta"), right, found, strict=False):
        np.testing.assert_array_equal(np.isfinite(got), np.isfinite(wanted), err_msg=name)
        np.testing.assert_array_equal(np.isnan(got), np.isnan(wanted), err_msg=name)


@pytest.mark.parametrize("scale", [1e-15, 1e-8, 1e15])
@pytest.mark.parametrize("shape", [(50, 4), (30_000, 40)], ids=str)
def test_huge_and_tiny_numbers_lose_nothing(shape, scale):
    x, gamma, beta, dout = inputs(np.random.default_rng(9), shape, np.float32, scale=scale)
    right = both_ways(
        "batch", norms, *(array.astype(np.float64) for array in (x, gamma, beta, dout)), eps=1e-12
    )
    found = both_ways("batch", fast, x, gamma, beta, dout, eps=1e-12)
    for got, wanted in zip(found, right, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-4 * np.max(np.abs(wanted)))


@EACH
def test_integers_and_lists_become_float64_and_float32_stays(layer):
    x = np.arange(12).reshape(4, 3)
    rest = np.ones(3, int), np.zeros(3, int), np.ones((4, 3), int)
    found = both_ways(layer, fast, x.tolist(), *rest)
    right = both_ways(layer, norms, x.astype(float), *(array.astype(float) for array in rest))
    assert all(array.dtype == np.float64 for array in found)
    assert_close(found, right, 1e-12, [10.0] * 4)
    assert both_ways(layer, fast, x.astype(np.float16), *rest)[0].dtype == np.float64


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)], ids=str)
@EACH
def test_an_empty_array_is_refused_with_its_shape(layer, shape):
    x, gamma, beta, _ = inputs(np.random.default_rng(10), shape)
    with pytest.raises(ValueError, match=rf"\({shape[0]}, {shape[1]}\).*nothing in it"):
        LAYERS[layer][0](fast, x, gamma, beta, 1e-3)


@EACH
def test_an_out_that_overlaps_or_does_not_fit_is_refused(layer):
    x, gamma, beta, dout = inputs(np.random.default_rng(11), (6, 4))
    forward, backward = LAYERS[layer]
    with pytest.raises(ValueError, match="memory of its own"):
        forward(fast, x, gamma, beta, 1e-3, out=x)
    _, cache = forward(fast, x, gamma, beta, 1e-3)
    with pytest.raises(ValueError, match="memory of its own"):
        backward(fast)(dout, cache, out=dout)
    with pytest.raises(ValueError, match=r"float64 of \(6, 4\)"):
        backward(fast)(dout, cache, out=np.empty((6, 4), np.float32))
    with pytest.raises(ValueError, match="dout has the shape"):
        backward(fast)(dout[:3], cache)
    with pytest.raises(ValueError, match="complex"):
        forward(fast, x * 1j, gamma, beta, 1e-3)


def test_running_statistics_and_modes_are_those_of_the_plain_layer():
    rng = np.random.default_rng(12)
    plain, quick = ({"mode": "train", "momentum": 0.7} for _ in range(2))
    for shape in [(40, 30), (4000, 30)]:
        x, gamma, beta, _ = inputs(rng, shape)
        for module, param in ((norms, plain), (fast, quick)):
            module.batchnorm_forward(x, gamma, beta, param)
    for name in ("running_mean", "running_var"):
        np.testing.assert_allclose(quick[name], plain[name], rtol=1e-12, atol=1e-14)
    with pytest.raises(ValueError, match="'train' or to 'test'"):
        fast.batchnorm_forward(x, gamma, beta, {"mode": "trian"})


@pytest.mark.parametrize("shape", [(30, 20), (3000, 200)], ids=str)
def test_the_staged_forms_cache_will_do(shape):
    x, gamma, beta, dout = inputs(np.random.default_rng(13), shape)
    _, cache = staged.batchnorm_forward(x, gamma, beta, 1e-3)
    for got, right in zip(
        fast.batchnorm_backward(dout, cache), staged.batchnorm_backward(dout, cache), strict=True
    ):
        np.testing.assert_allclose(got, right, rtol=1e-9, atol=1e-11)
    with pytest.raises(ValueError, match="4 entries"):
        fast.batchnorm_backward(dout, norms.batchnorm_forward(x, gamma, beta, {"mode": "test"})[1])


@pytest.mark.parametrize("whole_rows", [False, True])
@pytest.mark.parametrize("shape", [*SHAPES, (1, 1), (8191, 1), (65_536, 256)], ids=str)
def test_blocks_cover_each_entry_once_and_have_whole_wide_rows(shape, whole_rows):
    x = np.zeros(shape, np.float32)
    for block in blocks.blocks(x, whole_rows=whole_rows):
        x[block.rows, block.columns] += 1
        assert (block.rows.stop - block.rows.start) % block.fold == 0
    assert np.all(x == 1)


def test_the_caches_are_read_from_the_system_and_usual_sizes_are_taken_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "CACHES", tmp_path)
    assert machine.caches.__wrapped__() == (2**15, 2**21)
    for name, kind, size, cpus in [
        ("index0", "Data", "48K", "0"),
        ("index1", "Instruction", "32K", "0"),
        ("index2", "Unified", "1024K", "0,4"),
        ("index3", "Unified", "32768K", "0-3,8-11"),
        ("index9", "Unified", "?", "0"),
    ]:
        (tmp_path / name).mkdir()
        for file, text in {"type": kind, "size": size, "shared_cpu_list": cpus}.items():
            (tmp_path / name / file).write_text(text + "\n")
    assert machine.caches.__wrapped__() == (48 * 2**10, 2**22)


@pytest.mark.parametrize("threads", [1, 3])
def test_numpys_buffer_is_what_it_was(threads):
    before = np.setbufsize(4096)
    try:
        both_ways("batch", fast, *inputs(np.random.default_rng(15), (3000, 300)), threads=threads)
        assert np.getbufsize() == 4096
    finally:
        np.setbufsize(before)


def test_an_error_in_a_thread_arrives_and_the_callers_errstate_holds_there():
    def fail(part, thread):
        raise RuntimeError(f"part {part}")

    with pytest.raises(RuntimeError, match="part"):
        machine.run(fail, range(20), 0, 3, row=100)
    x, gamma, beta, _ = inputs(np.random.default_rng(14), (3000, 300))
    x[:, 0] = np.inf
    with np.errstate(invalid="raise"), pytest.raises(FloatingPointError):
        fast.batchnorm_forward(x, gamma, beta, {"mode": "train"}, threads=3)
