"""The sandbox: which command starts a worker, and what that worker can reach.

With bubblewrap a worker has no network, no other process in sight, a read-only system, no home, and a small
folder in memory; of bnlib it has graph, ops and draw, a stand-in for `check` and its like (`stand_in`), and
the digits: nothing with a reference in it. Modules that only show something are there in name. Without it a
worker is a process of its own with limits, which on Linux also starts no process and opens no connection. It
can read what its user can read; where that is root, it first becomes a user who owns nothing, if that one can
read Python. On macOS and Windows it is that process alone.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .syscalls import program

IsolationName = Literal["bubblewrap", "process"]

_HERE = Path(__file__).resolve().parent
_BNLIB = _HERE.parents[1]
# What `import` finds in a worker beside Python's own library. Modules that hold references are not here.
_PARTS = {
    "_bnlib_inside": _HERE / "inside",
    "_bnlib_wire": _HERE / "wire.py",
    "bnlib": _HERE / "stand_in" / "__init__.py",
    "bnlib.blame": _BNLIB / "blame.py",
    "bnlib.data": _BNLIB / "data" / "__init__.py",
    "bnlib.draw": _BNLIB / "draw",
    "bnlib.graph": _BNLIB / "graph",
    "bnlib.ops": _BNLIB / "ops",
}
_NOBODY = 65534
_START = (
    "import sys, importlib.util as u; s = u.spec_from_file_location('_bnlib_start', sys.argv.pop(1)); "
    "m = u.module_from_spec(s); s.loader.exec_module(m); m.main()"
)
_QUIET = {
    # One thread for a matrix product: more would only get in one another's way, and cost memory each.
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "MALLOC_ARENA_MAX": "1",
    "LC_ALL": "C.UTF-8",
}


class NoIsolation(RuntimeError):
    """The isolation that was asked for is not to be had here; the message says why."""


@dataclass(frozen=True)
class Started:
    """A worker that has been started: the process that did it, the worker's own id, and its folder, if any."""

    process: subprocess.Popen[bytes]
    pid: int
    folder: str | None = None


@dataclass(frozen=True)
class Isolation:
    """One way of starting a worker. `name` is what a report says."""

    name: IsolationName

    def start(self, limits: dict[str, int], disk: int) -> Started:
        """Start a worker.

        `limits` are resource limits by name, such as {"AS": 2**31}; `disk` the bytes of its folder.
        """
        if self.name == "process":
            folder = tempfile.mkdtemp(prefix="bnlib-worker-")
            user = _nobody()
            if user is not None:
                os.chown(folder, user, user)
            settings = _settings(limits, program(alone=False), user)
            process = _popen(
                [*_python(), settings], cwd=folder, env={**_plain_environment(), "TMPDIR": folder}
            )
            return Started(process, process.pid, folder)
        return _bubblewrap(limits, disk)


def choose(require: bool = False, name: IsolationName | None = None) -> Isolation:
    """The best isolation that works here. With `require`, NoIsolation is raised where it is not bubblewrap."""
    if name == "process":
        return Isolation("process")
    reason = _bubblewrap_fails()
    if reason is None:
        return Isolation("bubblewrap")
    if require or name == "bubblewrap":
        raise NoIsolation(f"Submissions can't be isolated here: {reason}")
    return Isolation("process")


@lru_cache(maxsize=1)
def _bubblewrap_fails() -> str | None:
    """Why bubblewrap can't be used here, or None: found out by starting a worker that nobody speaks to."""
    if sys.platform != "linux":
        return "bubblewrap is for Linux."
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed."
    try:
        process = _bubblewrap({}, 2**20, subprocess.PIPE).process
        _, errors = process.communicate(timeout=60)
    except (OSError, NoIsolation, subprocess.SubprocessError) as error:
        return f"bubblewrap does not work ({error})."
    if process.returncode == 0:
        return None
    return f"bubblewrap does not work ({errors.decode(errors='replace').strip()[-200:]})."


def _bubblewrap(limits: dict[str, int], disk: int, errors: int = subprocess.DEVNULL) -> Started:
    told, telling = os.pipe()
    given: list[int] = [telling]
    options = ["--info-fd", str(telling)]
    filtering = program(alone=True)
    if filtering:
        rules, writing = os.pipe()
        os.write(writing, filtering)
        os.close(writing)
        given.append(rules)
        options += ["--seccomp", str(rules)]
    command = [*_sandbox(disk), *options, "--", *_python(), _settings(limits, None)]
    try:
        process = _popen(command, pass_fds=given, env={}, stderr=errors)
    finally:
        for number in given:
            os.close(number)
    with os.fdopen(told, "rb") as info:
        text = info.read(4096)
    try:
        return Started(process, int(json.loads(text)["child-pid"]))
    except (ValueError, KeyError, TypeError):
        _, words = process.communicate()
        says = (words or b"").decode(errors="replace").strip()[-200:]
        raise NoIsolation(f"bubblewrap did not start a worker{f' ({says})' if says else ''}.") from None


def _popen(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        bufsize=0,
        **{"stderr": subprocess.DEVNULL, **options},
    )


def _python() -> list[str]:
    """The interpreter with nothing of its user's: no environment, no site-packages, no folder of its own."""
    return [_executable(), "-I", "-S", "-B", "-X", "utf8", "-c", _START, str(_HERE / "inside" / "start.py")]


def _settings(limits: dict[str, int], filtering: bytes | None, user: int | None = None) -> str:
    modules = {**{name: str(path) for name, path in _PARTS.items()}, **_packages()}
    rules = base64.b64encode(filtering).decode() if filtering else None
    return json.dumps({"modules": modules, "limits": limits, "filter": rules, "user": user})


@lru_cache(maxsize=1)
def _nobody() -> int | None:
    """Whom a worker becomes where the grader is root, as in a container: somebody to whom no file belongs.

    None where the grader is not root, or where that user could not read Python itself.
    """
    if sys.platform != "linux" or os.geteuid() != 0:
        return None
    paths = sysconfig.get_paths()
    needed: list[str | Path] = [
        _executable(),
        paths["stdlib"],
        paths["platstdlib"],
        *_packages().values(),
        *_PARTS.values(),
    ]
    return _NOBODY if all(_open_to_all(Path(place).resolve()) for place in needed) else None


def _open_to_all(place: Path) -> bool:
    """Whether every user of the system can read a file or a folder."""
    reading = 0o005 if place.is_dir() else 0o004
    modes = [place.stat().st_mode & reading == reading, *(p.stat().st_mode & 0o001 for p in place.parents)]
    return all(modes)


def _plain_environment() -> dict[str, str]:
    # Windows can't start Python without the folder that it is installed in.
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "PATH") if name in os.environ}
    return {**kept, **_QUIET}


def _executable() -> str:
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


@lru_cache(maxsize=1)
def _packages() -> dict[str, str]:
    """Installed packages that a worker may import, by name: NumPy, and what pictures of graphs need."""
    from importlib.util import find_spec

    found = {"numpy": str(Path(np.__file__).parent)}
    spec = find_spec("graphviz")
    if spec and spec.origin:
        found["graphviz"] = str(Path(spec.origin).parent)
    return found


@lru_cache(maxsize=8)
def _sandbox(disk: int) -> tuple[str, ...]:
    """bubblewrap's arguments, but for the files that it is handed at each start."""
    return (
        *("bwrap", "--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534"),
        *("--cap-drop", "ALL", "--die-with-parent", "--new-session", "--as-pid-1", "--hostname", "worker"),
        *("--clearenv", *(word for name, value in _QUIET.items() for word in ("--setenv", name, value))),
        *("--setenv", "HOME", "/tmp", "--setenv", "TMPDIR", "/tmp"),
        # First, for what is mounted below may itself stand in one of these.
        *(
            "--proc",
            "/proc",
            "--dev",
            "/dev",
            *(["--size", str(disk)] if _can_size() else []),
            "--tmpfs",
            "/tmp",
        ),
        *_mounts(),
        *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"),
    )


def _mounts() -> Iterator[str]:
    """What of the system a worker sees: the C library, Python and its own library, and the parts above."""
    for name in ("/usr", "/lib", "/lib64", "/lib32", "/bin"):
        path = Path(name)
        if path.is_symlink():
            yield from ("--symlink", os.readlink(path), name)
        elif path.is_dir():
            yield from ("--ro-bind", name, name)
    for name in ("/etc/ld.so.cache", "/etc/alternatives"):
        yield from ("--ro-bind-try", name, name)
    hidden = [folder for folder in ("/usr/local", "/usr/share", "/usr/src") if Path(folder).is_dir()]
    for folder in hidden:
        yield from ("--tmpfs", folder)
    paths = sysconfig.get_paths()
    library = {os.path.realpath(paths["stdlib"]), os.path.realpath(paths["platstdlib"])}
    # Where libpython lies, and what some builds of NumPy share with it.
    shared = os.path.realpath(sysconfig.get_config_var("LIBDIR") or "/usr/lib")
    for place in sorted({_executable(), shared, *library}):
        yield from ("--ro-bind", place, place)
    # Installed packages hold whatever was installed, bnlib among it.
    installed = [
        f"{place}/{name}" for place in sorted(library) for name in ("site-packages", "dist-packages")
    ]
    for folder in filter(os.path.isdir, [*installed, "/usr/lib/python3/dist-packages"]):
        hidden.append(folder)
        yield from ("--tmpfs", folder)
    for package in _packages().values():
        for place in (package, f"{package}.libs"):
            yield from ("--ro-bind-try", place, place)
    parts = {*_PARTS.values(), _HERE / "__pycache__", _BNLIB / "data" / "digits.npz"}
    for part in sorted(parts):
        yield from ("--ro-bind-try", str(part), str(part))
    # What hides a folder is itself one in memory, and nobody should fill it.
    for folder in hidden:
        yield from ("--remount-ro", folder)


def _can_size() -> bool:
    """Whether this bubblewrap can say how large a folder in memory may become (0.7 and later)."""
    words = subprocess.run(["bwrap", "--help"], capture_output=True, text=True, check=False, timeout=20)
    return "--size" in words.stdout
