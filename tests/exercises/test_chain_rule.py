"""The exercises of notebook 02: right answers pass in any spelling, each wrong one fails, and says where."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from bnlib import judge
from bnlib.exercises import find
from bnlib.exercises.chain_rule import EXERCISES

IDS = [exercise.id for exercise in EXERCISES]
BY_ID = pytest.mark.parametrize("exercise_id", IDS)
SEEDS = (None, 0, 1, 2, 3, 4, 5, 6)


def verdict(exercise_id, answer, seed=None):
    return judge(exercise_id, {find(exercise_id).functions[0]: answer}, seed)


@BY_ID
@pytest.mark.parametrize("seed", SEEDS)
def test_the_reference_passes_for_every_seed(exercise_id, seed):
    found = judge(exercise_id, find(exercise_id).references, seed)
    assert found.passed, found.message


@BY_ID
def test_an_exercise_has_three_hints_and_the_signature_of_the_curriculum(exercise_id):
    signatures = {
        "2.1": "add_backward(dz, x, y) -> dx, dy",
        "2.2": "mul_backward(dz, x, y) -> dx, dy",
        "2.3": "broadcast_add_backward(dz, x, b) -> dx, db",
        "2.4": "mean_backward(dmu, x) -> dx",
        "2.5": "fan_out_backward(dz, x) -> dx",
        "2.6": "backward(order, parents, local, seed) -> grads",
    }
    assert len(find(exercise_id).hints) == 3
    assert find(exercise_id).signature == signatures[exercise_id]


# Right answers ---------------------------------------------------------------------------------------------


def product_by_einsum(dz, x, y):
    return np.einsum("...,...->...", dz, y), np.einsum("...,...->...", dz, x)


def broadcast_by_loops(dz, x, b):
    dx, db = np.empty(dz.shape), np.zeros(b.shape)
    for i in range(dz.shape[0]):
        for j in range(dz.shape[1]):
            dx[i, j] = dz[i, j]
            db[j] += dz[i, j]
    return dx, db


def fan_out_expanded(dz, x):
    return dz * (2 * x - x.mean(0)) - (dz * x).mean(0)


def fan_out_by_jacobian(dz, x):
    # The Jacobian of one column: d z_i / d x_k.
    n, d = x.shape
    dx = np.empty((n, d))
    for j in range(d):
        c = x[:, j]
        jacobian = np.diag(2.0 * c - c.mean()) - np.outer(c, np.ones(n)) / n
        dx[:, j] = dz[:, j] @ jacobian
    return dx


def fan_out_by_steps(dz, x):
    mu = np.mean(x, axis=0)
    xmu = x - mu
    dx1, dxmu = dz * xmu, dz * x
    dx2, dmu = dxmu, -np.sum(dxmu, axis=0)
    dx3 = np.ones_like(x) * dmu / x.shape[0]
    return dx1 + dx2 + dx3


def sweep_into_a_defaultdict(order, parents, local, seed):
    grads = defaultdict(float, {order[-1]: seed})
    for node in order[::-1]:
        for k, parent in enumerate(parents[node]):
            grads[parent] += local[node][k] * grads[node]
        grads[node] += 0
    return grads


def pull_from_children(order, parents, local, seed):
    """Each node collects from its children, instead of each node sending to its parents."""
    grads = {}
    for node in reversed(order):
        grads[node] = seed if node == order[-1] else 0
        for child in order:
            edges = zip(parents[child], local[child], strict=True)
            grads[node] += sum(slope * grads[child] for parent, slope in edges if parent == node)
    return grads


def every_path(order, parents, local, seed):
    """Slow and right: what has just arrived goes on at once, along each path by itself."""
    grads = Counter()

    def send(node, arrived):
        grads[node] += arrived
        for parent, slope in zip(parents[node], local[node], strict=True):
            send(parent, arrived * slope)

    send(order[-1], seed)
    return {node: grads[node] for node in order}


RIGHT = {
    "2.1": [
        lambda dz, x, y: (dz, dz),
        lambda dz, x, y: (1.0 * dz, dz * np.ones_like(dz)),
        lambda dz, x, y: (dz.astype(np.float64), dz.astype(np.float64)),
    ],
    "2.2": [lambda dz, x, y: (y * dz, x * dz), product_by_einsum],
    "2.3": [
        lambda dz, x, b: (dz, dz.sum(0)),
        lambda dz, x, b: (dz, np.ones(len(dz)) @ dz),
        lambda dz, x, b: (dz, len(dz) * dz.mean(axis=0)),
        lambda dz, x, b: (dz, np.einsum("ij->j", dz)),
        broadcast_by_loops,
    ],
    "2.4": [
        lambda dmu, x: np.ones(x.shape) * dmu / x.shape[0],
        lambda dmu, x: np.tile(dmu / len(x), (len(x), 1)),
        lambda dmu, x: np.broadcast_to(dmu / len(x), x.shape),
        lambda dmu, x: np.outer(np.ones(len(x)) / len(x), dmu),
        lambda dmu, x: np.zeros(x.shape) + dmu * (1.0 / len(x)),
    ],
    "2.5": [fan_out_expanded, fan_out_by_jacobian, fan_out_by_steps],
    "2.6": [sweep_into_a_defaultdict, pull_from_children, every_path],
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("exercise_id", "answer"), [(i, a) for i in RIGHT for a in RIGHT[i]])
def test_right_answers_in_other_words_pass(exercise_id, answer, seed):
    found = verdict(exercise_id, answer, seed)
    assert found.passed, found.message


# Wrong answers ---------------------------------------------------------------------------------------------


def ways(dz, x):
    """The three contributions of 2.5: through the product, the subtraction and the mean."""
    dxmu = dz * x
    return dz * (x - x.mean(axis=0)), dxmu, -np.mean(dxmu, axis=0)


def into_zeros_like(dz, x, y):
    dx, dy = np.zeros_like(x), np.zeros_like(y)
    dx[...], dy[...] = dz, dz
    return dx, dy


def overwrite(order, parents, local, seed):
    grads = dict.fromkeys(order, 0.0) | {order[-1]: seed}
    for node in reversed(order):
        for parent, slope in zip(parents[node], local[node], strict=True):
            grads[parent] = grads[node] * slope
    return grads


def sweep(order, parents, local, seed, among):
    grads = dict.fromkeys(order, 0.0) | {order[-1]: seed}
    for node in among:
        for parent, slope in zip(parents[node], local[node], strict=True):
            grads[parent] += grads[node] * slope
    return grads


def from_inputs_to_result(order, parents, local, seed):
    return sweep(order, parents, local, seed, order)


def in_the_order_of_the_dictionary(order, parents, local, seed):
    return sweep(order, parents, local, seed, reversed(parents))


def breadth_first(order, parents, local, seed):
    queue = [order[-1]]
    for node in queue:
        queue += [parent for parent in dict.fromkeys(parents[node]) if parent not in queue]
    return sweep(order, parents, local, seed, queue)


def send_the_total_at_each_arrival(order, parents, local, seed):
    grads = dict.fromkeys(order, 0.0) | {order[-1]: seed}

    def visit(node):
        for parent, slope in zip(parents[node], local[node], strict=True):
            grads[parent] += grads[node] * slope
            visit(parent)

    visit(order[-1])
    return grads


def each_parent_once(order, parents, local, seed):
    grads = dict.fromkeys(order, 0.0) | {order[-1]: seed}
    for node in reversed(order):
        for parent, slope in dict(zip(parents[node], local[node], strict=True)).items():
            grads[parent] += grads[node] * slope
    return grads


def slope_of_its_first_place(order, parents, local, seed):
    grads = dict.fromkeys(order, 0.0) | {order[-1]: seed}
    for node in reversed(order):
        for parent in parents[node]:
            grads[parent] += grads[node] * local[node][parents[node].index(parent)]
    return grads


def without_the_others(order, parents, local, seed):
    grads = sweep(order, parents, local, seed, reversed(order))
    return {node: value for node, value in grads.items() if value}


def seed_of_one(order, parents, local, seed):
    return sweep(order, parents, local, 1.0, reversed(order))


def sums_of_slopes(order, parents, local, seed):
    grads = dict.fromkeys(order, 0.0) | {order[-1]: seed}
    for node in reversed(order):
        for parent, slope in zip(parents[node], local[node], strict=True):
            grads[parent] += grads[node] + slope
    return grads


def changes_local(order, parents, local, seed):
    grads = sweep(order, parents, local, seed, reversed(order))
    for slopes in local.values():
        slopes.clear()
    return grads


WRONG = {
    "2.1": {
        "swapped as if it were a product": lambda dz, x, y: (dz * y, dz * x),
        "shared out between the two": lambda dz, x, y: (dz / 2, dz / 2),
        "local derivatives alone": lambda dz, x, y: (np.ones_like(dz), np.ones_like(dz)),
        "a sign as of a difference": lambda dz, x, y: (dz, -dz),
        "added up": lambda dz, x, y: (dz, dz.sum(axis=0)),
        "cut to whole numbers": into_zeros_like,
        "one of two": lambda dz, x, y: dz,
        "one of them None": lambda dz, x, y: (dz, None),
    },
    "2.2": {
        "not swapped": lambda dz, x, y: (dz * x, dz * y),
        "the upstream left out": lambda dz, x, y: (y * 1.0, x * 1.0),
        "as if it were a sum": lambda dz, x, y: (dz, dz),
        "both at once": lambda dz, x, y: (dz * y + dz * x, dz * y + dz * x),
        "added up over the rows": lambda dz, x, y: (dz * y, np.sum(dz * x, axis=0)),
        "NaN": lambda dz, x, y: (dz * y, np.full(dz.shape, np.nan)),
    },
    "2.3": {
        "mean for sum": lambda dz, x, b: (dz, dz.mean(axis=0)),
        "over the wrong axis": lambda dz, x, b: (dz, dz.sum(axis=1)),
        "not summed": lambda dz, x, b: (dz, dz),
        "summed over everything": lambda dz, x, b: (dz, dz.sum()),
        "the first row": lambda dz, x, b: (dz, dz[0]),
        "summed and kept as a row": lambda dz, x, b: (dz, dz.sum(axis=0, keepdims=True)),
        "a list": lambda dz, x, b: (dz, list(dz.sum(axis=0))),
        "dx stretched from db": lambda dz, x, b: (np.zeros(dz.shape) + dz.sum(axis=0), dz.sum(axis=0)),
        "swapped as if it were a product": lambda dz, x, b: (dz * b, np.sum(dz * x, axis=0)),
        "divided by the number of features": lambda dz, x, b: (dz, dz.sum(axis=0) / dz.shape[1]),
    },
    "2.4": {
        "1/N forgotten": lambda dmu, x: np.ones(x.shape) * dmu,
        "D for N": lambda dmu, x: np.ones(x.shape) * dmu / x.shape[1],
        "the size for N": lambda dmu, x: np.ones(x.shape) * dmu / x.size,
        "N - 1": lambda dmu, x: np.ones(x.shape) * dmu / max(len(x) - 1, 1),
        "not stretched": lambda dmu, x: dmu / len(x),
        "one row": lambda dmu, x: (dmu / len(x))[None, :],
        "times x": lambda dmu, x: x * dmu / len(x),
        "the mean again": lambda dmu, x: np.ones(x.shape) * dmu.mean(),
        "cut to whole numbers": lambda dmu, x: np.zeros_like(x) + (dmu / len(x)).astype(x.dtype),
    },
    "2.5": {
        "mean held constant": lambda dz, x: ways(dz, x)[0] + ways(dz, x)[1],
        "the second x held constant": lambda dz, x: ways(dz, x)[0],
        "the first x held constant": lambda dz, x: ways(dz, x)[1] + ways(dz, x)[2],
        "plus for minus": lambda dz, x: ways(dz, x)[0] + ways(dz, x)[1] - ways(dz, x)[2],
        "a sum for the mean": lambda dz, x: ways(dz, x)[0] + ways(dz, x)[1] + ways(dz, x)[2] * len(x),
        "a mean without an axis": lambda dz, x: ways(dz, x)[0] + ways(dz, x)[1] - (dz * x).mean(),
        "the mean of dz": lambda dz, x: ways(dz, x)[0] + ways(dz, x)[1] - dz.mean(axis=0),
        "the wrong axis": lambda dz, x: dz * (2 * x - x.mean(1)[:, None]) - (dz * x).mean(1)[:, None],
        "the forward pass": lambda dz, x: x * (x - x.mean(axis=0)),
        "2 x": lambda dz, x: dz * 2 * x,
    },
    "2.6": {
        answer.__name__: answer
        for answer in (
            overwrite,
            from_inputs_to_result,
            in_the_order_of_the_dictionary,
            breadth_first,
            send_the_total_at_each_arrival,
            each_parent_once,
            slope_of_its_first_place,
            without_the_others,
            seed_of_one,
            sums_of_slopes,
            changes_local,
        )
    },
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("exercise_id", "name"), [(i, name) for i in WRONG for name in WRONG[i]])
def test_wrong_answers_fail_for_every_seed(exercise_id, name, seed):
    found = verdict(exercise_id, WRONG[exercise_id][name], seed)
    assert found.status == "failed", found.message
    assert found.case


@BY_ID
def test_an_answer_that_returns_nothing_is_not_started(exercise_id):
    assert verdict(exercise_id, lambda *args: None).status == "not started"
    nones = (None,) * len(find(exercise_id).returns)
    assert verdict(exercise_id, lambda *args: nones).status == "not started"


@BY_ID
def test_an_answer_that_stops_names_the_line(exercise_id):
    found = verdict(exercise_id, lambda *args: 1 // 0)
    assert found.status == "error"
    assert "1 // 0" in found.message


def test_a_gradient_of_the_wrong_shape_is_named_with_the_letters_of_the_course():
    assert "(D,)" in verdict("2.3", lambda dz, x, b: (dz, dz)).message
    assert "(N, D)" in verdict("2.4", lambda dmu, x: dmu / len(x)).message


def test_changing_dz_in_place_is_noticed():
    def swap(dz, x, y):
        dx = dz * y
        dz *= x
        return dx, dz

    found = verdict("2.2", swap)
    assert found.status == "failed"
    assert "`dz`" in found.message


def test_the_first_wrong_node_of_a_sweep_is_the_one_nearest_the_result():
    # The slope of "b", in the middle of the row, is lost; what stands before "b" is wrong only because of it.
    def loses_one(order, parents, local, seed):
        broken = {node: [1.0] if parents[node] == ["b"] else slopes for node, slopes in local.items()}
        return sweep(order, parents, broken, seed, reversed(order))

    assert verdict("2.6", loses_one).message.startswith("`grads['b']` should be ")


def test_a_sweep_may_return_whole_numbers_and_numpy_numbers():
    def as_numpy(order, parents, local, seed):
        return {
            node: np.float64(value)
            for node, value in find("2.6").references["backward"](order, parents, local, seed).items()
        }

    assert verdict("2.6", as_numpy).passed


def test_a_missing_node_is_named():
    assert "lacks" in verdict("2.6", without_the_others).message


def test_a_gradient_that_two_ways_cancel_may_keep_its_rounding():
    # Added up from the other end, 0.3 - 0.3 can leave a little: it is measured against the other gradients.
    def rounds(order, parents, local, seed):
        grads = find("2.6").references["backward"](order, parents, local, seed)
        return {node: value + 1e-13 for node, value in grads.items()}

    assert verdict("2.6", rounds).passed


def test_the_backward_order_is_not_given_away_by_the_order_of_the_dictionaries():
    for case in find("2.6").cases(np.random.default_rng(0)):
        order, parents, local, _ = case.args
        assert list(parents) == list(local) == sorted(order)
        assert all(len(parents[node]) == len(local[node]) for node in order)
        seen = set()
        for node in order:
            assert set(parents[node]) <= seen
            seen.add(node)
