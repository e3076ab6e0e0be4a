"""Every operation in every usual spelling: the plain function's value to the last bit, and the true gradient."""

import numpy as np
import pytest
from witness import assert_traced, first, function, same

from bnlib import trace

# Each is the body of a function of x (4, 3), y (3,), w (3, 2), t (2, 4, 3) and a number s, all positive.
ANALYTIC = """
x + y | y + x | x + 1 | 1 + x | x + 1.5 | 1.5 + x | x + s | s + x | np.add(x, y) | np.add(1, x) | x + [1, 2, 3]
[1.0, 2, 3] + x | (1, 2, 3) * x | x + np.arange(3) | np.arange(3) + x | np.arange(4)[:, None] * x
np.ones((4, 3)) - x | np.float64(2) * x | x * np.float32(2) | np.int64(2) - x | x + np.array(2.5)
x - y | y - x | x - 1 | 1 - x | np.subtract(x, y) | np.subtract(1, x)
x * y | y * x | 2 * x | x * 2 | x * s | s * x | np.multiply(x, y) | np.multiply(2, x) | x * x | x * x * x
x / y | y / x | x / 2 | 1 / x | 1. / x | x / s | s / x | np.divide(x, y) | np.true_divide(1, x) | x / x
x**2 | x**2. | x**3 | x**0.5 | x**-0.5 | x**-1 | x**-1.5 | x**0 | x**1 | x**y | y**x | 2**x | 0.5**x | x**s | s**x
pow(x, 2) | np.power(x, 2) | np.power(x, 0.5) | np.power(x, y) | np.power(2, x) | x.mean()**3 | x.sum()**-0.5
-x | +x | np.negative(x) | np.positive(x) | -(-x)
np.sqrt(x) | np.square(x) | np.exp(x) | np.log(x) | np.tanh(x) | np.reciprocal(x) | np.expm1(x) | np.log1p(x)
np.sin(x) | np.cos(x) | 1 / np.sqrt(x + 1e-5) | np.exp(np.log(x))
x @ w | w.T @ x.T | y @ w | x @ y | y @ y | t @ w | x @ t.transpose(0, 2, 1) | y @ w @ [1.0, 2.0]
np.ones((2, 4)) @ x | x @ np.ones(3) | np.ones(4) @ x | x @ np.ones((3, 2)) | np.matmul(x, w) | np.matmul(t, y)
x.dot(w) | np.dot(x, w) | np.dot(x, y) | np.dot(y, w) | y.dot(y) | np.dot(2, x) | np.dot(x, s) | x.T.dot(x)
np.dot(np.ones((2, 4)), x) | np.dot(x[:, ::2], w[::2]) | np.outer(y, y) | np.outer(y, [1.0, 2.0]) | np.outer(x, y)
np.sum(x) | np.sum(x, 0) | np.sum(x, axis=0) | np.sum(x, axis=1) | np.sum(x, axis=-1) | np.sum(x, axis=-2)
np.sum(x, axis=(0, 1)) | np.sum(t, axis=(0, -1)) | np.sum(t, axis=(-2, 0), keepdims=True) | np.sum(x, axis=None)
np.sum(x, 0, None, None, True) | np.sum(x, axis=0, keepdims=True) | np.sum(a=x, axis=1) | np.sum(x, axis=())
x.sum() | x.sum(0) | x.sum(axis=1, keepdims=True) | x.sum(0, keepdims=True) | t.sum((0, 2))
x.sum(0, None, None, True)
np.sum(x, axis=0, dtype=None, out=None) | np.sum(x, axis=np.int64(0)) | sum(x) | sum(v for v in y)
np.mean(x) | np.mean(x, 0) | np.mean(x, axis=0) | np.mean(x, axis=-1, keepdims=True) | np.mean(t, axis=(0, 1))
x.mean() | x.mean(0) | x.mean(axis=-1) | x.mean(1, keepdims=True) | t.mean(axis=(0, 2), keepdims=True)
np.mean(x, 0, None, None, True) | 1. / 4 * np.sum(x, axis=0) | x.sum(axis=0) / x.shape[0] | x.sum(0) / len(x)
x.reshape(3, 4) | x.reshape((3, 4)) | x.reshape(-1) | x.reshape(2, -1) | x.reshape([12]) | x.reshape(3, 4, order="C")
np.reshape(x, (3, 4)) | np.reshape(x, -1) | np.reshape(x, (2, -1), "C") | t.reshape(t.shape[0], -1) | y.reshape(1, -1)
x.ravel() | np.ravel(x) | x.flatten() | x.flatten("C") | x.T.flatten()
x.T | t.T | x.transpose() | x.transpose(1, 0) | x.transpose((1, 0)) | x.transpose(None) | t.transpose(2, 0, 1)
t.transpose(0, -1, 1) | np.transpose(x) | np.transpose(t, (1, 2, 0)) | np.transpose(t, axes=[2, 1, 0]) | y.T
np.moveaxis(t, 0, -1) | np.moveaxis(t, -1, 0) | np.moveaxis(t, [0, 1], [-1, 0])
np.moveaxis(t, source=1, destination=0)
np.swapaxes(t, 0, 2) | t.swapaxes(0, -1) | np.swapaxes(x, axis1=0, axis2=1)
np.squeeze(x[:, :1]) | x[:1].squeeze() | x[:1].squeeze(0) | np.squeeze(x[:1], axis=0) | x[None].squeeze(axis=(0,))
np.expand_dims(y, 0) | np.expand_dims(y, axis=1) | np.expand_dims(x, (0, -1)) | y[None] | y[:, None]
y[np.newaxis, :]
x.copy() | np.copy(x) | x.copy("K") | x.T.copy() | np.copy(x.T) | np.array(2.0) * x.copy()
np.broadcast_to(y, (4, 3)) | np.broadcast_to(y, x.shape) * x | np.broadcast_to(x[:, :1], (4, 3))
np.broadcast_to(s, (2, 2))
np.tile(y, (4, 1)) | np.tile(y, 2) | np.tile(x, (2, 1, 2)) | np.tile(x, reps=3)
np.concatenate([x, x * 2]) | np.concatenate((x, x), axis=1) | np.concatenate([x, y[None]], 0)
np.concatenate([x, x], axis=-1)
np.concatenate([x, np.ones((1, 3))]) | np.concatenate([x, y], axis=None) if x.ndim == 1 else np.concatenate([y, y])
np.concatenate([x, t[0]], axis=None) | np.concatenate([[1.0], y])
np.stack([y, y * 2]) | np.stack([x, x], axis=-1) | np.stack((x, x), 1) | np.stack([row * 2 for row in x])
np.stack(list(x))
np.einsum("ij,j->ij", x, y) | np.einsum("ij,jk", x, w) | np.einsum("ij,ij->j", x, x) | np.einsum("ij,ij->", x, x)
np.einsum("ij,ij->i", x, x) | np.einsum("ij->j", x) | np.einsum("ij->ji", x) | np.einsum("nij,jk->ik", t, w)
np.einsum("i,j->ij", y, y) | np.einsum(" ij , jk -> ik ", x, w) | np.einsum("ij,kj->ik", x, np.ones((2, 3)))
np.einsum("ij,jk->ik", x, w, optimize=True) | np.einsum("i,i", y, y) | np.einsum("ij,i->", x, np.arange(4.0))
np.einsum("b,a", y, y)
x[0] | x[-1] | x[1:] | x[:, 0] | x[:, 1:2] | x[::2] | x[::-1] | x[..., 0] | x[1, 2] | x[[0, 0, 2]]
x[np.array([1, 1])]
x[[]] | x[(0, 1)] | x[[0, 1], [2, 2]] | x[np.arange(4), [0, 1, 2, 0]] | x[x > 1] | x[x[:, 0] > 1] | t[:, [0, 0]]
t[0][1][2]
x[np.ones(4, bool)] | x[:, None, :] | x[np.argmax(y)] | y[y.argmax()] | x[x > 100] | x[np.int64(1)] | x[True]
x[~(x > 1)]
x * np.ones_like(x) | x + np.zeros_like(x) | np.full_like(x, 2) * x | np.ones_like(x, dtype=float) * x
np.ones_like(y, shape=(4, 3)) * x
np.where(x > 1, x, y) | np.where(x > y, x * x, 0) | np.where([True, False, True], x, 1.0) | np.where(x > 1, 2, 3) * x
x * (x > 1) | (x > 1) * x | x * (x >= y) | x * (x < 1) | x * (x != 1) | x * (x == x) | x * (1 < x)
x * ((x > 1) & (x < 2)) | x * ((x > 1)|(x < 0.7)) | x * ~(x > 1) | x * np.logical_and(x > 1, x < 2)
x * np.logical_not(x > 1)
x * np.isfinite(x) | x * np.argmax(x, axis=0) | x * (x > 1).any(axis=0) | x * np.all(x > 0)
x if x.sum() > 0 else -x | x[0] if (x > 100).any() else x[1] | x * x.shape[0] | x / x.size | x * x.ndim | x / len(x)
x / np.shape(x)[0] | x / np.size(x) | x * np.ndim(x) | x * float(x.shape[1]) | x * (2.0 in x) | x * np.prod(x.shape)
x - np.mean(x, axis=0) | (x - x.mean(0)) / np.sqrt(((x - x.mean(0))**2).mean(0) + s) | x * np.array_equal(x, x)
"""

# No function of a complex number, or not an analytic one: NumPy's variance takes the modulus.
BY_DIFFERENCES = """
np.var(x) | np.var(x, 0) | np.var(x, axis=0) | np.var(x, axis=-1, keepdims=True) | np.var(t, axis=(0, 2)) | x.var()
x.var(0) | x.var(axis=1) | x.var(0, ddof=1) | np.var(x, axis=0, ddof=1) | np.var(x, 0, None, None, 1)
x.var(axis=-1, keepdims=True)
np.std(x) | np.std(x, axis=0) | x.std(0) | x.std(axis=-1, ddof=1, keepdims=True) | np.std(t, axis=(1, -1))
np.std(x, 0, None, None, 1, True)
np.max(x) | np.max(x, 0) | np.max(x, axis=-1) | np.max(x, axis=1, keepdims=True) | x.max() | x.max(0)
x.max(axis=-1, keepdims=True)
np.max(t, axis=(0, 2)) | t.max((0, -1)) | np.amax(x, axis=0) | np.min(x, axis=0) | x.min(1) | np.amin(x)
np.min(t, (0, 1), keepdims=True)
np.maximum(x, 1) | np.maximum(1, x) | np.maximum(0, x - 1) | np.maximum(x, y) | np.maximum(x - 1, 0.)
np.minimum(x, y) | np.minimum(x, 1)
x.astype(float) | x.astype(np.float64) | x.astype("float64") | x.astype(x.dtype)
x.astype(np.float64, copy=False) * 2
x * np.sign(x) | x * np.floor(x) | (x > 1).astype(float) * x | abs(x - 1) | np.abs(x - y) | np.absolute(x - 1)
np.abs(x[0, 0] - 1)
np.exp(x - x.max(axis=1, keepdims=True)) | max(x[0, 0], x[0, 1]) | sorted(y)[0] | min(y) * x
"""

# Statements, since an assignment is no expression.
IN_PLACE = """
x += y; return x | x -= 1; return x | x *= y; return x | x /= y; return x | x **= 2; return x | x **= 0.5; return x
z = x * 1; z += x; return z | z = x * 1; z *= z; return z | z = x * 1; z -= z.mean(axis=0); return z
z = x.copy(); z /= np.sqrt((z**2).mean(0) + s); return z | z = x @ w; z += 1; z += z; return z
z = x * 1; same = z; z += 1; return same * z | a = b = x * 1; a *= 2; return a + b
z = x.sum(); old = z; z += 1; return z * old
z = np.add(x, y); np.multiply(z, 2, out=z); return z | z = x * 1; z @= np.eye(3) + 1; return z
total = 0; total += x[0]; return total | total = 0.0; total += x.sum(); return total
"""

# Into plain arrays, which are real ones and could not hold a complex step.
INTO_PLAIN = """
total = np.zeros(3); total += x[0]; total += x[1]; return total | total = np.zeros(3); total -= y; return total * 2
total = np.ones((4, 3)); total *= x; total /= y; return total
z = x * 1; np.sqrt(z, z); return z | z = x * 1; np.add(y, 1, out=z); return z * x
z = np.zeros_like(x); z += x; return z
sums = {"a": np.zeros(3)}; sums["a"] += x[0]; return sums["a"]
sums = [np.zeros(3)]; sums[0] += y; sums[0] += y; return sums[0]
z = np.zeros((2, 3)).T; z += w; return z | total = np.float64(0); total += x.sum(); return total
"""


def bodies(table):
    # One stroke with spaces parts the cells; NumPy's `|` between masks is written without.
    return [cell.strip() for line in table.splitlines() for cell in line.split(" | ") if cell.strip()]


def body(text):
    lines = "\n    ".join(text.split("; ")) if "return" in text else f"return {text}"
    return function(f"def f(x, y, w, t, s):\n    {lines}\n")


def inputs(dtype=np.float64):
    rng = np.random.default_rng(4)
    return [rng.uniform(0.5, 2, size).astype(dtype) for size in ((4, 3), 3, (3, 2), (2, 4, 3))] + [0.75]


@pytest.mark.parametrize("text", bodies(ANALYTIC))
def test_value_and_gradient(text):
    assert_traced(body(text), *inputs())


@pytest.mark.parametrize("text", bodies(BY_DIFFERENCES))
def test_value_and_gradient_by_differences(text):
    assert_traced(body(text), *inputs(), analytic=False)


@pytest.mark.parametrize("text", bodies(IN_PLACE))
def test_in_place(text):
    assert_traced(body(text), *inputs())


@pytest.mark.parametrize("text", bodies(INTO_PLAIN))
def test_into_plain_arrays(text):
    assert_traced(body(text), *inputs(), analytic=False)


@pytest.mark.parametrize("text", bodies(ANALYTIC + BY_DIFFERENCES + IN_PLACE + INTO_PLAIN))
def test_float32_gives_what_the_plain_function_gives(text):
    f, arrays = body(text), inputs(np.float32)
    graph = trace(f, *arrays)
    plain = np.asarray(first(f(*[np.array(a) if isinstance(a, np.ndarray) else a for a in arrays])))
    assert same(graph[graph.result].value, plain)
    grads = graph.backward(np.ones(plain.shape))
    assert all(grads[name].dtype == np.float32 for name in "xywt")
    # The truth in float64 is near, so that nothing was lost on the way but digits.
    wide = trace(f, *[np.asarray(a, np.float64) if isinstance(a, np.ndarray) else a for a in arrays])
    truth = wide.backward(np.ones(plain.shape))
    for name in "xywts":
        scale = max(1.0, np.abs(truth[name]).max())
        np.testing.assert_allclose(grads[name], truth[name], rtol=0, atol=1e-4 * scale)


@pytest.mark.parametrize(
    "text", ["x / y", "x * 2", "np.mean(x, axis=0)", "x**2", "np.sqrt(x)", "x @ w", "np.exp(x)"]
)
def test_integers_are_taken_as_numpy_takes_them(text):
    f = body(text)
    x, y, w, t, s = (
        np.arange(1, 13).reshape(4, 3),
        np.array([2, 3, 4]),
        np.ones((3, 2), int),
        np.ones((2, 4, 3)),
        1,
    )
    graph = trace(f, x, y, w, t, s)
    assert same(graph[graph.result].value, f(x, y, w, t, s))
    grads = graph.backward(np.ones(graph[graph.result].shape))
    assert grads["x"].dtype == np.float64
    truth = trace(f, x * 1.0, y * 1.0, w * 1.0, t, 1.0).backward(np.ones(graph[graph.result].shape))
    np.testing.assert_allclose(grads["x"], truth["x"], rtol=1e-15)


@pytest.mark.parametrize(
    "text", ["x / s", "x * s", "x + s * 2 + 1", "x**s", "x - (s + 1) / 2", "-s * x", "np.maximum(x, s)"]
)
@pytest.mark.parametrize("number", [2, 0.5, True, np.float32(0.5), np.float64(0.5)])
def test_a_number_among_the_inputs_keeps_its_kind(text, number):
    """A Python number does not widen float32; NumPy's own float64 does, in NumPy 2, and so it does here."""
    if number is True and text == "-s * x":
        number = 3
    f, (x, y, w, t, _) = body(text), inputs(np.float32)
    graph = trace(f, x, y, w, t, number)
    assert same(graph[graph.result].value, f(x, y, w, t, number))


def test_the_layout_of_the_input_is_kept():
    """Sums are rounded in the order in which an array lies in memory."""
    x = np.random.default_rng(0).normal(size=(37, 53)) * 1e3

    def f(x):
        z = x * 3
        z -= 1
        return np.sum(z.copy(), axis=0) + np.sum(np.copy(z), axis=0) + z.sum()

    for array in (x, x.T, np.asfortranarray(x), np.moveaxis(x[None], 0, -1)):
        graph = trace(f, array)
        assert same(graph[graph.result].value, f(np.array(array)))


def test_operands_of_any_number_of_axes_are_multiplied():
    rng = np.random.default_rng(1)
    shapes = [(3,), (2, 3), (5, 2, 3), (1, 2, 3), (4, 1, 2, 3)]
    others = [(3,), (3, 2), (5, 3, 2), (1, 3, 4), (4, 5, 3, 2)]
    for left in shapes:
        for right in others:
            x, y = rng.normal(size=left), rng.normal(size=right)
            assert_traced(lambda x, y: x @ y, x, y)
            if x.ndim <= 2 and y.ndim <= 2:
                assert_traced(lambda x, y: np.dot(x, y), x, y)


def test_shapes_broadcast_in_every_way():
    rng = np.random.default_rng(2)
    shapes = [(), (1,), (3,), (1, 3), (4, 1), (4, 3), (2, 4, 3), (2, 1, 1), (1, 1, 3)]
    for left in shapes:
        for right in shapes:
            x, y = rng.uniform(1, 2, left), rng.uniform(1, 2, right)
            assert_traced(lambda x, y: (x + y) * x / y, x, y)
            assert_traced(lambda x, y: np.where(x > y, x, y * y), x, y)


def test_ties_share_the_gradient_evenly():
    x = np.array([[1.0, 2.0], [1.0, 5.0], [1.0, 5.0]])
    np.testing.assert_array_equal(
        trace(lambda x: np.max(x, axis=0), x).backward(np.ones(2))["x"],
        [[1 / 3, 0], [1 / 3, 0.5], [1 / 3, 0.5]],
    )
    grads = trace(lambda x, y: np.maximum(x, y), x, x.copy()).backward(np.ones((3, 2)))
    np.testing.assert_array_equal(grads["x"], np.full((3, 2), 0.5))
    np.testing.assert_array_equal(grads["y"], np.full((3, 2), 0.5))


def test_powers_at_zero_have_finite_gradients():
    x = np.array([0.0, 1.0, -2.0])
    for power, expected in ((0, [0, 0, 0]), (1, [1, 1, 1]), (2, [0, 2, -4]), (3, [0, 3, 12])):
        np.testing.assert_array_equal(trace(lambda x, p=power: x**p, x).backward(np.ones(3))["x"], expected)
    grads = trace(lambda x, y: x**y, np.array([0.0, 2.0]), np.array([2.0, 0.0])).backward(np.ones(2))
    np.testing.assert_array_equal(grads["x"], [0, 0])
    np.testing.assert_allclose(grads["y"], [0, np.log(2)])


def test_the_deviation_of_a_constant_column_has_no_slope():
    x = np.array([[2.0, 1.0], [2.0, 3.0]])
    np.testing.assert_array_equal(
        trace(lambda x: np.std(x, axis=0), x).backward(np.ones(2))["x"], [[0, -0.5], [0, 0.5]]
    )


def test_an_empty_array_has_an_empty_gradient():
    graph = trace(lambda x, y: np.sum(x * y, axis=0), np.ones((0, 3)), np.ones(3))
    grads = graph.backward(np.ones(3))
    assert grads["x"].shape == (0, 3)
    np.testing.assert_array_equal(grads["y"], np.zeros(3))


def test_constants_are_read_as_they_were_when_they_were_used():
    """The backward pass reads operands again; the function has written over its own by then."""

    def f(x):
        scale, mask, pick = np.full(3, 2.0), [True, False, True], np.array([0, 1])
        y = x * scale + x[pick].sum() + np.where(mask, x, 0.0)
        scale *= 100
        mask[0] = False
        pick += 1
        return y

    x = np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(trace(f, x).backward(np.ones(3))["x"], [6, 5, 3])
