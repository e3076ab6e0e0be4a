"""Reading what learners hand in: a clear reason for what can't be graded, and no harm from it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tiny import code, save

from bnlib.grade import submission
from bnlib.grade.submission import Unreadable, find_files, read


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"hello", "line 1, column 1"),
        (b'{"cells": [\n{"a"', "line 2"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"[1, 2]", "not of a notebook"),
        (b"{}", "no cells"),
        (b'{"cells": {}}', "no cells"),
        (b'{"worksheets": []}', "old format"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"cells": ' + b"9" * 10_000 + b"}", "numbers too long"),
        (b'{"cells": [{"cell_type": "code", "source": 7}]}', "cell 1 has no text"),
    ],
)
def test_what_is_no_notebook_is_said_in_words(data: bytes, says: str, tmp_path: Path) -> None:
    file = tmp_path / "x.ipynb"
    file.write_bytes(data)
    with pytest.raises(Unreadable, match=says):
        read(file)


def test_a_folder_a_link_a_pipe_and_a_missing_file_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "folder.ipynb").mkdir()
    target = save(tmp_path / "real.ipynb", code("1"))
    (tmp_path / "link.ipynb").symlink_to(target)
    os.mkfifo(tmp_path / "pipe.ipynb")
    for name, says in [
        ("folder", "folder"),
        ("link", "link"),
        ("pipe", "ordinary"),
        ("gone", "no such file"),
        ("gone\0", "can't be opened"),
    ]:
        with pytest.raises(Unreadable, match=says):
            read(tmp_path / f"{name}.ipynb")


def test_size_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = save(tmp_path / "x.ipynb", *[code("1")] * 5)
    assert len(read(file).cells) == 5
    for name, limit, says in (
        ("MAX_CODE", 4, "4 characters of code"),
        ("MAX_CELLS", 4, "5 cells"),
        ("MAX_COMMAS", 4, "too many parts"),
        ("MAX_BRACKETS", 4, "too many parts"),
        ("MAX_BYTES", 10, "larger"),
    ):
        monkeypatch.setattr(submission, name, limit)
        with pytest.raises(Unreadable, match=says):
            read(file)


def test_cells_come_with_their_text_whichever_way_it_is_written(tmp_path: Path) -> None:
    file = save(
        tmp_path / "x.ipynb",
        {"cell_type": "markdown", "source": "# Title", "metadata": {}},
        code(["a = 1\n", "b = 2"], id="two-lines", metadata=None),
        code("s = '\ud800'"),
        bnlib={"course": "c", "notebook": ["not a name"]},
    )
    found = read(file)
    assert [(cell.number, cell.id, cell.source) for cell in found.cells] == [
        (2, "two-lines", "a = 1\nb = 2"),
        (3, "", "s = '?'"),
    ]
    assert (found.course, found.notebook) == ("c", None)


def test_a_byte_order_mark_is_no_damage(tmp_path: Path) -> None:
    file = tmp_path / "x.ipynb"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps({"cells": []}).encode())
    assert read(file).cells == ()


def test_a_folder_is_searched_in_order_and_without_following_links(tmp_path: Path) -> None:
    for name in ("b/2.ipynb", "b/1.ipynb", "a.ipynb", "b/.ipynb_checkpoints/1.ipynb", "b/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "z.ipynb").mkdir()
    (tmp_path / "z.ipynb" / "3.ipynb").touch()
    found = [str(path.relative_to(tmp_path)) for path in find_files([tmp_path, tmp_path / "a.ipynb"])]
    assert found == ["a.ipynb", "b/1.ipynb", "b/2.ipynb", "z.ipynb/3.ipynb"]
    assert list(find_files([tmp_path / "loop", "nowhere"])) == [tmp_path / "loop", Path("nowhere")]
