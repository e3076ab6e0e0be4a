"""Notebook 06: matrices pass however they are written, and the question's data are R's own."""

import re
from itertools import islice
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

from bnlib.check.judge import judge
from bnlib.data import two_layer
from bnlib.exercises import find
from bnlib.exercises.matrix_form import EXERCISES, normalize_jacobian, two_layer_gradients
from bnlib.gradcheck import complex_step, numeric_gradient
from bnlib.plots.three_rows import ALONG_THE_MEAN, three_rows, view

SOURCE = Path(__file__).parents[2] / "source" / "06_matrix_form.py"
SEEDS = (None, 1, 2026)
ARRAYS = ("X", "G1", "gamma", "beta", "G2", "y")


def verdict(identifier, function, seed=None):
    return judge(identifier, {find(identifier).functions[0]: function}, seed)


def names(table):
    """Ids for a table of (exercise, words, function)."""
    return [f"{identifier} {words}" for identifier, words, *_ in table]


# Answers with one thing in them that may be right or wrong.


def jacobian(x, eps, *, centre=True, along=1.0, ivar=-0.5, ddof=0):
    n, xmu = len(x), x - np.mean(x)
    root = np.mean(xmu**2) + eps
    xhat = xmu / np.sqrt(root)
    mean = np.ones((n, n)) / n if centre else 0
    return (np.eye(n) - mean - along * np.outer(xhat, xhat) / max(n - ddof, 1)) * root**ivar


def by_products(x, eps):
    """(I - xhat xhat'/N)(I - 11'/N), the form before the brackets are multiplied out."""
    n = len(x)
    centre = np.eye(n) - np.full((n, n), 1 / n)
    ivar = (np.var(x) + eps) ** -0.5
    xhat = ivar * (centre @ x)
    return ivar * (np.eye(n) - np.outer(xhat, xhat) / n) @ centre


def by_columns(dxhat, xhat):
    n = len(dxhat)
    columns = [(np.eye(n) - 1 / n - np.outer(v, v) / n) @ g for g, v in zip(dxhat.T, xhat.T, strict=True)]
    return np.stack(columns, axis=1)


def network(X, G1, gamma, beta, G2, y, eps, ddof, **wrong):
    """The four gradients, with the mistakes of the question one by one."""
    n = len(X)
    h = X @ G1
    xc = h - h.mean(0)
    sigma = np.sqrt((xc**2).sum(0) / (n - ddof) + eps)
    xhat = xc / sigma
    b = gamma * xhat + beta
    v = np.maximum(b, 0)
    slope = np.ones_like(b) if wrong.get("slope") else b > 0
    stub = -2 * np.outer(y - v @ G2, G2) * slope / (1 if wrong.get("no_mean") else n)
    g = stub * gamma
    divisor = n if wrong.get("n_backward") else n - ddof
    dh = (g - g.mean(0) - xhat * (g * xhat).sum(0) / divisor) / sigma
    if wrong.get("w_constant"):
        dh = g / sigma
    if wrong.get("times_sigma"):
        dh = dh * sigma**2
    dgamma = (stub * xhat).sum(0) * (gamma if wrong.get("extra_gamma") else 1)
    dG2 = -2 * v.T @ (y - v @ G2) / (1 if wrong.get("no_mean") else n)
    return {"dG1": X.T @ dh, "dG2": dG2, "dgamma": dgamma, "dbeta": stub.sum(0)}


def with_mistake(**wrong):
    return lambda *args: network(*args, **wrong)


def by_the_matrices(X, G1, gamma, beta, G2, y, eps, ddof):
    """The formula with C, Diag and the diagonal matrices."""
    n = len(X)
    centre = np.eye(n) - np.ones((n, n)) / n
    xc = centre @ (X @ G1)
    sigma = np.sqrt(np.diag(xc.T @ xc) / (n - ddof) + eps)
    xhat = xc @ np.diag(1 / sigma)
    b = xhat @ np.diag(gamma) + beta
    v = b * (b > 0)
    error = (y - v @ G2)[:, None]
    s = (b > 0) * (-2 / n * error @ G2[None, :])
    dh = (centre @ s - xhat @ np.diag(np.diag(xhat.T @ s)) / (n - ddof)) @ np.diag(gamma / sigma)
    grads = {"dbeta": np.ones(n) @ s, "dgamma": np.diag(xhat.T @ s), "dG1": X.T @ dh}
    return grads | {"dG2": (-2 / n * v.T @ error)[:, 0]}


def on_its_side(dout, cache, *, axis=1, keepdims=True, gamma_in_dgamma=False):
    xhat, gamma, _, ivar, *_ = cache
    dbeta, dgamma = dout.sum(axis, keepdims=keepdims), (dout * xhat).sum(axis, keepdims=keepdims)
    along = (dout * xhat).mean(axis, keepdims=True)
    dx = gamma * ivar * (dout - dout.mean(axis, keepdims=True) - xhat * along)
    return dx, dgamma * (gamma if gamma_in_dgamma else 1), dbeta


def by_transposing(dout, cache):
    from bnlib.norms import staged

    *arrays, eps = cache
    plain = [a.T if i in (0, 2) else a[:, 0] for i, a in enumerate(arrays)]
    dx, dgamma, dbeta = staged.batchnorm_backward(dout.T, (*plain, eps))
    return dx.T, dgamma[:, None], dbeta[:, None]


RIGHT = [
    ("6.1", "one bracket", jacobian),
    ("6.1", "two brackets", by_products),
    ("6.1", "float64", lambda x, eps: jacobian(x.astype(np.float64), eps)),
    ("6.2", "two means", lambda g, v: g - g.mean(0) - v * (g * v).mean(0)),
    (
        "6.2",
        "einsum",
        lambda g, v: g - np.einsum("nd->d", g) / len(g) - np.einsum("nd,md,md->nd", v, v, g) / len(g),
    ),
    ("6.3", "the diagonal", lambda s, xc, sigma: np.diag(xc.T @ s @ np.diag(1 / sigma))),
    ("6.3", "einsum", lambda s, xc, sigma: np.einsum("nd,nd,d->d", s, xc, 1 / sigma)),
    (
        "6.3",
        "a loop",
        lambda s, xc, sigma: np.array([xc[:, d] @ s[:, d] / sigma[d] for d in range(len(sigma))]),
    ),
    ("6.4", "the layer's sums", network),
    ("6.4", "diagonal matrices", by_the_matrices),
    ("6.5", "keepdims", on_its_side),
    ("6.5", "transposing", by_transposing),
]

WRONG = [
    ("6.1", "the mean's part lost", lambda x, eps: jacobian(x, eps, centre=False), "`jacobian` has other"),
    ("6.1", "the variance's part lost", lambda x, eps: jacobian(x, eps, along=0.0), "`jacobian` has other"),
    ("6.1", "ivar lost", lambda x, eps: jacobian(x, eps, ivar=0.0), "`jacobian` has other"),
    ("6.1", "divided by the variance", lambda x, eps: jacobian(x, eps, ivar=-1.0), "`jacobian` has other"),
    ("6.1", "N - 1", lambda x, eps: jacobian(x, eps, ddof=1), "`jacobian` has other"),
    ("6.1", "eps lost", lambda x, eps: jacobian(x, 0.0), "`jacobian`"),
    ("6.1", "a sign", lambda x, eps: jacobian(x, eps, along=-1.0), "`jacobian` has other"),
    (
        "6.1",
        "a product entry by entry",
        lambda x, eps: jacobian(x, eps).diagonal(),
        "should have the shape (N, N)",
    ),
    ("6.2", "the matrix of each column", by_columns, "an array of N by N"),
    ("6.2", "the mean kept", lambda g, v: g - v * (g * v).mean(0), "`projected` has other"),
    ("6.2", "xhat's part kept", lambda g, v: g - g.mean(0), "`projected` has other"),
    ("6.2", "sums for means", lambda g, v: g - g.sum(0) - v * (g * v).sum(0), "`projected` has other"),
    ("6.2", "no axis", lambda g, v: g - g.mean() - v * (g * v).mean(), "`projected` has other"),
    (
        "6.2",
        "the other axis",
        lambda g, v: g - g.mean(1, keepdims=True) - v * (g * v).mean(1, keepdims=True),
        "has other",
    ),
    (
        "6.2",
        "one matrix for all",
        lambda g, v: g - g.mean(0) - v @ (v.T @ g) / len(g),
        "`projected` has other",
    ),
    ("6.3", "the whole matrix", lambda s, xc, sigma: xc.T @ s / sigma, "`dgamma` should have the shape (D,)"),
    ("6.3", "multiplied by sigma", lambda s, xc, sigma: (xc * s).sum(0) * sigma, "`dgamma` has other"),
    ("6.3", "mean for sum", lambda s, xc, sigma: (xc * s).mean(0) / sigma, "`dgamma` has other"),
    ("6.3", "sigma lost", lambda s, xc, sigma: (xc * s).sum(0), "`dgamma` has other"),
    ("6.4", "the ReLU's slope 1", with_mistake(slope=True), "gradients['dG1']"),
    ("6.4", "1/N lost", with_mistake(no_mean=True), "gradients['dG1']"),
    ("6.4", "N backward", with_mistake(n_backward=True), "gradients['dG1']"),
    ("6.4", "w held constant", with_mistake(w_constant=True), "gradients['dG1']"),
    ("6.4", "multiplied by sigma", with_mistake(times_sigma=True), "gradients['dG1']"),
    ("6.4", "gamma in dgamma", with_mistake(extra_gamma=True), "gradients['dgamma']"),
    ("6.4", "a tuple", lambda *args: tuple(network(*args).values()), "should be a dict"),
    ("6.4", "a gradient missing", lambda *args: {"dG1": network(*args)["dG1"]}, "lacks 'dG2'"),
    (
        "6.4",
        "swapped",
        lambda *a: {**network(*a), "dG1": network(*a)["dG2"], "dG2": network(*a)["dG1"]},
        "dG1",
    ),
    ("6.5", "the other axis", lambda d, c: on_its_side(d, c, axis=0), "`d"),
    ("6.5", "(D,)", lambda d, c: on_its_side(d, c, keepdims=False), "`dgamma` should have the shape (D, 1)"),
    ("6.5", "gamma in dgamma", lambda d, c: on_its_side(d, c, gamma_in_dgamma=True), "`dgamma` has other"),
    ("6.5", "constants", lambda d, c: (d * c[1] * c[3], *on_its_side(d, c)[1:]), "`dx` has other"),
]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_reference_passes(exercise, seed):
    found = judge(exercise.id, exercise.references, seed)
    assert found.status == "passed", found.message


@pytest.mark.parametrize(("identifier", "words", "function"), RIGHT, ids=names(RIGHT))
@pytest.mark.parametrize("seed", SEEDS)
def test_a_right_answer_passes_however_it_is_written(identifier, words, function, seed):
    found = verdict(identifier, function, seed)
    assert found.status == "passed", f"{found.message} Found with {found.case}."


@pytest.mark.parametrize(("identifier", "words", "function", "says"), WRONG, ids=names(WRONG))
@pytest.mark.parametrize("seed", SEEDS)
def test_a_wrong_answer_fails_and_the_message_names_the_output(identifier, words, function, says, seed):
    found = verdict(identifier, function, seed)
    assert found.status == "failed"
    assert says in found.message


def test_every_exercise_has_three_wrong_answers():
    count = {exercise.id: 0 for exercise in EXERCISES}
    for identifier, *_ in WRONG:
        count[identifier] += 1
    assert min(count.values()) >= 3, count


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_an_untouched_cell_is_not_an_error(exercise):
    outputs = len(exercise.returns)
    stub = (lambda *args: (None,) * outputs) if outputs > 1 else (lambda *args: None)
    assert verdict(exercise.id, stub).status == "not started"
    assert judge(exercise.id, {}).status == "not started"


def test_an_exception_is_told_with_the_learners_line():
    found = verdict("6.3", lambda stub, xc, sigma: xc @ stub @ np.ones((99, 99)))
    assert found.status == "error"
    assert "ValueError" in found.message


def test_a_changed_input_is_named():
    def scales_in_place(dxhat, xhat):
        dxhat -= dxhat.mean(axis=0)
        return dxhat - xhat * np.mean(dxhat * xhat, axis=0)

    found = verdict("6.2", scales_in_place)
    assert found.status == "failed"
    assert "changed its input `dxhat`" in found.message


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


@pytest.mark.parametrize("eps", [1e-8, 1e-3, 1.0, 100.0])
def test_the_jacobian_is_exact_for_every_eps(eps):
    x = np.random.default_rng(3).normal(2.0, 1.5, 6)

    def normalized(column):
        xmu = column - np.mean(column)
        return xmu / np.sqrt(np.mean(xmu**2) + eps)

    measured = np.array([complex_step(normalized, x, row) for row in np.eye(6)])
    np.testing.assert_allclose(normalize_jacobian(x, eps), measured, rtol=0, atol=1e-14)


@pytest.mark.parametrize(("eps", "ddof"), [(0.0, 1), (1e-5, 0)])
def test_the_networks_gradients_agree_with_differences(eps, ddof):
    data = two_layer.problem()
    found = two_layer_gradients(*(data[name] for name in ARRAYS), eps, ddof)

    def loss(name, moved):
        X, G1, gamma, beta, G2, y = ({**data, name: moved}[k] for k in ARRAYS)
        h = X @ G1
        xhat = (h - h.mean(0)) / np.sqrt(h.var(0, ddof=ddof) + eps)
        return np.mean((y - np.maximum(gamma * xhat + beta, 0) @ G2) ** 2)

    for name in ("G1", "gamma", "beta", "G2"):
        measured = numeric_gradient(lambda moved, name=name: loss(name, moved), data[name], 1.0)
        np.testing.assert_allclose(found[f"d{name}"], measured, rtol=0, atol=1e-8)


def test_the_gradients_of_beta_are_the_known_ones():
    data = [two_layer.problem()[name] for name in ARRAYS]
    of_the_question = two_layer_gradients(*data, 0.0, 1)["dbeta"]
    of_the_course = two_layer_gradients(*data, 1e-5, 0)["dbeta"]
    np.testing.assert_allclose(of_the_question, [0.0995, 0.1151, -0.4043, -0.0317], atol=5e-5)
    np.testing.assert_allclose(of_the_course, [0.0810, 0.1202, -0.2131, -0.0324], atol=5e-5)


def uniform_numbers_of_r(seed):
    """R's runif after set.seed(seed): a Mersenne Twister, seeded by a congruential generator."""
    state, key = seed, []
    for i in range(50 + 625):
        state = (69069 * state + 1) % 2**32
        if i > 50:
            key.append(state)
    twister = np.random.MT19937()
    twister.state = {**twister.state, "state": {"key": np.array(key, dtype=np.uint32), "pos": 624}}
    while True:
        yield int(twister.random_raw()) * 2.3283064365386963e-10


def test_the_data_are_those_of_rs_seed_1():
    stream, data = uniform_numbers_of_r(1), two_layer.problem()

    def normals(count):
        # R's "inversion" joins two uniform numbers to one with more digits.
        pairs = zip(islice(stream, 0, None), stream, strict=False)
        digits = ((int(2**27 * a) + b) / 2**27 for a, b in islice(pairs, count))
        return np.array([NormalDist().inv_cdf(p) for p in digits])

    G1, G2, u = normals(28).reshape(4, 7).T, normals(4), normals(10)
    X = np.round(-5 + 10 * np.array(list(islice(stream, 70)))).reshape(7, 10).T
    for name, drawn in {"G1": G1, "G2": G2, "u": u, "X": X}.items():
        np.testing.assert_allclose(data[name], drawn, rtol=0, atol=1e-12, err_msg=name)
    h = X @ G1
    b = data["gamma"] * (h - h.mean(0)) / h.std(0, ddof=1) + data["beta"]
    np.testing.assert_allclose(data["y"], np.maximum(b, 0) @ G2 + u, rtol=0, atol=1e-12)


def test_the_questions_formulas_give_what_it_printed():
    data, printed = two_layer.problem(), two_layer.printed()
    h = data["X"] @ data["G1"]
    sigma = h.std(0, ddof=1)
    stub = -2 * np.outer(data["u"], data["G2"])
    np.testing.assert_allclose(stub.sum(0), printed["drdb"], rtol=1e-5)
    np.testing.assert_allclose(data["X"].T @ (stub * data["gamma"] * sigma), printed["drdG1"], rtol=1e-5)
    xhat = (h - h.mean(0)) / sigma
    np.testing.assert_allclose(xhat.T @ (stub * data["gamma"]), printed["drdg"], rtol=1e-5)


def test_the_picture_looks_along_the_mean_where_it_says_so():
    np.testing.assert_allclose(view(*ALONG_THE_MEAN) @ np.ones(3), 0, atol=1e-12)
    np.testing.assert_allclose(view(30, -20) @ view(30, -20).T, np.eye(2), atol=1e-12)


def test_the_picture_says_in_words_what_is_left():
    seen = three_rows([1.0, 5.0, 2.0], [0.2, 2.2, -0.6])
    assert "(0.60, 0.20, -0.80)" in seen.alt
    assert seen.svg.count("<path") > 10
    assert seen == three_rows([1.0, 5.0, 2.0], [0.2, 2.2, -0.6])


@pytest.mark.parametrize(("x", "eps"), [([1.0, 1.0, 1.0], 0.0), ([1.0, 2.0], 0.1)])
def test_the_picture_refuses_what_it_cannot_show(x, eps):
    with pytest.raises(ValueError, match="three rows"):
        three_rows(x, np.ones(len(x)), eps=eps)
