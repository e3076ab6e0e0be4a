"""What a worker can't reach: the network, files, other processes, the references, and a home to live in."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import bnlib
from bnlib.grade.worker import Desk, Limits, NoIsolation, choose, isolation, proxies
from bnlib.grade.worker.syscalls import program

HOME = Path(bnlib.__file__).parent
BUBBLEWRAP = choose().name == "bubblewrap"
sandboxed = pytest.mark.skipif(not BUBBLEWRAP, reason="there is no bubblewrap here, or it does not work")
filtered = pytest.mark.skipif(program(alone=False) is None, reason="system calls are filtered on Linux only")


@pytest.fixture(scope="module")
def boxed() -> Iterator[Desk]:
    desk = Desk(choose(name="bubblewrap"), Limits(seconds=20.0))
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def alone() -> Iterator[Desk]:
    desk = Desk(choose(name="process"), Limits(seconds=20.0))
    yield desk
    desk.close()


def told(desk: Desk, body: str) -> object:
    """What a function of this body gives back when the worker runs it, as plain data."""
    assert desk.run("<told>", f"def told():\n    import os, sys\n    {body}").outcome == "ran"
    return proxies(desk, ["told"])["told"]()


@sandboxed
def test_the_system_is_small_and_can_only_be_read(boxed: Desk) -> None:
    secret = Path(tempfile.gettempdir()) / "bnlib-secret-of-the-test"
    secret.write_text("secret")
    try:
        for path in (secret, Path.home(), Path(__file__), Path("/etc/passwd"), Path("/home"), Path("/var")):
            if not str(path).startswith(os.path.realpath(sys.base_prefix)):
                body = f"return os.path.exists({str(path)!r}) and os.path.isfile({str(path)!r})"
                assert told(boxed, body) is False, path
    finally:
        secret.unlink()
    for folder in ("/", "/usr", "/dev", "/dev/shm", "/proc/sys/kernel", os.path.dirname(os.__file__)):
        body = f"""
    try: open({folder!r} + '/written', 'w')
    except OSError as error: return error.errno"""
        assert isinstance(told(boxed, body), int), folder
    body = """
    found = []
    for folder, _, _ in os.walk('/'):
        if not folder.startswith('/proc'):
            try:
                with open(folder + '/.written', 'w') as file: file.write('w')
                os.unlink(folder + '/.written')
                found.append(folder)
            except OSError: pass
    return found"""
    found = told(boxed, body)
    assert isinstance(found, list)
    # Python itself may stand in /tmp, as here; the folders above it are in the same memory.
    assert "/tmp" in found
    assert [folder for folder in found if not folder.startswith("/tmp")] == []


@sandboxed
def test_its_own_folder_is_small_and_gone_with_it(boxed: Desk) -> None:
    body = """
    count = 0
    try:
        for number in range(100):
            with open(f'/tmp/{number}', 'wb') as file: file.write(bytes(2**20))
            count += 1
    except OSError as error:
        return count, error.errno"""
    count, _ = told(boxed, body)  # type: ignore[misc]
    assert count < 20
    boxed.close()
    assert told(boxed, "return [name for name in os.listdir('/tmp') if name.isdigit()]") == []


@sandboxed
def test_it_sees_no_other_process_and_no_environment(boxed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BNLIB_SECRET", "secret")
    boxed.close()
    assert told(boxed, "return [n for n in os.listdir('/proc') if n.isdigit()]") == ["1"]
    names = told(boxed, "return sorted(os.environ)")
    assert "BNLIB_SECRET" not in names  # type: ignore[operator]
    assert set(names) <= {*isolation._QUIET, "HOME", "TMPDIR", "PWD", "LC_CTYPE"}  # type: ignore[call-overload]
    assert told(boxed, "return os.getuid(), os.getppid(), os.uname().nodename") == (65534, 0, "worker")
    caps = told(boxed, "return [l.split()[1] for l in open('/proc/self/status') if l.startswith('Cap')]")
    assert set(caps) == {"0" * 16}  # type: ignore[call-overload]


@sandboxed
def test_there_is_no_network(boxed: Desk) -> None:
    assert told(boxed, "return [l.split(':')[0].strip() for l in open('/proc/net/dev')][2:]") in (["lo"], [])


@filtered
@pytest.mark.parametrize("way", ["boxed", "alone"])
def test_it_opens_no_connection_and_starts_no_process(way: str, request: pytest.FixtureRequest) -> None:
    if way == "boxed" and not BUBBLEWRAP:
        pytest.skip("there is no bubblewrap here, or it does not work")
    desk = request.getfixturevalue(way)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for action in (
            f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)",
            "import socket; socket.socketpair()",
            "os.fork()",
            f"os.posix_spawn({sys.executable!r}, ['python'], {{}})",
            "import subprocess; subprocess.run(['true'])",
            "import multiprocessing; multiprocessing.get_context('fork').Process(target=print).start()",
            "import ctypes; libc = ctypes.CDLL(None, use_errno=True)\n"
            "        if libc.ptrace(16, os.getppid() or 1, 0, 0) == -1: raise OSError(ctypes.get_errno(), 'no')",
        ):
            body = f"""
    try:
        {action}
    except OSError as error: return error.errno
    return 'done'"""
            assert isinstance(told(desk, body), int), action
    # Threads are nobody's harm.
    body = "import threading; t = threading.Thread(target=lambda: None); t.start(); t.join(); return 'fine'"
    assert told(desk, body) == "fine"


@filtered
def test_without_bubblewrap_it_still_signals_nobody(alone: Desk) -> None:
    body = """
    found = []
    for action in (lambda: os.kill(os.getppid(), 0), lambda: os.kill(-1, 0)):
        try: found.append(action())
        except OSError as error: found.append(error.errno)
    import resource
    try: found.append(resource.prlimit(os.getppid(), resource.RLIMIT_CORE))
    except OSError as error: found.append(error.errno)
    return found"""
    assert told(alone, body) == [1, 1, 1]


@pytest.mark.parametrize("way", ["boxed", "alone"])
def test_of_bnlib_it_has_graphs_and_nothing_that_holds_an_answer(
    way: str, request: pytest.FixtureRequest
) -> None:
    if way == "boxed" and not BUBBLEWRAP:
        pytest.skip("there is no bubblewrap here, or it does not work")
    desk = request.getfixturevalue(way)
    cell = (
        "import numpy as np\nfrom bnlib import check, hint, look, play, judge, progress, trace, draw, digits_batch\n"
        "check('3.9'); hint('3.9'); progress(); look(1)\n"
        "x, y = digits_batch(3)\n"
        "graph = trace(lambda x: np.sum(x * x, axis=0), np.ones((3, 2)))\n"
        "grad = graph.backward(np.ones(2))['x']\nassert grad.shape == (3, 2)\n"
    )
    found = desk.run("<cell>", cell)
    assert found.outcome == "ran", found.says
    for name in (
        *(
            "norms",
            "norms.staged",
            "exercises",
            "exercises.backward",
            "check.judge",
            "grade",
            "course",
            "gradcheck",
        ),
        *("suspects", "flow", "data.two_layer", "grade.worker.host"),
    ):
        found = desk.run("<cell>", f"import bnlib.{name}")
        assert found.outcome == "failed", name
        assert "ModuleNotFoundError" in found.says
    # What would only show something is there, and does nothing.
    cell = (
        "import matplotlib.pyplot as plt\nfrom matplotlib import colors\nfrom IPython.display import Markdown\n"
        "from bnlib.style import figure, ACCENT\nfrom bnlib.table import table\nfrom tqdm import tqdm\n"
        "fig, ax = plt.subplots()\nax[0].plot([1], color=ACCENT)\nplt.show()\nMarkdown('a')\ntable(a=[1])\n"
        "with plt.rc_context(): figure(1)\nfor step in tqdm(range(3)): last = step\nassert last == 2\n"
    )
    found = desk.run("<cell>", cell)
    assert found.outcome == "ran", found.says
    for name in ("torch", "scipy", "pytest", "jupyter_client", "jupytext"):
        assert "ModuleNotFoundError" in desk.run("<cell>", f"import {name}").says


@sandboxed
def test_no_file_in_sight_has_a_reference_in_it(boxed: Desk) -> None:
    body = """
    names = []
    for folder, folders, files in os.walk('/'):
        folders[:] = [f for f in folders if folder != '/' or f != 'proc']
        names += [os.path.join(folder, name) for name in files]
    return [name for name in names if 'bnlib' in name]"""
    seen = told(boxed, body)
    assert isinstance(seen, list)
    assert any(name.endswith("bnlib/graph/tape.py") for name in seen)
    parts = (
        "/norms",
        "/exercises",
        "/check/",
        "/course",
        "/data/two_layer",
        "/data/pytorch",
        "gradcheck",
        "/source/",
    )
    # The checkout itself may lie anywhere, in a folder named `check` too.
    inner = [name.removeprefix(str(HOME)) for name in seen]
    assert [name for name in inner if any(part in name for part in parts)] == []


def test_what_is_left_behind_ends_with_the_worker() -> None:
    """The worker and its folder, also where it waits for nothing and ignores what can be ignored."""
    for name in {choose().name, "process"}:
        desk = Desk(choose(name=name), Limits(seconds=1.0))  # type: ignore[arg-type]
        desk.run("<cell>", "import threading, time\nthreading.Thread(target=time.sleep, args=(99,)).start()")
        worker = desk._worker
        assert worker
        pids = {worker._started.pid, worker._process.pid}
        assert desk.run("<cell>", "while True: pass").outcome == "timed out"
        until = time.monotonic() + 10
        while any(_running(pid) for pid in pids) and time.monotonic() < until:
            time.sleep(0.05)
        assert not any(map(_running, pids))
        assert worker._started.folder is None or not os.path.exists(worker._started.folder)
        desk.close()


def _running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@filtered
@pytest.mark.parametrize("name", sorted({choose().name, "process"}))
def test_a_grader_that_is_killed_leaves_no_worker(name: str) -> None:
    script = (
        "import json\nfrom bnlib.grade.worker import Desk, choose\n"
        f"desk = Desk(choose(name={name!r}))\ndesk.run('<c>', 'x = 1')\n"
        "w = desk._worker\nprint(json.dumps([w._started.folder, w._started.pid, w._process.pid]), flush=True)\n"
        "desk.run('<c>', 'while True: pass')\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        folder, *pids = json.loads(process.stdout.readline())
        time.sleep(0.2)
        process.kill()
        process.wait()
    until = time.monotonic() + 10
    while any(map(_running, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    left = [pid for pid in pids if _running(pid)]
    for pid in left:
        os.kill(pid, 9)
    # Without bubblewrap its empty folder is all that stays.
    if folder:
        assert not os.listdir(folder)
        os.rmdir(folder)
    assert not left


def test_isolation_that_is_asked_for_and_not_to_be_had_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "_bubblewrap_fails", lambda: "bubblewrap is not installed.")
    assert choose().name == "process"
    with pytest.raises(NoIsolation, match="not installed"):
        choose(require=True)
