"""Layers as learners write them, against PyTorch's own layers and its automatic differentiation."""

import numpy as np
import pytest

from bnlib import trace
from bnlib.norms.staged import batchnorm_forward

torch = pytest.importorskip(
    "torch", reason="PyTorch is not installed; the complex step holds these layers as well"
)

EPS = 1e-5
# Of the scale of the answer.
LIMIT = {np.float64: 1e-12, np.float32: 2e-4}


def one_line(x, gamma, beta, eps=EPS):
    return (
        gamma * (x - np.mean(x, axis=0)) / np.sqrt(np.mean((x - np.mean(x, axis=0)) ** 2, axis=0) + eps)
        + beta
    )


def with_var(x, gamma, beta, eps=EPS):
    mu = x.mean(axis=0)
    var = np.var(x, axis=0)
    xhat = (x - mu) / np.sqrt(var + eps)
    return gamma * xhat + beta


def with_std(x, gamma, beta, eps=EPS):
    xhat = (x - x.mean(0)) * (x.std(0) ** 2 + eps) ** -0.5
    return xhat * gamma + beta


def with_einsum(x, gamma, beta, eps=EPS):
    n = x.shape[0]
    mu = np.einsum("nd->d", x) / n
    xmu = x - mu
    var = np.einsum("nd,nd->d", xmu, xmu) / n
    return np.einsum("nd,d->nd", xmu / np.sqrt(var + eps), gamma) + beta


def mean_of_squares(x, gamma, beta, eps=EPS):
    mu = 1.0 / len(x) * np.sum(x, axis=0)
    var = np.mean(x**2, axis=0) - mu**2
    return gamma * (x - mu) * np.reciprocal(np.sqrt(var + eps)) + beta


def loop_over_rows(x, gamma, beta, eps=EPS):
    n = len(x)
    mu = np.zeros(x.shape[1], x.dtype)
    for row in x:
        mu += row / n
    var = 0
    for i in range(n):
        var = var + (x[i] - mu) ** 2
    var /= n
    return np.stack([gamma * (row - mu) / np.sqrt(var + eps) + beta for row in x])


def loop_over_columns(x, gamma, beta, eps=EPS):
    columns = []
    for j in range(x.shape[1]):
        column = x[:, j]
        centred = column - np.sum(column) / len(column)
        columns.append(gamma[j] * centred / np.sqrt(np.sum(np.square(centred)) / len(column) + eps) + beta[j])
    return np.stack(columns, axis=1)


def in_place(x, gamma, beta, eps=EPS):
    out = x.copy()
    out -= out.mean(axis=0)
    out /= np.sqrt((out**2).mean(axis=0) + eps)
    out *= gamma
    out += beta
    return out


def transposed(x, gamma, beta, eps=EPS):
    xt = x.T
    xmu = xt - np.mean(xt, axis=1, keepdims=True)
    xhat = xmu / np.sqrt(np.sum(xmu * xmu, axis=-1, keepdims=True) / xt.shape[-1] + eps)
    return (gamma[:, None] * xhat + np.expand_dims(beta, 1)).T


def matrices(x, gamma, beta, eps=EPS):
    n = x.shape[0]
    ones = np.ones((n, 1), x.dtype)
    xmu = x - ones @ (ones.T @ x) / n
    sigma = np.sqrt((ones.T @ (xmu * xmu)) / n + eps)
    return xmu / sigma @ np.eye(x.shape[1], dtype=x.dtype) * gamma + ones @ beta.reshape(1, -1)


FORMS = [
    *(batchnorm_forward, one_line, with_var, with_std, with_einsum, mean_of_squares),
    *(loop_over_rows, loop_over_columns, in_place, transposed, matrices),
]


def random(dtype, *shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def hold(f, other, arrays, dtype, **constants):
    """Compare values and gradients of f, traced, with those of `other`, on tensors."""
    graph = trace(f, *arrays, **constants)
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    theirs = other(*tensors)
    ours = graph[graph.result].value
    assert ours.dtype == dtype
    np.testing.assert_allclose(
        ours, theirs.detach().numpy(), rtol=0, atol=LIMIT[dtype] * max(1, np.abs(ours).max())
    )
    dout = np.random.default_rng(9).normal(size=ours.shape).astype(dtype)
    theirs.backward(torch.tensor(dout))
    grads = graph.backward(dout)
    for name, tensor in zip(graph.inputs, tensors, strict=True):
        expected = tensor.grad.numpy()
        assert grads[name].dtype == dtype
        limit = LIMIT[dtype] * max(1.0, np.abs(expected).max())
        np.testing.assert_allclose(grads[name], expected, rtol=0, atol=limit, err_msg=name)


both = pytest.mark.parametrize("dtype", [np.float64, np.float32])


@both
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
@pytest.mark.parametrize("shape", [(7, 4), (50, 3), (2, 5)])
def test_batch_normalization(form, shape, dtype):
    x, gamma, beta = random(dtype, shape, shape[1:], shape[1:])
    # Two rows that are nearly alike make a gradient that is all rounding; eps near the variance does not.
    eps = 0.3 if len(x) == 2 else 1e-3
    hold(
        form,
        lambda x, gamma, beta: torch.nn.functional.batch_norm(
            x, None, None, gamma, beta, training=True, eps=eps
        ),
        [x * np.arange(1, shape[1] + 1, dtype=dtype) + 0.5, gamma, beta],
        dtype,
        eps=eps,
    )


@both
def test_layer_normalization(dtype):
    def layer(x, gamma, beta):
        mu = x.mean(axis=1, keepdims=True)
        xmu = x - mu
        var = (xmu**2).mean(axis=-1, keepdims=True)
        return xmu / np.sqrt(var + EPS) * gamma + beta

    hold(
        layer,
        lambda x, gamma, beta: torch.nn.functional.layer_norm(x, x.shape[1:], gamma, beta, EPS),
        random(dtype, (5, 6), 6, 6),
        dtype,
    )


@both
def test_rms_normalization(dtype):
    def layer(x, gamma):
        return x * gamma / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + EPS)

    hold(
        layer,
        lambda x, gamma: x * gamma * torch.rsqrt((x * x).mean(-1, keepdim=True) + EPS),
        random(dtype, (5, 6), 6),
        dtype,
    )


def spatial_by_moving(x, gamma, beta):
    n, c, h, w = x.shape
    flat = np.moveaxis(x, 1, -1).reshape(-1, c)
    mu, var = flat.mean(0), flat.var(0)
    out = gamma * (flat - mu) / np.sqrt(var + EPS) + beta
    return np.moveaxis(out.reshape(n, h, w, c), -1, 1)


def spatial_by_transposing(x, gamma, beta):
    n, c, h, w = x.shape
    flat = x.transpose(0, 2, 3, 1).reshape((n * h * w, c))
    return one_line(flat, gamma, beta).reshape(n, h, w, c).transpose(0, 3, 1, 2)


def spatial_by_axes(x, gamma, beta):
    mu = np.mean(x, axis=(0, 2, 3), keepdims=True)
    var = np.mean(np.square(x - mu), (0, -2, -1), keepdims=True)
    return gamma.reshape(1, -1, 1, 1) * (x - mu) / np.sqrt(var + EPS) + beta[None, :, None, None]


def spatial_by_swapping(x, gamma, beta):
    swapped = np.swapaxes(x, 0, 1)
    flat = swapped.reshape(x.shape[1], -1)
    xhat = (flat - flat.mean(-1, keepdims=True)) / np.sqrt(np.expand_dims(flat.var(axis=-1), 1) + EPS)
    return (gamma[:, np.newaxis] * xhat + beta[:, np.newaxis]).reshape(swapped.shape).swapaxes(0, 1)


@both
@pytest.mark.parametrize(
    "form",
    [spatial_by_moving, spatial_by_transposing, spatial_by_axes, spatial_by_swapping],
    ids=lambda form: form.__name__,
)
def test_spatial_batch_normalization(form, dtype):
    hold(
        form,
        lambda x, gamma, beta: torch.nn.functional.batch_norm(
            x, None, None, gamma, beta, training=True, eps=EPS
        ),
        random(dtype, (2, 3, 4, 5), 3, 3),
        dtype,
    )


@both
def test_group_normalization(dtype):
    def layer(x, gamma, beta, G=2):
        groups = np.reshape(x, (x.shape[0], G, -1))
        xhat = (groups - groups.mean(2, keepdims=True)) / np.sqrt(groups.var(2, keepdims=True) + EPS)
        return gamma * xhat.reshape(x.shape) + beta

    hold(
        layer,
        lambda x, gamma, beta: torch.nn.functional.group_norm(x, 2, gamma.flatten(), beta.flatten(), EPS),
        random(dtype, (3, 4, 2, 5), (1, 4, 1, 1), (1, 4, 1, 1)),
        dtype,
    )


def network(x, w1, gamma, beta, w2, b2, y=None):
    hidden = with_var(x @ w1, gamma, beta)
    active = np.maximum(0, hidden)
    scores = np.dot(active, w2) + b2
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    logs = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    return -np.sum(logs[np.arange(len(y)), y]) / len(y)


def network_by_masks(x, w1, gamma, beta, w2, b2, y=None):
    hidden = one_line(x.dot(w1), gamma, beta)
    hidden *= hidden > 0
    scores = np.einsum("nh,hc->nc", hidden, w2)
    scores += b2
    exps = np.exp(scores - scores.max(1)[:, None])
    probabilities = exps / exps.sum(axis=1, keepdims=True)
    onehot = np.eye(w2.shape[1], dtype=x.dtype)[y]
    return np.mean(-np.log((probabilities * onehot).sum(-1)))


@both
@pytest.mark.parametrize("form", [network, network_by_masks], ids=lambda form: form.__name__)
def test_a_two_layer_network_with_relu_and_softmax_cross_entropy(form, dtype):
    y = np.array([0, 2, 1, 1, 0, 2, 2, 1])

    def theirs(x, w1, gamma, beta, w2, b2):
        hidden = torch.nn.functional.batch_norm(x @ w1, None, None, gamma, beta, training=True, eps=EPS)
        return torch.nn.functional.cross_entropy(torch.relu(hidden) @ w2 + b2, torch.tensor(y))

    hold(form, theirs, random(dtype, (8, 5), (5, 6), 6, 6, (6, 3), 3), dtype, y=y)


@both
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda x: np.tanh(x) * np.exp(-abs(x)), lambda x: torch.tanh(x) * torch.exp(-torch.abs(x))),
        (lambda x: np.max(x, axis=0) - np.min(x, axis=1).sum(), lambda x: x.amax(0) - x.amin(1).sum()),
        (lambda x: np.std(x, axis=0, ddof=1), lambda x: x.std(0)),
        (lambda x: np.where(x > 0, x, 0.01 * x), lambda x: torch.nn.functional.leaky_relu(x, 0.01)),
        (lambda x: np.concatenate([x[1:], x[:1] * 2]), lambda x: torch.cat([x[1:], x[:1] * 2])),
        (lambda x: x[[0, 0, 2]] * x[1], lambda x: x[[0, 0, 2]] * x[1]),
        (lambda x: np.tile(x, (2, 3)), lambda x: x.repeat(2, 3)),
        (lambda x: np.outer(x[0], x[1]) @ x.T, lambda x: torch.outer(x[0], x[1]) @ x.T),
        (lambda x: np.maximum(x, x.T.copy().T), lambda x: torch.maximum(x, x.clone())),
    ],
)
def test_single_operations(ours, theirs, dtype):
    hold(ours, theirs, random(dtype, (4, 3)), dtype)
