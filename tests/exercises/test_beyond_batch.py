"""Notebook 09: every layer of the family is judged as a pair, and a mistake with an axis can't hide."""

import re
from pathlib import Path

import numpy as np
import pytest

from bnlib import norms
from bnlib.check.judge import judge
from bnlib.exercises import find
from bnlib.exercises.beyond_batch import EXERCISES
from bnlib.gradcheck import complex_step
from bnlib.plots.family import family, layers_on_images

SOURCE = Path(__file__).parents[2] / "source" / "09_beyond_batch.py"
SEEDS = (None, 1, 2026)


def verdict(identifier, *functions, seed=None):
    """Judge functions given in the order of the exercise's own function, then the other of its pair."""
    return judge(identifier, dict(zip(find(identifier).needs, functions, strict=False)), seed)


def names(table):
    """Ids for a table of (exercise, words, functions)."""
    return [f"{identifier} {words}" for identifier, words, *_ in table]


# Layers on rows, with what can go wrong as options.


def ln(x, gamma, beta, ln_param, *, axis=1, ddof=0, outside=False, divide=True, keepdims=True):
    eps = ln_param.get("eps", 1e-5)
    xmu = x - np.mean(x, axis=axis, keepdims=keepdims)
    var = np.sum(xmu**2, axis=axis, keepdims=keepdims) / max(x.shape[axis] - ddof, 1)
    root = np.sqrt(var) + eps if outside else np.sqrt(var + eps)
    xhat = xmu / root if divide else xmu - root
    return gamma * xhat + beta, (xhat, gamma, 1 / root)


def ln_back(dout, cache, *, inside=True, mean=True, along=True, axis=1, sums=np.sum, extra=False):
    xhat, gamma, ivar = cache
    g = dout * gamma if inside else dout
    dx = g - (np.mean(g, axis=axis, keepdims=True) if mean else 0)
    dx = ivar * (dx - (xhat * np.mean(g * xhat, axis=axis, keepdims=True) if along else 0))
    dgamma = sums(dout * xhat, axis=0) * (gamma if extra else 1)
    return dx * (1 if inside else gamma), dgamma, sums(dout, axis=0)


def rms(x, gamma, eps, *, mean=False, root=True, outside=False, axis=1):
    x = x - x.mean(axis=1, keepdims=True) if mean else x
    square = np.mean(x**2, axis=axis, keepdims=True)
    size = np.sqrt(square) + eps if outside else np.sqrt(square + eps) if root else square + eps
    return gamma * (x / size), (x / size, gamma, 1 / size)


def rms_back(dout, cache, **wrong):
    return ln_back(dout, cache, **{"mean": False, **wrong})[:2]


def with_options(function, **options):
    return lambda *args: function(*args, **options)


# Layers on images.


def stand(x):
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)


def sbn(x, gamma, beta, bn_param, *, axes=(0, 2, 3)):
    """By axes instead of rows, with the running statistics written out."""
    eps, m = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    mean, var = (bn_param.get(key, np.zeros(x.shape[1])) for key in ("running_mean", "running_var"))
    if bn_param["mode"] == "train":
        mu, v = x.mean(axis=axes), x.var(axis=axes)
        bn_param["running_mean"] = m * mean + (1 - m) * mu
        bn_param["running_var"] = m * var + (1 - m) * v
    else:
        mu, v = mean, var
    ivar = 1 / np.sqrt(v + eps)[:, None, None]
    xhat = (x - mu[:, None, None]) * ivar
    return gamma[:, None, None] * xhat + beta[:, None, None], (xhat, gamma[:, None, None], ivar)


def sbn_back(dout, cache, *, sums=np.sum, constants=False, axes=(0, 2, 3)):
    xhat, gamma, ivar = cache
    dx = dout - dout.mean(axis=axes, keepdims=True) - xhat * (dout * xhat).mean(axis=axes, keepdims=True)
    dx = dout if constants else dx
    return gamma * ivar * dx, sums(dout * xhat, axis=(0, 2, 3)), sums(dout, axis=(0, 2, 3))


def only_reshaped(x, gamma, beta, bn_param):
    out, cache = norms.batchnorm_forward(x.reshape(-1, x.shape[1]), gamma, beta, bn_param)
    return out.reshape(x.shape), cache


def not_moved_back(x, gamma, beta, bn_param):
    rows = np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])
    out, cache = norms.batchnorm_forward(rows, gamma, beta, bn_param)
    return out.reshape(x.shape), cache


def left_last(x, gamma, beta, bn_param):
    out, cache = norms.spatial_batchnorm_forward(x, gamma, beta, bn_param)
    return np.moveaxis(out, 1, -1), cache


def per_pixel(x, gamma, beta, bn_param):
    out = gamma[:, None, None] * stand(x) + beta[:, None, None]
    bn_param["running_mean"], bn_param["running_var"] = x.mean(axis=0), x.var(axis=0)
    return out, ()


def backward_only_reshaped(dout, cache):
    dx, dgamma, dbeta = norms.batchnorm_backward(dout.reshape(-1, dout.shape[1]), cache)
    return dx.reshape(dout.shape), dgamma, dbeta


def gn(x, gamma, beta, G, gn_param, *, order=False, axes=(2, 3, 4)):
    n, c, h, w = x.shape
    eps = gn_param.get("eps", 1e-5)
    shape = (n, c // G, G, h, w) if order else (n, G, c // G, h, w)
    axes = (1, 3, 4) if order else axes
    groups = x.reshape(shape)
    xmu = groups - groups.mean(axis=axes, keepdims=True)
    ivar = 1 / np.sqrt((xmu**2).mean(axis=axes, keepdims=True) + eps)
    xhat = (xmu * ivar).reshape(x.shape)
    return gamma * xhat + beta, (xhat, gamma, ivar, G)


def gn_back(dout, cache, *, inside=True, keepdims=True, whole=False):
    xhat, gamma, ivar, G = cache
    n, c, h, w = dout.shape
    shape = (n, G, c // G, h, w)
    axes = (1, 2, 3, 4) if whole else (2, 3, 4)
    g, xg = (dout * gamma if inside else dout).reshape(shape), xhat.reshape(shape)
    dx = ivar * (g - g.mean(axis=axes, keepdims=True) - xg * (g * xg).mean(axis=axes, keepdims=True))
    dx = dx.reshape(dout.shape) * (1 if inside else gamma)
    return dx, *((a.sum(axis=(0, 2, 3), keepdims=keepdims)) for a in (dout * xhat, dout))


def image_by_image(x, gamma, beta, G, gn_param):
    """Loops over images and groups, and a cache of its own kind."""
    size, eps = x.shape[1] // G, gn_param.get("eps", 1e-5)
    xhat = np.zeros(x.shape, np.result_type(x, np.float32))
    for i in range(len(x)):
        for k in range(0, x.shape[1], size):
            part = x[i, k : k + size]
            xhat[i, k : k + size] = (part - part.mean()) / np.sqrt(part.var() + eps)
    return gamma * xhat + beta, {"x": x, "gamma": gamma, "G": G, "eps": eps}


def from_that_cache(dout, cache):
    _, kept = gn(cache["x"], cache["gamma"], 0.0, cache["G"], {"eps": cache["eps"]})
    return gn_back(dout, kept)


def by_einsum(dout, cache):
    xhat, gamma, ivar = cache
    g, d = dout * gamma, dout.shape[1]
    dx = g - np.einsum("nd->n", g)[:, None] / d - xhat * np.einsum("nd,nd->n", g, xhat)[:, None] / d
    return dx * ivar, np.einsum("nd,nd->d", dout, xhat), np.einsum("nd->d", dout)


def transposed(x, gamma, beta, ln_param):
    """Batch normalization of the transposed array."""
    n = len(x)
    out, cache = norms.batchnorm_forward(x.T, np.ones(n), np.zeros(n), {"mode": "train", **ln_param})
    return gamma * out.T + beta, (cache, gamma)


def back_through_the_transposed(dout, cache):
    inner, gamma = cache
    dx, _, _ = norms.batchnorm_backward((dout * gamma).T, inner)
    return dx.T, (dout * inner.xhat.T).sum(0), dout.sum(0)


RIGHT = [
    ("9.1", "np.mean", ln),
    ("9.1", "the transposed array", transposed),
    ("9.2", "two means", ln_back, ln),
    ("9.2", "einsum", by_einsum, ln),
    ("9.2", "the transposed array", back_through_the_transposed, transposed),
    ("9.3", "by axes", sbn),
    ("9.4", "by axes", sbn_back, sbn),
    ("9.5", "five axes", gn),
    ("9.5", "loops", image_by_image),
    ("9.6", "five axes", gn_back, gn),
    ("9.6", "a dictionary for a cache", from_that_cache, image_by_image),
    ("9.7", "a division", rms),
    ("9.8", "one mean", rms_back, rms),
]

WRONG = [
    ("9.1", "the other axis", "`out` has other", with_options(ln, axis=0)),
    ("9.1", "N - 1", "`out` has other", with_options(ln, ddof=1)),
    ("9.1", "eps outside the root", "`out` has other", with_options(ln, outside=True)),
    ("9.1", "the deviation subtracted", "`out` has other", with_options(ln, divide=False)),
    ("9.1", "another eps by default", "`out` has other", lambda x, g, b, p: ln(x, g, b, {"eps": 1e-8, **p})),
    ("9.1", "no cache", "should return `out` and `cache`", lambda *a: ln(*a)[0]),
    ("9.2", "gamma pulled out", "`dx` has other", with_options(ln_back, inside=False), ln),
    ("9.2", "gamma in dgamma", "`dgamma` has other", with_options(ln_back, extra=True), ln),
    ("9.2", "the mean's path lost", "`dx` has other", with_options(ln_back, mean=False), ln),
    ("9.2", "the variance's path lost", "`dx` has other", with_options(ln_back, along=False), ln),
    ("9.2", "the other axis", "`dx` has other", with_options(ln_back, axis=0), ln),
    ("9.2", "mean for sum", "`dgamma` has other", with_options(ln_back, sums=np.mean), ln),
    ("9.2", "a wrong forward pass", '`check("9.1")`', ln_back, with_options(ln, ddof=1)),
    ("9.2", "no cache", "returns no cache", ln_back, lambda *a: (ln(*a)[0], None)),
    ("9.3", "only reshaped", "`out` has other", only_reshaped),
    ("9.3", "not moved back", "`out` has other", not_moved_back),
    ("9.3", "channels last", "`out` should have the shape (N, C, H, W)", left_last),
    ("9.3", "statistics per pixel", "`out` has other", per_pixel),
    ("9.4", "only reshaped", "`dx` has other", backward_only_reshaped, norms.spatial_batchnorm_forward),
    ("9.4", "constants", "`dx` has other", with_options(sbn_back, constants=True), sbn),
    ("9.4", "mean for sum", "`dgamma` has other", with_options(sbn_back, sums=np.mean), sbn),
    ("9.4", "the batch's axis alone", "`dx` has other", with_options(sbn_back, axes=0), sbn),
    ("9.5", "groups of every Gth channel", "`out` has other", with_options(gn, order=True)),
    ("9.5", "over the images too", "`out` has other", with_options(gn, axes=(0, 2, 3, 4))),
    ("9.5", "channels by themselves", "`out` has other", with_options(gn, axes=(3, 4))),
    ("9.6", "gamma pulled out", "`dx` has other", with_options(gn_back, inside=False), gn),
    ("9.6", "(C,)", "`dgamma` should have the shape (1, C, 1, 1)", with_options(gn_back, keepdims=False), gn),
    ("9.6", "one group", "`dx` has other", with_options(gn_back, whole=True), gn),
    ("9.7", "the mean taken off", "`out` has other", with_options(rms, mean=True)),
    ("9.7", "no root", "`out` has other", with_options(rms, root=False)),
    ("9.7", "eps outside the root", "`out` has other", with_options(rms, outside=True)),
    ("9.7", "the other axis", "`out` has other", with_options(rms, axis=0)),
    ("9.8", "the mean's path too", "`dx` has other", with_options(rms_back, mean=True), rms),
    ("9.8", "constants", "`dx` has other", with_options(rms_back, along=False), rms),
    ("9.8", "gamma pulled out", "`dx` has other", with_options(rms_back, inside=False), rms),
    ("9.8", "a third gradient", "It should return `dx`, `dgamma`", with_options(ln_back, mean=False), rms),
]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_reference_passes(exercise, seed):
    found = judge(exercise.id, exercise.needs, seed)
    assert found.status == "passed", found.message


@pytest.mark.parametrize(
    ("identifier", "words", "functions"), [(i, w, f) for i, w, *f in RIGHT], ids=names(RIGHT)
)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_right_pair_passes_however_it_is_written(identifier, words, functions, seed):
    found = verdict(identifier, *functions, seed=seed)
    assert found.status == "passed", f"{found.message} Found with {found.case}."


@pytest.mark.parametrize(
    ("identifier", "words", "says", "functions"), [(i, w, s, f) for i, w, s, *f in WRONG], ids=names(WRONG)
)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_wrong_answer_fails_and_the_message_names_the_output(identifier, words, says, functions, seed):
    found = verdict(identifier, *functions, seed=seed)
    assert found.status == "failed", found.message
    assert says in found.message


def test_every_exercise_has_three_wrong_answers():
    count = {exercise.id: 0 for exercise in EXERCISES}
    for identifier, *_ in WRONG:
        count[identifier] += 1
    assert min(count.values()) >= 3, count


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_an_untouched_cell_is_not_an_error(exercise):
    stubs = dict.fromkeys(exercise.needs, lambda *args: (None, None))
    assert judge(exercise.id, stubs).status == "not started"
    assert judge(exercise.id, {}).status == "not started"


@pytest.mark.parametrize("exercise", EXERCISES[1::2], ids=lambda e: e.id)
def test_a_backward_pass_that_is_not_written_is_not_an_error(exercise):
    stub = dict.fromkeys(exercise.references, lambda dout, cache: (None,) * len(exercise.returns))
    assert judge(exercise.id, {**exercise.needs, **stub}).status == "not started"


@pytest.mark.parametrize("exercise", EXERCISES[1::2], ids=lambda e: e.id)
def test_a_wrong_forward_pass_is_named_with_its_own_exercise(exercise):
    forward, right = next(iter(exercise.also.items()))
    other = dict(exercise.needs)
    other[forward] = lambda *args: ((found := right(*args))[0] + 1.0, found[1])
    found = judge(exercise.id, other)
    number = EXERCISES[EXERCISES.index(exercise) - 1].id
    assert found.status == "failed"
    assert f"`{forward}`" in found.message
    assert f'`check("{number}")`' in found.message


def test_a_forward_pass_that_is_off_in_its_last_digits_is_still_not_right():
    def nearly(*args):
        out, cache = norms.layernorm_forward(*args)
        return out * (1 + 1e-6), cache

    found = verdict("9.2", norms.layernorm_backward, nearly)
    assert found.status == "failed"
    assert "`out` has other values" in found.message


def test_a_missing_axis_without_keepdims_is_an_error_with_its_line():
    found = verdict("9.1", with_options(ln, keepdims=False))
    assert found.status == "error"
    assert "broadcast" in found.message


def test_a_changed_dout_is_named():
    def scales_in_place(dout, cache):
        dout *= cache[1]
        return ln_back(dout, (cache[0], 1.0, cache[2]))

    found = verdict("9.2", scales_in_place, ln)
    assert found.status == "failed"
    assert "changed its input `dout`" in found.message


def test_a_forgotten_running_statistic_is_named():
    def forgets(x, gamma, beta, bn_param):
        return norms.spatial_batchnorm_forward(x, gamma, beta, dict(bn_param))

    found = verdict("9.3", forgets)
    assert found.status == "failed"
    assert "running_mean" in found.message


def test_each_exercise_has_three_hints_and_none_gives_the_line_away():
    for exercise in EXERCISES:
        assert len(exercise.hints) == 3
        assert not any("np.sum" in hint or " = " in hint for hint in exercise.hints)


def test_every_exercise_has_a_heading_to_go_to():
    anchors = {
        line.lstrip("# ").strip().replace(" ", "-")
        for line in SOURCE.read_text(encoding="utf-8").splitlines()
        if re.match(r"# #+ ", line)
    }
    assert {exercise.section for exercise in EXERCISES} <= anchors


@pytest.mark.parametrize("exercise", EXERCISES[1::2], ids=lambda e: e.id)
def test_the_references_agree_with_the_complex_step_on_the_exercises_own_cases(exercise):
    forward = next(iter(exercise.also.values()))
    for case in exercise.cases(np.random.default_rng(3)):
        x, *rest, dout = case.args
        if x.size > 150 or x.dtype != np.float64:
            continue
        found = dict(zip(exercise.outputs, exercise.run(exercise.needs, case.args), strict=True))
        witness = complex_step(lambda v, rest=rest: forward(v, *rest)[0], x, dout)
        np.testing.assert_allclose(
            found["dx"], witness, rtol=0, atol=1e-11 * case.scale["dx"], err_msg=case.says
        )
        witness = complex_step(lambda v, x=x, rest=rest: forward(x, v, *rest[1:])[0], rest[0], dout)
        atol = 1e-11 * case.scale["dgamma"]
        np.testing.assert_allclose(found["dgamma"], witness, rtol=0, atol=atol, err_msg=case.says)


def test_the_cases_of_images_have_four_different_lengths_and_once_two_equal_ones():
    shapes = [case.args[0].shape for case in find("9.6").cases(np.random.default_rng(0))]
    assert any(len(set(shape)) == 4 for shape in shapes)
    assert any(shape[0] == shape[1] for shape in shapes)
    assert any(shape[2:] == (1, 1) for shape in shapes)


def test_the_picture_of_the_family_says_what_it_shows():
    shared = np.zeros((3, 4, 2, 5), bool)
    shared[:, 0] = True
    seen = family({"BatchNorm": shared})
    assert "BatchNorm: 3 of 3 images, 1 of 4 channels, 10 of 10 pixels" in seen.alt
    shared[0, 1, 0, 0] = True
    assert "not all of their combinations" in family({"odd": shared}).alt


def test_the_layers_of_the_picture_average_over_the_axes_that_their_names_promise():
    x = np.random.default_rng(0).normal(size=(3, 4, 2, 5))
    out = {name: layer(x) for name, layer in layers_on_images(4).items()}
    axes = {"BatchNorm": (0, 2, 3), "LayerNorm": (1, 2, 3), "InstanceNorm": (2, 3)}
    for name, over in axes.items():
        np.testing.assert_allclose(out[name].mean(axis=over), 0, atol=1e-12)
        np.testing.assert_allclose(out[name].std(axis=over), 1, atol=1e-3)
    groups = out["GroupNorm, G = 2"].reshape(3, 2, 2, 2, 5)
    np.testing.assert_allclose(groups.mean(axis=(2, 3, 4)), 0, atol=1e-12)
    np.testing.assert_allclose((out["RMSNorm"] ** 2).mean(axis=(1, 2, 3)), 1, atol=1e-3)


@pytest.mark.parametrize("array", [np.zeros((2, 3), bool), np.zeros((1, 2, 3, 4))])
def test_the_picture_of_the_family_refuses_other_arrays(array):
    with pytest.raises(ValueError, match="boolean array"):
        family({"wrong": array})
