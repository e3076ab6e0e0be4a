"""Building: what goes into each of the three notebooks, and what of the outputs is kept."""

from __future__ import annotations

import json

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator

from bnlib.course import build, source
from bnlib.course.run import BuildError, execute, lasting

HTML = {"text/html": "<b>card</b>", "text/plain": "card"}


def code_cells(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def text_of(notebook):
    return "\n".join(cell["source"] for cell in notebook["cells"])


def test_a_learner_sees_neither_solutions_nor_hidden_tests(read, lesson):
    text = text_of(build.learners(read(lesson)))
    assert text.count("# Your code goes here.") == 3
    for secret in ("dz.copy()", "dz * y", "assert", "BEGIN", "END"):
        assert secret not in text


def test_a_solved_notebook_has_hidden_tests_on_wish(read, lesson):
    book = read(lesson)
    assert "dz * y" in text_of(build.solved(book))
    assert "assert" not in text_of(build.solved(book))
    assert "assert add_backward" in text_of(build.solved(book, hidden=True))
    assert "###\u0020BEGIN" not in text_of(build.solved(book, hidden=True))


def test_an_instructors_notebook_keeps_every_marker(read, lesson):
    text = text_of(build.instructors(read(lesson)))
    assert text.count("### BEGIN SOLUTION") == text.count("### END SOLUTION") == 3
    assert text.count("### BEGIN HIDDEN TESTS") == 1


@pytest.mark.parametrize("version", [build.learners, build.solved, build.instructors])
def test_every_version_is_a_valid_notebook_for_jupyter_and_nbgrader(read, lesson, version):
    node = nbformat.reads(build.dump(version(read(lesson))), as_version=4)
    nbformat.validate(node)
    MetadataValidator().validate_nb(node)


def test_ids_name_exercises_and_agree_between_versions(read, lesson):
    book = read(lesson)
    ids = [cell["id"] for cell in build.learners(book)["cells"]]
    assert {"answer-2-1", "check-2-1", "answer-2-2", "check-2-2"} < set(ids)
    assert ids == [cell["id"] for cell in build.instructors(book)["cells"]]
    assert len(set(ids)) == len(ids)


def test_an_id_changes_only_with_its_own_cell(read, lesson):
    def ids(text):
        return {cell["id"] for cell in build.learners(read(text))["cells"]}

    assert len(ids(lesson) - ids(lesson.replace("A demonstration.", "Another."))) == 1
    assert ids(lesson) < ids(lesson + "\n# %% [markdown]\n# The end.\n")


def test_cells_with_the_same_text_have_different_ids(read, lesson):
    ids = [c["id"] for c in build.learners(read(lesson + "\n# %%\n1\n\n# %%\n1\n"))["cells"]]
    assert len(set(ids)) == len(ids)


def test_nbgraders_metadata_says_what_is_solved_and_what_is_graded(read, lesson):
    cells = {cell["id"]: cell["metadata"] for cell in build.learners(read(lesson))["cells"]}
    common = {"schema_version": 3, "task": False}
    assert cells["answer-2-2"]["nbgrader"] == common | {
        "grade": False,
        "locked": False,
        "solution": True,
        "grade_id": "answer-2-2",
    }
    assert cells["check-2-2"]["nbgrader"] == common | {
        "grade": True,
        "locked": True,
        "solution": False,
        "grade_id": "check-2-2",
        "points": 3,
    }


def test_the_version_changes_with_what_a_learner_reads_and_with_nothing_else(read, lesson):
    def version(text):
        return build.learners(read(text))["metadata"]["bnlib"]["version"]

    assert version(lesson) == version(lesson.replace("dx = dz * y", "dx = y * dz"))
    assert version(lesson) != version(lesson.replace("A demonstration.", "Another."))


def test_the_kept_text_is_what_jupyter_would_save(read, lesson):
    text = build.dump(build.learners(read(lesson)))
    again = nbformat.writes(nbformat.reads(text, as_version=4))
    assert text == again + "\n"


def test_building_executes_demonstrations_and_leaves_checks_empty(read, lesson, monkeypatch):
    monkeypatch.setenv("BNLIB_STRICT", "1")
    shown = (
        "\n# %%\nimport os, sys\nfrom IPython.display import display\n"
        f"display({HTML!r} | {{'application/vnd.jupyter.widget-view+json': {{'model_id': 'x'}}}}, raw=True)\n"
        "print('lost', file=sys.stderr)\n"
        "print([k for k in os.environ if k in ('BNLIB_STRICT', 'PYTEST_CURRENT_TEST')], os.listdir())\n"
        "\n# %%\n6 * 7\n"
    )
    notebook = build.learners(read(lesson + shown))
    execute(notebook, "lesson")
    outputs = [cell["outputs"] for cell in code_cells(notebook)]
    assert outputs[0] == []
    assert outputs[1] == [{"name": "stdout", "output_type": "stream", "text": "six 6\n"}]
    assert outputs[2:6] == [[], [], [], []]
    assert outputs[6][0] == {"data": HTML, "metadata": {}, "output_type": "display_data"}
    assert outputs[6][1]["text"].startswith("[] [")
    assert outputs[7][0] == {
        "data": {"text/plain": "42"},
        "metadata": {},
        "output_type": "execute_result",
        "execution_count": 8,
    }
    nbformat.validate(nbformat.reads(build.dump(notebook), as_version=4))
    counts = [cell["execution_count"] for cell in code_cells(notebook)]
    assert counts == [None, 2, None, None, None, None, 7, 8], "nbval wants a number where there are outputs"
    assert "widgets" not in notebook["metadata"]


def test_a_cell_that_fails_stops_the_build_and_is_named(read, lesson):
    notebook = build.learners(read(lesson.replace('print("six"', 'print("six" + 1')))
    with pytest.raises(BuildError, match=r'^lesson, cell 4: TypeError: .*\n\nprint\("six" \+ 1'):
        execute(notebook, "lesson")


def test_a_kernel_that_dies_stops_the_build(read, lesson):
    notebook = build.learners(read(lesson + "\n# %%\nimport os\nos._exit(1)\n"))
    with pytest.raises(BuildError, match=r"^lesson: Kernel died"):
        execute(notebook, "lesson")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"image/png": "iVBOR", "text/plain": "<Figure>"}, "image/png without alternative text"),
        ({"image/svg+xml": "<svg/>"}, "hand the figure to bnlib.picture"),
        ({"text/html": '<p><img src="data:"></p>'}, "an <img> without alternative text"),
        ({"text/html": '<img alt=" " src="data:">'}, "an <img> without alternative text"),
        (
            {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "VBox()"},
            "without a still fallback",
        ),
        ({"text/plain": "<Graph object at 0x7f00deadbeef>"}, "a memory address"),
    ],
)
def test_what_a_committed_notebook_may_not_show_is_refused(data, says):
    with pytest.raises(BuildError, match=f"here: .*{says}"):
        lasting({"output_type": "display_data", "data": data, "metadata": {}}, "here")


def test_a_picture_with_alternative_text_is_kept():
    data = {"text/html": '<img alt="A graph" src="data:image/svg+xml;base64,">', "text/plain": "A graph"}
    assert lasting({"output_type": "display_data", "data": data, "metadata": {}}, "here")["data"] == data


@pytest.fixture
def checkout(tmp_path):
    """Two sources of the registered course; the second one fails."""
    (tmp_path / "source").mkdir()
    good = "# %% [markdown]\n# # Good\n\n# %%\nprint('well')\n"
    for name, text in (("00_start_here", good), ("01_forward", good.replace("'well'", "1 / 0"))):
        (tmp_path / "source" / f"{name}.py").write_text(text)
    return tmp_path


def test_sources_that_are_sound_are_built_even_if_another_is_not(checkout, capsys):
    with pytest.raises(BuildError, match=r"01_forward\.py, cell 2: ZeroDivisionError"):
        build.build_all(checkout)
    assert [path.name for path in (checkout / "notebooks").iterdir()] == ["00_start_here.ipynb"]
    assert capsys.readouterr().out == "built 00_start_here.ipynb\n"
    built = json.loads((checkout / "notebooks" / "00_start_here.ipynb").read_text())
    assert built["cells"][1]["outputs"][0]["text"] == ["well\n"]


def test_building_twice_gives_the_same_bytes(checkout):
    (path,) = build.build_all(checkout, ["00_start_here"])
    before = path.read_bytes()
    build.build_all(checkout, ["00_start_here"])
    assert path.read_bytes() == before


def test_a_name_that_is_no_source_is_said(checkout):
    with pytest.raises(source.SourceError, match=r"no source/05_x\.py; there are 00_start_here, 01_forward"):
        build.build_all(checkout, ["05_x"])
