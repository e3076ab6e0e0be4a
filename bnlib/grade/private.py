"""An instructor's own hidden asserts, kept outside the repository, where no learner can read them.

A folder has one file for each notebook, under the notebook's name, such as `03_backward.py`. In it a line
`# %% check="3.10"`, as in the course's sources, begins the asserts of an exercise::

    # %% check="3.10"
    dx, dgamma, dbeta = batchnorm_backward(np.ones((4, 2)), cache)
    assert np.allclose(dx, 0.0)

They run behind the exercise's check and the source's own hidden asserts, with the notebook's given cells and
the learner's functions at hand. What stands above the first such line goes before each of them. A learner
whose answer fails one reads that a further test did not pass, and nothing of it.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from ..exercises import courses

_CHECK = re.compile(r"#\s*%%.*?\bcheck\s*=\s*[\"']([^\"']+)[\"'].*")


class PrivateError(ValueError):
    """A folder of private asserts that can't be used; the message names the file and the line."""


def read_private(folder: str | Path) -> dict[str, str]:
    """The asserts of a folder, by exercise. Raises PrivateError."""
    folder = Path(folder)
    files = sorted(folder.glob("*.py"))
    if not files:
        raise PrivateError(f"{folder} has no private asserts: no file such as 03_backward.py.")
    known = {name: course for course in courses().values() for name in course.notebooks}
    found: dict[str, str] = {}
    for file in files:
        if file.stem not in known:
            raise PrivateError(
                f"{file}: no course has a notebook {file.stem!r}; there are {', '.join(known)}."
            )
        ids = {exercise.id for exercise in known[file.stem].notebooks[file.stem]}
        for exercise, text in _asserts(file).items():
            if exercise not in ids:
                raise PrivateError(f"{file}: {file.stem} has no exercise {exercise!r}.")
            found[exercise] = text
    return found


def _asserts(file: Path) -> dict[str, str]:
    try:
        text = file.read_text(encoding="utf-8")
        ast.parse(text)
    except (OSError, UnicodeDecodeError) as error:
        raise PrivateError(f"{file}: can't be read ({error}).") from None
    except SyntaxError as error:
        raise PrivateError(f"{file}, line {error.lineno}: not valid Python ({error.msg}).") from None
    above: list[str] = []
    found: dict[str, list[str]] = {}
    current = above
    for number, line in enumerate(text.splitlines(), 1):
        mark = _CHECK.fullmatch(line.strip())
        if mark:
            if mark[1] in found:
                raise PrivateError(f"{file}, line {number}: a second group of asserts for {mark[1]!r}.")
            current = found[mark[1]] = []
        else:
            current.append(line)
    if not found:
        raise PrivateError(f'{file}: no line such as # %% check="3.10" says whose asserts these are.')
    try:
        texts = {exercise: "\n".join([*above, *lines]).strip() for exercise, lines in found.items()}
        for exercise in texts:
            ast.parse(texts[exercise])
    except SyntaxError:
        raise PrivateError(
            f"{file}: the asserts of {exercise!r} are not valid Python by themselves."
        ) from None
    return texts
