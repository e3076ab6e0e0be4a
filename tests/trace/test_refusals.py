"""What the graph does not know is named, with the line of the learner's code; nothing leaves it in silence."""

import array
import copy
import io
import itertools
import json
import math
import pickle
import random
import statistics
import struct

import numpy as np
import pytest
from witness import function

from bnlib import TraceError, trace

x = np.random.default_rng(0).uniform(0.5, 2, size=(4, 3))
# Where `np.var` has `mean=`.
NUMPY_2 = int(np.__version__.split(".")[0]) >= 2
NAMES = {
    **{
        "array": array,
        "copy": copy,
        "io": io,
        "itertools": itertools,
        "json": json,
        "math": math,
        "pickle": pickle,
    },
    **{"random": random, "statistics": statistics, "struct": struct, "rng": np.random.default_rng(0)},
}


def body(text, known_source=True):
    lines = "\n    ".join(text.split("; "))
    return function(f"def f(x):\n    y = x * 2\n    {lines}\n    return y * 1\n", known_source, **NAMES)


# The line, and what the message has to name.
UNKNOWN = [
    # Assignment to items, into traced arrays and into plain ones.
    ("y[0] = 1", "assignment to items"),
    ("y[0] += 1", "assignment to items"),
    ("y[1:, 0] *= 2", "assignment to items"),
    ("y[y > 1] = 0", "assignment to items"),
    ("b = np.zeros(3); b[0] = x[0, 0]", "assignment to items"),
    ("b = np.zeros(3); b[:] = x[0]", "assignment to items"),
    ("b = np.zeros((4, 3)); b[0] = x[0]", "assignment to items"),
    ("b = np.zeros((4, 3)); b[0] += x[0]", "assignment to items"),
    ("b = np.zeros(3); b[0] += x[0, 0]", "assignment to items"),
    ("b = np.zeros(3); b[1:2] = x.sum()", "assignment to items"),
    ("b = np.zeros(3); b.flat[0] = x.sum()", "assignment to items"),
    ("y = np.empty_like(x)", "`np.empty_like`"),
    # Plain arrays and numbers.
    ("y = np.asarray(x)", "`np.asarray`"),
    ("y = np.array(x)", "`np.array`"),
    ("y = np.array([x, x])", "`np.array`"),
    ("y = np.array([row * 2 for row in x])", "`np.stack` for a list"),
    ("y = np.array([v for v in x[0]])", "`np.array`"),
    ("y = np.array([x.sum(), x.mean()])", "would leave the graph"),
    ("y = np.array([[x.sum(), 1.0]], dtype=float)", "would leave the graph"),
    ("y = np.array(x, dtype=object)", "`np.array`"),
    ("y = np.asanyarray(x)", "`np.asarray`"),
    ("y = np.ascontiguousarray(x)", "`np.asarray`"),
    ("y = np.array(x, copy=True, ndmin=3)", "`np.asarray`"),
    ("y = np.float64(x.sum())", "would leave the graph"),
    ("y = np.float32(x[0, 0])", "would leave the graph"),
    ("y = float(x.sum())", "`float`"),
    ("y = float(x[0, 0]) * x", "`float`"),
    ("y = int(x.sum())", "an integer"),
    ("y = complex(x.sum())", "a complex number"),
    ("y = round(x.sum(), 2)", "`round`"),
    ("y = math.sqrt(x.sum())", "`math.sqrt`"),
    ("y = math.exp(x[0, 0])", "would leave the graph"),
    ("y = math.floor(x.sum())", "would leave the graph"),
    ("y = math.fsum(x[0])", "would leave the graph"),
    ("y = x.item()", "`.item`"),
    ("y = x.sum().item()", "`.item`"),
    ("y = x.tolist()", "`.tolist`"),
    ("y = x.tobytes()", "`.tobytes`"),
    ("y = x.data", "`.data`"),
    ("y = x.real", "`.real`"),
    ("y = x.imag", "`.imag`"),
    ("y = x.flat", "`.flat`"),
    ("y = x.base", "`.base`"),
    ("y = x.view()", "`.view`"),
    ("y = x.ctypes", "`.ctypes`"),
    ("y.fill(0)", "`.fill`"),
    ("y.sort()", "`.sort`"),
    ("y.resize(12)", "`.resize`"),
    ("y.shape = (3, 4)", None),
    ("y = x.cumsum()", "`.cumsum`"),
    ("y = x.prod()", "`.prod`"),
    ("y = x.clip(0, 1)", "`.clip`"),
    ("y = x.repeat(2)", "`.repeat`"),
    ("y = x.take([0])", "`.take`"),
    ("y = x.round()", "`.round`"),
    ("y = x.astype(int)", "astype"),
    ("y = x.astype(complex)", "astype"),
    ("y = x.astype(str)", "astype"),
    # NumPy's functions that have no rule, and parameters that the rules don't know.
    ("y = np.linalg.norm(x)", "`np.linalg.norm`"),
    ("y = np.linalg.inv(x[:3])", "`np.linalg.inv`"),
    ("y = np.fft.fft(x)", "`np.fft.fft`"),
    ("y = np.sort(x)", "`np.sort`"),
    ("y = np.argsort(x)", "`np.argsort`"),
    ("y = np.cumsum(x)", "`np.cumsum`"),
    ("y = np.prod(x)", "`np.prod`"),
    ("y = np.median(x)", "`np.median`"),
    ("y = np.clip(x, 0, 1)", "`np.clip`"),
    ("y = np.round(x)", "`np.round`"),
    ("y = np.vstack([x, x])", "`np.vstack`"),
    ("y = np.average(x)", "`np.average`"),
    ("y = np.apply_along_axis(np.sum, 0, x)", "`np.apply_along_axis`"),
    ("y = np.lib.stride_tricks.sliding_window_view(x, 2, 0)", "sliding_window_view`"),
    ("y = np.lib.stride_tricks.as_strided(x, (2,), (8,))", "`np.asarray`"),
    ("y = np.floor_divide(x, 2)", "`np.floor_divide`"),
    ("y = x // 2", "`np.floor_divide`"),
    ("y = x % 2", "`np.remainder`"),
    ("y = divmod(x, 2)", "`np.divmod`"),
    ("y = np.hypot(x, x)", "`np.hypot`"),
    ("y = np.frompyfunc(lambda v: v * 2, 1, 1)(x)", "is not known to the graph"),
    ("y = np.vectorize(lambda v: v * 2)(x)", "would leave the graph"),
    ("y = np.where(x > 1)", "`np.where` with a condition alone"),
    ("y = np.einsum('ii', x @ x.T)", "a letter twice"),
    ("y = np.einsum('...i->...', x)", "ellipsis"),
    ("y = np.einsum(x, [0, 1], [0])", "lists of axes"),
    ("y = np.einsum('ij->i', x, dtype=np.float32)", "`dtype=`"),
    ("y = np.dot(np.ones((2, 2, 4)), x)", "more than two axes"),
    ("y = np.sum(x, dtype=np.float32)", "`dtype=`"),
    ("y = x.sum(0, np.float32)", "`dtype=`"),
    ("y = np.sum(x, where=x > 1)", "`where=`"),
    ("y = np.sum(x, initial=0)", "`initial=`"),
    ("y = np.max(x, initial=0)", "`initial=`"),
    ("y = np.var(x, axis=0, mean=np.mean(x, axis=0, keepdims=True))", "`mean=`" if NUMPY_2 else None),
    ("y = np.reshape(x, (3, 4), order='F')", "`order=`"),
    ("y = x.flatten('F')", "`order=`"),
    ("y = np.add(x, 1, where=x > 1)", "`where=`"),
    ("y = np.add(x, 1, dtype=np.float32)", "`dtype=`"),
    ("y = np.concatenate([x, x], dtype=np.float32)", "`dtype=`"),
    # ufunc's methods.
    ("y = np.add.reduce(x)", "`np.add.reduce`"),
    ("y = np.maximum.reduce(x, axis=0)", "`np.maximum.reduce`"),
    ("y = np.add.accumulate(x)", "`np.add.accumulate`"),
    ("y = np.multiply.outer(x, x)", "`np.multiply.outer`"),
    ("b = np.zeros(3); np.add.at(b, [0], x[0, 0])", "`np.add.at`"),
    ("np.add.at(y, [0], 1.0)", "`np.add.at`"),
    # Into plain arrays.
    ("b = np.zeros((4, 3)); np.add(x, 1, out=b)", "`out=`"),
    ("b = np.zeros((4, 3)); y = np.add(x, 1, b)", "`out=`"),
    ("b = np.zeros(3); np.sum(x, axis=0, out=b)", "`out=`"),
    ("b = np.zeros(3); np.dot(x[0], x.T[:3], out=b)", "`out=`"),
    ("b = np.zeros((4, 4)); np.matmul(x, x.T, out=b)", "`out=`"),
    ("b = np.zeros((8, 3)); np.concatenate([x, x], out=b)", "`out=`"),
    ("b = np.zeros((4, 3)); np.copyto(b, x)", "`np.copyto`"),
    ("b = np.zeros((4, 3)); np.put(b, [0], x.sum())", "`np.put`"),
    ("b = np.zeros((4, 3)); np.place(b, b == 0, x)", None),
    ("b = np.zeros((4, 3)); np.putmask(b, b == 0, x)", "`np.putmask`"),
    ("b = np.zeros((4, 4)); np.fill_diagonal(b, x.sum())", "would leave the graph"),
    ("b = np.zeros((4, 3)); b.fill(x.sum())", "would leave the graph"),
    ("y = np.full((4, 3), x.sum())", "would leave the graph"),
    ("y = np.full_like(x, x.sum())", "a traced array as a parameter"),
    ("b = np.zeros((4, 3)); a = b; b += x; y = a * 1", "something else holds"),
    ("b = np.zeros((4, 3)); a = b[0]; b += x; y = a * 1", "something else holds"),
    ("b = np.zeros((4, 3)); a = [b]; b += x; y = a[0] * 1", "something else holds"),
    ("b = [np.zeros(3)] * 2; b[0] += x[0]; y = b[1] * 1", "something else holds"),
    # Parameters and indices that are traced.
    ("y = np.sum(x, axis=np.argmax(x[0]))", "a traced array as a parameter"),
    ("y = x.reshape(x.argmax())", "a traced array as a parameter"),
    ("y = np.ones(3)[x.argmax()]", "would leave the graph"),
    ("y = [1, 2, 3][x.argmax()]", "an integer made of a traced array"),
    ("y = np.arange(12.0)[x > 1]", "would leave the graph"),
    ("y = x[np.argmax(x, axis=0), np.arange(3)]", "several traced arrays"),
    ("y = x[x.argmax() :]", "an integer made of a traced array"),
    ("y = x[[x.argmax()]]", "would leave the graph"),
    ("y = range(x.argmax())", "an integer made of a traced array"),
    ("y = np.zeros(x.argmax())", None),
    ("y = [0] * x.argmax()", "an integer made of a traced array"),
    # In place on what another name shows.
    ("a = y[0]; y += 1", "another name shows a part"),
    ("a = y.T; a *= 2", "another name shows a part"),
    ("a = y.reshape(-1); y -= 1", "another name shows a part"),
    ("a = x.astype(float, copy=False); a += 1", "another name shows a part"),
    ("a = np.broadcast_to(x[0], (2, 3)); a += 1", None),
    # Iterators, buffers, text and files.
    ("y = [float(v) for v in np.nditer(x)]", None),
    ("y = list(np.ndenumerate(x))", "`np.asarray`"),
    ("y = memoryview(x)", None),
    ("y = np.frombuffer(x)", None),
    ("y = bytes(x)", None),
    ("y = bytearray(x)", None),
    ("y = np.fromiter(x[0], float)", "would leave the graph"),
    ("y = np.fromiter((v for v in x[0]), float)", "would leave the graph"),
    ("y = array.array('d', x[0])", "would leave the graph"),
    ("y = struct.pack('d', x.sum())", None),
    ("y = statistics.fmean(x[0])", "would leave the graph"),
    ("y = statistics.mean(x[0])", None),
    ("y = '%f' % x.sum()", "`float`"),
    ("y = np.save(io.BytesIO(), x)", "`np.save`"),
    ("y = np.savetxt(io.StringIO(), x)", "`np.savetxt`"),
    ("y = np.array2string(x)", "`np.array2string`"),
    ("y = pickle.dumps(x)", "pickling"),
    ("y = json.dumps(x)", None),
    ("y = hash(x)", None),
    ("y = {x: 1}", None),
    ("y = {x.sum()}", None),
    ("y = rng.normal(x)", None),
    ("y = rng.normal(0, x.sum())", None),
    ("y = np.random.normal(x[0, 0])", None),
    ("y = rng.permutation(x)", None),
    ("y = rng.choice(x)", None),
    ("random.shuffle(y)", "assignment to items"),
    ("y = np.arange(x.sum())", None),
    ("y = np.linspace(0, x.sum(), 3)", None),
    ("y = np.interp(x, [0, 1], [0, 1])", "`np.interp`"),
    ("y = np.polyval([1, 2], x)", None),
    ("y = np.isscalar(x) or np.testing.assert_allclose(x, x)", None),
    ("y = x.__array__()", "`np.asarray`"),
    ("y = x.__array_interface__", None),
    ("y = x.__array_struct__", None),
    ("y = x.__dlpack__()", None),
    ("y = np.from_dlpack(x)", None),
    ("y = x.nothing_of_that_name", None),
    ("del y[0]", None),
    # Other kinds of array.
    ("y = x * np.ma.array(np.ones(3), mask=[0, 1, 0])", "MaskedArray"),
    ("y = x @ np.asmatrix(np.ones((3, 2)))", "matrix"),
    ("y = x * 1j", "complex128"),
    ("y = np.sqrt(x + 0j)", "complex128"),
    ("b = np.empty(1, object); b[0] = x; y = b * x", "object"),
    # Swallowed by the learner's code, and still no way out.
    ("try: y = x * float(x.sum())\n    except TypeError: y = x * 3", "`float`"),
    ("try: y[0] = 1\n    except Exception: pass", "assignment to items"),
]


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("known_source", [True, False])
@pytest.mark.parametrize(("text", "said"), UNKNOWN)
def test_what_is_not_known_is_named_with_its_line(text, said, known_source):
    original = x.copy()
    # Without a word to look for, Python or NumPy refuses in words of its own.
    with pytest.raises(TraceError if said else Exception) as caught:
        trace(body(text, known_source), x)
    assert not isinstance(caught.value, (RecursionError, AssertionError, SystemError))
    np.testing.assert_array_equal(x, original)
    if said:
        statements = [line.strip() for line in text.replace("; ", "\n").splitlines()]
        line = caught.value.line
        assert said in str(caught.value)
        assert 3 <= line.number < 3 + len(statements)
        assert line.text == (statements[line.number - 3] if known_source else "")


@pytest.mark.parametrize(
    ("text", "number", "shown"),
    [
        ("b = 1; y = np.cumsum(x)", 4, "y = np.cumsum(x)"),
        ("y[0] = 1", 3, "y[0] = 1"),
        ("b = np.zeros(3); b[0] = x[0, 0]; c = 1", 4, "b[0] = x[0, 0]"),
        ("y = copy.deepcopy(x); y[0] = 2", 4, "y[0] = 2"),
        ("y = statistics.fmean(x[0])", 3, "y = statistics.fmean(x[0])"),
        ("y = np.vectorize(abs)(x)", 3, "y = np.vectorize(abs)(x)"),
    ],
)
def test_the_line_is_the_learners_own(text, number, shown):
    with pytest.raises(TraceError) as caught:
        trace(body(text), x)
    assert (caught.value.line.number, caught.value.line.text) == (number, shown)
    assert str(caught.value).startswith(f"line {number}, `{shown}`: ")


def test_the_line_is_the_helpers_where_it_stands_in_a_helper():
    def helper(a):
        return np.cumsum(a)  # in here

    with pytest.raises(TraceError, match="in here"):
        trace(lambda x: helper(x) + 1, x)


# What is allowed: it stays in the graph, or it is no number.
ALLOWED = [
    "y = copy.copy(x) * 2",
    "y = copy.deepcopy(x) * 2",
    "a = copy.deepcopy(x); a *= 2; y = a + x",
    "y = sorted(x[0])[-1]",
    "y = max(x[0]) * min(x[1])",
    "y = np.stack(sorted(x[0]))",
    "y = sum(itertools.chain(x[0], x[1]))",
    "y = list(itertools.accumulate(x))[-1]",
    "y = sum(a * b for a, b in itertools.product(x[0], x[1]))",
    "y = np.stack(list(reversed(x)))",
    "y = np.stack([a + b for a, b in zip(x, x[::-1])])",
    "a, *rest = x; y = a * rest[-1]",
    "y = x if x.sum() > 0 else -x",
    "y = x * (1 if (x > 0).all() else 2)",
    "y = x[random.Random(0).randrange(4)]",
    "print(x, x.sum(), f'{x.sum():.3f}', repr(x), str(x[0]))",
    "assert np.allclose(x, x) and np.array_equal(x, x) and len(x) == 4",
    "assert x.shape == (4, 3) and x.ndim == 2 and x.size == 12 and x.dtype == float",
    "assert x is not None and not hasattr(x, 'nothing_of_that_name')",
    "assert isinstance(x.shape[0], int) and 2.5 not in x",
    "b = np.empty(2, object); b[0] = x; b[1] = y; y = b.sum()",
    "np.seterr(all='ignore') if x.sum() < 0 else None",
    "y = np.exp(x, y) * x",
]


@pytest.mark.parametrize("text", ALLOWED)
def test_what_stays_in_the_graph_has_the_plain_functions_value(text, capsys):
    f = body(text)
    graph = trace(f, x)
    printed = capsys.readouterr().out
    plain = f(x.copy())
    assert printed == capsys.readouterr().out
    np.testing.assert_array_equal(graph[graph.result].value, plain)
    dout = np.random.default_rng(1).normal(size=np.shape(plain))
    h = 1e-6
    dx = graph.backward(dout)["x"]
    direction = np.random.default_rng(2).normal(size=x.shape)
    slope = np.sum(dout * (f(x + h * direction) - f(x - h * direction))) / (2 * h)
    np.testing.assert_allclose(np.sum(dx * direction), slope, rtol=1e-6)


def test_text_is_the_one_way_out_and_it_is_the_readers_own_doing():
    """A traced array may be printed; who makes a number of the text again has a constant. Documented in Traced."""
    graph = trace(lambda x: x * float(f"{x.sum():.17g}"), x)
    np.testing.assert_array_equal(graph[graph.result].value, x * x.sum())
    np.testing.assert_array_equal(graph.backward(np.ones(x.shape))["x"], np.full(x.shape, x.sum()))


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ("None", "returns nothing"),
        ("3.0", "a plain float"),
        ("np.ones(3)", "a plain ndarray"),
        ("()", "returns nothing"),
        ("(None, y)", "returns nothing"),
        ("(3, y)", "a plain int"),
        ("y.shape", "a plain int"),
        ("{'y': y}", "a plain dict"),
        ("(v for v in y)", "a plain generator"),
        ("'text'", "a plain str"),
        ("bool(y.sum() > 0)", "a plain bool"),
        ("len(y)", "a plain int"),
    ],
)
def test_a_function_without_a_result(result, said):
    with pytest.raises(TraceError, match=said):
        trace(function(f"def f(x):\n    y = x * 2\n    return {result}\n"), x)


def test_a_function_that_returns_nothing_at_all_or_yields():
    def nothing(x):
        y = x * 2  # noqa: F841

    def rows(x):
        yield x * 2

    with pytest.raises(TraceError, match="returns nothing"):
        trace(nothing, x)
    with pytest.raises(TraceError, match="a plain generator"):
        trace(rows, x)


@pytest.mark.parametrize(
    ("array_like", "said"),
    [
        (np.ones(3) * 1j, "holds complex128"),
        ("text", "holds <U4"),
        (np.array(["a", "b"]), "holds <U1"),
        (None, "holds object"),
        ([1.0, None], "holds object"),
        (np.array([object()]), "holds object"),
        (np.array(["2024-01-01"], dtype="datetime64[D]"), "holds datetime64"),
        ({"a": 1}, "holds object"),
        ([[1.0, 2.0], [3.0]], "is no array"),
        (np.ma.array([1.0, 2.0], mask=[True, False]), "MaskedArray"),
        (np.asmatrix([[1.0, 2.0]]), "matrix"),
    ],
)
def test_inputs_that_are_no_real_arrays(array_like, said):
    with pytest.raises(TraceError, match=said):
        trace(lambda x: x, array_like)


def test_arrays_of_a_finished_trace():
    kept = []

    def f(x):
        kept.append(x * 2)
        return kept[0] + 1

    trace(f, x)
    later = kept[0]
    for use in (
        lambda: later + 1,
        lambda: np.exp(later),
        lambda: later[0],
        lambda: later.sum(),
        lambda: later.T,
    ):
        with pytest.raises(TraceError, match="belongs to a trace that has ended"):
            use()
    with pytest.raises(TraceError, match="would leave the graph"):
        np.asarray(later)
    with pytest.raises(TraceError, match="belongs to a trace that has ended"):
        later += 1
    assert later.shape == (4, 3)
    assert "array(" in repr(later)


def test_two_traces_do_not_mix():
    kept = []

    def f(x):
        kept.append(x * 2)
        return x + 1

    trace(f, x)
    with pytest.raises(TraceError, match="two traces meet"):
        trace(lambda x: x + kept[0], x)
    with pytest.raises(TraceError, match=r"two traces meet|has ended"):
        trace(lambda x: kept[0] * x, x)
    with pytest.raises(TraceError, match="another trace"):
        trace(lambda x: kept[0], x)
    with pytest.raises(TraceError, match="another trace"):
        trace(lambda x: (x, kept[0]), x)
    with pytest.raises(TraceError, match="belongs to another trace"):
        trace(np.exp, kept[0])
    with pytest.raises(TraceError, match="belongs to another trace"):
        trace(lambda x: trace(np.exp, x * 2)["out"].value * x, x)
    with pytest.raises(TraceError, match=r"two traces meet|has ended"):
        trace(lambda x: np.stack([x, kept[0]]), x)


def test_an_array_that_the_caller_holds_is_not_changed_behind_its_back():
    running = np.zeros(3)

    def f(x, running):
        running += x.mean(axis=0)
        return running

    with pytest.raises(TraceError, match="something else holds"):
        trace(f, x, running=running)
    np.testing.assert_array_equal(running, np.zeros(3))
    graph = trace(f, x, running)
    np.testing.assert_array_equal(running, np.zeros(3))
    np.testing.assert_array_equal(graph[graph.result].value, x.mean(axis=0))


def test_an_array_of_the_learners_module_is_not_changed_behind_its_back():
    total = np.zeros(3)
    same = total

    def f(x):
        nonlocal total
        total += x[0]
        return total

    with pytest.raises(TraceError, match="something else holds"):
        trace(f, x)
    assert same is total


def test_a_plain_array_is_followed_where_nothing_else_holds_it():
    def helper(a, total):
        total = total + 0
        total += a
        return total

    class Kept:
        def __init__(self):
            self.total = np.zeros(3)

    def f(x):
        kept, sums, total = Kept(), {"a": np.zeros(3)}, np.zeros(3)
        for row in x:
            kept.total += row
            sums["a"] += row
            total += row

        def inner():
            nonlocal total
            total += x[0]

        inner()
        return (
            kept.total
            + sums["a"]
            + total
            + helper(x[0], np.zeros(3))
            + [helper(row, np.ones(3)) for row in x][1]
        )

    graph = trace(f, x)
    np.testing.assert_allclose(graph[graph.result].value, f(x), rtol=0, atol=0)
    np.testing.assert_array_equal(
        graph.backward(np.ones(3))["x"], [[5.0] * 3, [4.0] * 3, [3.0] * 3, [3.0] * 3]
    )


def test_errors_of_the_function_itself_pass_through():
    def into_integers(x):
        x += 0.5
        return x

    with pytest.raises(ZeroDivisionError):
        trace(lambda x: 1 / 0, x)
    with pytest.raises(ValueError, match="could not be broadcast"):
        trace(lambda x: x + np.ones(7), x)
    with pytest.raises(ValueError, match="matmul"):
        trace(lambda x: x @ x, x)
    with pytest.raises(IndexError):
        trace(lambda x: x[7], x)
    with pytest.raises(TypeError, match="positional argument"):
        trace(lambda x: x, x, x)
    with pytest.raises(TypeError, match="same_kind"):
        trace(into_integers, np.arange(3))
    with pytest.raises(AttributeError, match="has no attribute 'heigth'"):
        trace(lambda x: x.heigth, x)
    with pytest.raises(ValueError, match="ambiguous"):
        trace(lambda x: x if x > 1 else -x, x)


def test_a_refusal_says_what_can_be_done():
    for text in (
        "y = np.cumsum(x)",
        "y[0] = 1",
        "y = np.asarray(x)",
        "y = math.sqrt(x.sum())",
        "y = np.add.reduce(x)",
    ):
        with pytest.raises(TraceError, match=r"use |write |with `np|in one expression"):
            trace(body(text), x)
