"""A worker is called like a function and seen through like a pane: results, changes, errors, time and memory."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bnlib.blame import learners_line
from bnlib.exercises import differentiable
from bnlib.grade.worker import Desk, Ended, Isolation, Limits, choose, proxies
from bnlib.grade.worker.wire import WireError
from bnlib.memory import TooMuchMemory, call_within

WAYS = sorted({choose().name, "process"})


@pytest.fixture(params=WAYS)
def isolation(request: pytest.FixtureRequest) -> Isolation:
    return choose(name=request.param)


@pytest.fixture
def desks(isolation: Isolation) -> Iterator[Callable[..., Desk]]:
    """Makes desks on which cells have been run, and clears them away."""
    made: list[Desk] = []

    def desk(*cells: str, **limits: Any) -> Desk:
        made.append(Desk(isolation, Limits(**{"seconds": 20.0, **limits})))
        for number, cell in enumerate(cells):
            assert made[-1].run(f"<cell {number}>", cell).outcome == "ran"
        return made[-1]

    yield desk
    for one in made:
        one.close()


NUMPY = "import numpy as np\n"


def test_a_call_gives_what_the_function_gives_and_changes_what_it_changes(desks: Callable[..., Desk]) -> None:
    desk = desks(
        NUMPY + "total = 0\ndef f(x, p, parts, *, scale=1.0):\n"
        "    global total\n    total += 1\n    print('call', total)\n"
        "    x += 1\n    p['mean'] = x.mean(0)\n    p['old'][0] = 9\n    parts[0][...] = 5\n"
        "    return x.T * scale, total, {'a': [1, (2.5, None)]}, 'done'\n"
    )
    (f,) = proxies(desk, ["f"]).values()
    x, inner = np.zeros((2, 3)), np.ones(2)
    old = np.zeros(2, dtype=int)
    p = {"mode": "train", "old": old}
    out, total, parts, word = f(x, p, (inner, "b"), scale=2.0)
    np.testing.assert_array_equal(out, np.full((3, 2), 2.0))
    assert (total, parts, word) == (1, {"a": [1, (2.5, None)]}, "done")
    np.testing.assert_array_equal(x, np.ones((2, 3)))
    np.testing.assert_array_equal(inner, [5, 5])
    np.testing.assert_array_equal(p["mean"], np.ones(3))
    assert p["old"].tolist() == [9, 0]
    assert list(p) == ["mode", "old", "mean"]
    # The worker remembers, as a notebook does.
    assert f(x, p, (inner, "b"))[1] == 2


def test_an_argument_that_becomes_another_array_counts_as_changed(desks: Callable[..., Desk]) -> None:
    desk = desks(NUMPY + "def f(x):\n    x.resize((3,), refcheck=False)\n    return x\n")
    x = np.arange(6.0)
    proxies(desk, ["f"])["f"](x)
    assert not np.array_equal(x, np.arange(6.0))


def test_what_is_no_plain_value_stays_there_behind_a_handle(desks: Callable[..., Desk]) -> None:
    desk = desks(
        NUMPY + "class Cache:\n    def __init__(self, x): self.x = x\n"
        "def forward(x):\n    return x, (Cache(x), np.array([Cache(x), None]), {1, 2})\n"
        "def backward(dout, cache):\n    return dout * cache[0].x\n"
    )
    forward, backward = proxies(desk, ["forward", "backward"]).values()
    _, cache = forward(np.array([2.0, 3.0]))
    assert [type(part).__name__ for part in cache] == ["Cache", "ndarray", "set"]
    assert (cache[1].dtype, cache[1].shape) == (np.dtype(object), (2,))
    assert backward(np.ones(2), cache).tolist() == [2.0, 3.0]
    # Only what came from there can go back.
    with pytest.raises(WireError, match="ndarray"):
        backward(np.ones(2), (cache[0], np.array([None])))
    desk.close()
    desk.run("<more>", "1")
    with pytest.raises(Ended, match="gone"):
        backward(np.ones(2), cache[:1])


def test_an_error_arrives_with_its_name_its_text_and_the_learners_own_line(
    desks: Callable[..., Desk],
) -> None:
    desk = desks(
        NUMPY + "class Mine(ValueError): pass\nclass Rude(BaseException): pass\n"
        "def f(kind):\n    if kind == 'mine':\n        raise Mine('no')\n"
        "    if kind == 'rude':\n        raise Rude('away')\n"
        "    if kind == 'key':\n        return {}['missing']\n"
        "    if kind == 'deep':\n        return f(kind)\n"
        "    if kind == 'exit':\n        raise SystemExit(3)\n"
        "    if kind == 'stop':\n        raise KeyboardInterrupt\n"
        "    return np.linalg.inv(np.zeros((2, 2))) if kind == 'numpy' else unknown\n"
    )
    f = proxies(desk, ["f"])["f"]
    for kind, expected, name, text, line in (
        ("mine", ValueError, "Mine", "no", "raise Mine('no')"),
        ("rude", Exception, "Rude", "away", "raise Rude('away')"),
        ("key", KeyError, "KeyError", "'missing'", "return {}['missing']"),
        ("deep", RecursionError, "RecursionError", "maximum recursion", None),
        ("exit", Exception, "SystemExit", "3", "raise SystemExit(3)"),
        ("stop", Exception, "KeyboardInterrupt", "", "raise KeyboardInterrupt"),
        ("numpy", np.linalg.LinAlgError, "LinAlgError", "Singular matrix", None),
        ("", NameError, "NameError", "name 'unknown' is not defined", None),
    ):
        with pytest.raises(expected) as caught:
            f(kind)
        assert type(caught.value).__name__ == name
        assert text in str(caught.value)
        where = learners_line(caught.value)
        assert where
        assert line is None or where.text == line
    assert caught.value.name == "unknown"
    assert desk.number == 1


def test_a_cell_that_stops_leaves_what_it_had_made_and_says_where(desks: Callable[..., Desk]) -> None:
    desk = desks()
    found = desk.run("<cell 1>", "def f(): return 1\nx = 1 / 0\ndef g(): return 2")
    assert (found.outcome, found.says) == (
        *("failed", "Your code stopped on line 2, `x = 1 / 0`. ZeroDivisionError: division by zero"),
    )
    assert desk.has(["f", "g", "x"]) == [True, False, False]
    found = desk.run("<cell 2>", "y = (1,\n")
    assert found.says == "Your code stopped on line 1, `y = (1,`. SyntaxError: '(' was never closed"


def test_a_cell_of_ipython_runs_without_what_only_ipython_knows(desks: Callable[..., Desk]) -> None:
    desk = desks()
    assert (
        desk.run("<a>", "%matplotlib inline\ndef f(): return 1", "pass\ndef f(): return 1").outcome == "ran"
    )
    assert desk.run("<b>", "get_ipython().run_line_magic('time', '')\ndisplay(f())").outcome == "ran"
    assert desk.run("<c>", "%time (", "pass (").says.startswith("Your code stopped on line 1, `%time (`.")
    assert proxies(desk, ["f"])["f"]() == 1


def test_what_is_printed_is_passed_on_and_a_flood_is_cut(
    desks: Callable[..., Desk], capsys: pytest.CaptureFixture[str]
) -> None:
    desk = desks(
        "import os, sys\ndef f(n):\n    print('ab' * n)\n    print('c' * n, file=sys.stderr)\n"
        "    os.write(1, b'd' * 10)\n    sys.__stdout__ and sys.__stdout__.write('e')\n"
    )
    f = proxies(desk, ["f"])["f"]
    f(2)
    assert capsys.readouterr().out == "abab\ncc\n"
    f(10**7)
    assert len(capsys.readouterr().out) == 20_000


def test_an_endless_loop_that_ignores_interrupts_is_ended_and_its_cell_is_not_run_again(
    desks: Callable[..., Desk], tmp_path: Path
) -> None:
    endless = (
        "import signal, time\nfor s in (2, 15): signal.signal(s, signal.SIG_IGN)\n"
        "def g(): return 1\n"
        "while True:\n    try: time.sleep(9)\n    except BaseException: pass"
    )
    desk = desks("def f(): return 3", "def loop():\n    while True: pass", seconds=0.7)
    start = time.monotonic()
    assert desk.run("<endless>", endless).outcome == "timed out"
    with pytest.raises(Ended) as ended:
        proxies(desk, ["loop"])["loop"]()
    assert ended.value.reason == "timed out"
    assert proxies(desk, ["f", "g"])["f"]() == 3
    assert desk.has(["g"]) == [False]
    assert desk.number == 3
    assert time.monotonic() - start < 15


def test_a_submission_that_stops_too_often_is_not_started_again(desks: Callable[..., Desk]) -> None:
    desk = desks(starts=2)
    outcomes = [desk.run(f"<{number}>", "import os; os._exit(0)").outcome for number in range(5)]
    assert outcomes == ["died"] * 3 + ["timed out"] * 2
    with pytest.raises(Ended) as ended:
        desk.has(["f"])
    assert (ended.value.reason, desk.number) == ("too late", 3)


@pytest.mark.parametrize(
    "cell",
    [
        "import os; os._exit(0)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL) or os._exit(1)",
        "import ctypes; ctypes.string_at(0)",
        "raise SystemExit",
    ],
)
def test_a_worker_that_ends_takes_nothing_with_it(desks: Callable[..., Desk], cell: str) -> None:
    desk = desks("def f(): return 1")
    found = desk.run("<cell>", cell)
    assert found.outcome in ("died", "failed")
    assert desk.has(["f"]) == [True]


def forging(reply: str) -> str:
    """A function that writes what looks like a reply to every pipe that it can find, then stops."""
    return (
        "import os, json, struct, time\ndef f():\n"
        f"    text = json.dumps({reply}).encode()\n"
        "    for number in range(3, 20):\n"
        "        try: os.write(number, struct.pack('<QQ', len(text), 0) + text)\n"
        "        except OSError: pass\n"
        "    time.sleep(60)\n"
    )


@pytest.mark.parametrize(
    "reply",
    [
        "{'id': 'x', 'result': 1, 'args': [], 'error': None}",
        "[]",
        "{'result': ['array', '|O', [1], [0], 0, None]}",
    ],
)
def test_a_forged_reply_is_none(desks: Callable[..., Desk], reply: str) -> None:
    desk = desks(forging(reply), "def g(): return 5")
    with pytest.raises(Ended) as ended:
        proxies(desk, ["f"])["f"]()
    assert ended.value.reason == "unsound"
    assert proxies(desk, ["g"])["g"]() == 5


def test_the_courses_own_functions_are_made_anew_in_the_worker(desks: Callable[..., Desk]) -> None:
    desk = desks("def apply(f, x):\n    return f(x)\n")
    apply = proxies(desk, ["apply"])["apply"]
    named = [
        value
        for value in vars(differentiable).values()
        if getattr(value, "__module__", "").endswith("tiable")
    ]
    ours = [f for f in named if not f.__name__.startswith("_") and f.__name__ != "cases"]
    assert len(ours) == 7
    x = np.random.default_rng(2).normal(size=(4, 3))
    for function in ours:
        np.testing.assert_array_equal(apply(function, x), function(x))
    # A function that is nobody's can't be named, and one that needs more than NumPy can't be made.
    for other in (lambda x: x, differentiable.cases):
        with pytest.raises(WireError):
            apply(other, x)


def test_too_much_memory_is_what_a_limit_from_outside_stops(desks: Callable[..., Desk]) -> None:
    """Whatever the worker says of itself: here it says that it needs nothing, and can't be believed."""
    desk = desks(
        NUMPY + "import tracemalloc\ntracemalloc.get_traced_memory = lambda: (0, 0)\n"
        "def two(x):\n    y = x * 2\n    y += 1\n    return y + x\n"
        "def sly(x):\n    import mmap\n    m = mmap.mmap(-1, 2 * x.nbytes)\n    m.write(bytes(m.size()))\n"
        "    return x + np.frombuffer(m, float)[: x.size]\n"
        "def raises(limits):\n    import resource\n    resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))\n"
        "calls = 0\ndef once(x):\n    global calls\n    calls += 1\n    return calls\n"
    )
    x = np.ones(2**22)
    functions = proxies(desk, ["two", "sly", "once"])
    roomy, tight = int(2.2 * x.nbytes) + 2**20, int(1.2 * x.nbytes)
    np.testing.assert_array_equal(call_within(roomy, functions["two"], x), 3 * x + 1)
    if isinstance(desk.isolation, Isolation) and os.path.exists("/proc/self/status"):
        for name in ("two", "sly"):
            with pytest.raises(TooMuchMemory) as much:
                call_within(tight, functions[name], x)
            assert much.value.peak is None
    # The worker that had a limit is gone, and with it what it had counted.
    assert [call_within(tight, functions["once"], x) for _ in range(2)] == [1, 1]


def test_what_was_set_aside_beforehand_counts(desks: Callable[..., Desk]) -> None:
    if not os.path.exists("/proc/self/status"):
        pytest.skip("only Linux tells how much a process has")
    hoard = "hoard = [np.ones(2**22) for _ in range(4)]\n"
    work = "def f(x):\n    return x + 1\n"
    x = np.ones(2**22)
    f = proxies(desks(NUMPY + work), ["f"])["f"]
    np.testing.assert_array_equal(call_within(x.nbytes + 2**20, f, x), x + 1)
    f = proxies(desks(NUMPY + hoard + work), ["f"])["f"]
    with pytest.raises(TooMuchMemory):
        call_within(x.nbytes + 2**20, f, x)


def test_memory_and_files_have_limits(desks: Callable[..., Desk]) -> None:
    desk = desks(disk=2**20, memory=2**30)
    assert "MemoryError" in desk.run("<a>", NUMPY + "np.ones(2**28)").says
    found = desk.run("<b>", "import os\nopen(os.environ['TMPDIR'] + '/a', 'wb').write(bytes(2**22))")
    assert "OSError" in found.says
    assert desk.number == 1
