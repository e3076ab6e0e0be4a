"""Each form of the report says the same, and nothing that a learner wrote can break it or act in it."""

from __future__ import annotations

import base64
import csv
import io
import json
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bnlib.grade import ExerciseResult, Report, SubmissionResult
from bnlib.grade.outputs.junit import junit
from bnlib.grade.outputs.learners import learners
from bnlib.grade.outputs.pages import file_name, write_pages
from bnlib.grade.outputs.platforms import classroom, gradescope
from bnlib.grade.outputs.sheet import defused, sheet

PASSED = ExerciseResult("3.9", "passed", 2, 2, "All 8 cases agree.")
FAILED = ExerciseResult("3.10", "failed", 0, 1, "`dx` has <other> values & signs.", "mean-for-sum")
UNREAD = SubmissionResult("class/eve/03_backward.ipynb", None, "unreadable", 0, 0, 0.1, ("It is empty.",))


def one(path: str, *exercises: ExerciseResult, notebook: str = "03_backward", notes: tuple[str, ...] = ()):
    score, most = sum(e.points for e in exercises), sum(e.max_points for e in exercises)
    return SubmissionResult(path, notebook, "graded", score, most, 1.5, notes, exercises)


def report(*submissions: SubmissionResult) -> Report:
    return Report("batch-normalization", "1", 7, submissions, isolation="bubblewrap")


CLASS = report(
    one("class/ada/03_backward.ipynb", PASSED, FAILED),
    one("class/=HYPERLINK(1)/03_backward.ipynb", PASSED),
    UNREAD,
)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("class/ada/week1/03_backward.ipynb", "ada"),
        ("class/Ada Lovelace_123_assignsubmission_file/x.ipynb", "Ada Lovelace_123_assignsubmission_file"),
        ("class/lovelaceada_88_03_backward.ipynb", "lovelaceada_88"),
        ("class/03_backward_ada.ipynb", "ada"),
        ("class/03_backward.ipynb", "class"),
        ("class/03_backward (2).ipynb", "class"),
        ("class/03_backward-Copy1.ipynb", "class"),
        ("class/homework.ipynb", "homework"),
    ],
)
def test_a_file_belongs_to_whom_its_folder_or_its_name_says(path: str, name: str) -> None:
    (found,) = learners(report(one(path, PASSED)), ["class"])
    assert found.name == name


def test_the_best_attempt_at_each_notebook_counts() -> None:
    both = report(
        one("class/ada/first/03_backward.ipynb", PASSED, FAILED),
        one("class/ada/second/03_backward.ipynb", FAILED),
        one("class/ada/second/04_gradient_check.ipynb", FAILED, notebook="04_gradient_check"),
    )
    (ada,) = learners(both, ["class"])
    assert (ada.score, ada.max_score, ada.attempts) == (2, 4, 3)
    assert ada.best["03_backward"].submission == "class/ada/first/03_backward.ipynb"


def test_a_file_named_on_the_command_line_is_its_own_learner() -> None:
    found = learners(report(one("a/jane_03_backward.ipynb", PASSED), one("b/03_backward.ipynb", PASSED)), [])
    assert [learner.name for learner in found] == ["jane", "b"]


def test_the_sheet_has_a_row_for_each_learner_and_a_column_for_each_exercise_in_order() -> None:
    rows = list(csv.reader(io.StringIO(sheet(learners(CLASS, ["class"])))))
    assert rows[0] == ["learner", "score", "max_score", "unreadable", "3.9", "3.10"]
    assert rows[1] == ["ada", "2", "3", "0", "2", "0"]
    assert rows[2] == ["'=HYPERLINK(1)", "2", "2", "0", "2", ""]
    assert rows[3] == ["eve", "0", "0", "1", "", ""]


@settings(deadline=None)
@given(st.text())
def test_no_text_is_run_by_a_spreadsheet(text: str) -> None:
    assert not defused(text).lstrip().startswith(("=", "+", "-", "@"))
    assert "\n" not in defused(text)


@settings(deadline=None)
@given(st.text(st.characters(codec=None)))
def test_junit_can_be_parsed_whatever_a_learner_wrote(text: str) -> None:
    odd = ExerciseResult("3.9", "error", 0, 1, text)
    root = ElementTree.fromstring(
        junit(report(one(f"class/{text}/a.ipynb", odd, notes=(text,)))).encode("utf-8", "replace")
    )
    assert root.find(".//error") is not None


def test_junit_counts_what_failed_what_was_not_begun_and_what_could_not_be_read() -> None:
    open_ = ExerciseResult("3.8", "not started", 0, 1, "Not started yet.")
    root = ElementTree.fromstring(junit(report(one("a.ipynb", PASSED, FAILED, open_), UNREAD)))
    first, second = root.findall("testsuite")
    assert [first.get(k) for k in ("tests", "failures", "errors", "skipped")] == ["3", "1", "0", "1"]
    assert first.find("testcase/failure").get("type") == "mean-for-sum"
    assert second.find("testcase/error").get("message") == "It is empty."


class Texts(HTMLParser):
    """The text of a page, and its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.tags = "", set()
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.add(tag)
        self.text += " "


@settings(deadline=None)
@given(name=st.text(st.characters(exclude_characters="/\0"), min_size=1), message=st.text())
def test_a_page_shows_names_and_messages_as_text(name: str, message: str, tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("pages")
    bad = ExerciseResult("3.9", "failed", 0, 1, f"<script>{message}", "mean-for-sum")
    every = report(one(f"class/{name}<img>/03_backward.ipynb", bad))
    class_ = learners(every, ["class"])
    write_pages(every, class_, folder)
    pages = [folder / "index.html", *(folder / "learners").iterdir()]
    assert len(pages) == 2
    for page in pages:
        assert not Texts(page.read_text(encoding="utf-8")).tags & {"script", "img"}


def test_the_class_page_says_which_exercise_fails_and_which_mistake_is_common(tmp_path: Path) -> None:
    write_pages(CLASS, learners(CLASS, ["class"]), tmp_path)
    text = " ".join(Texts((tmp_path / "index.html").read_text()).text.split())
    assert "The backward pass through batch normalization: the class" in text
    assert "3.9 2 of 2" in text
    assert "mean-for-sum" in text
    assert "It is empty." in text
    ada = Texts((tmp_path / "learners" / file_name("ada")).read_text()).text
    assert "dx has <other> values & signs." in ada


def test_two_learners_never_share_a_page() -> None:
    names = ["ada", "Ada", "a d a", "a-d-a", "../ada", "", "\udcff"]
    assert len({file_name(name) for name in names}) == len(names)
    assert all(name.replace("-", "").replace(".html", "").isalnum() for name in map(file_name, names))


def test_gradescope_gets_a_test_for_each_exercise() -> None:
    found = json.loads(gradescope(learners(CLASS, ["class"])[0]))
    assert found["score"] == sum(test["score"] for test in found["tests"]) == 2
    assert [(t["name"], t["score"], t["max_score"]) for t in found["tests"]] == [
        ("3.9", 2, 2),
        ("3.10", 0, 1),
    ]
    assert found["tests"][1]["output"].startswith("Failed. `dx`")


def test_github_classroom_gets_its_result_in_base64() -> None:
    ada, other, eve = (json.loads(base64.b64decode(classroom(one))) for one in learners(CLASS, ["class"]))
    assert (ada["status"], ada["max_score"]) == ("fail", 3)
    assert [(test["name"], test["status"], test["score"]) for test in ada["tests"]] == [
        ("3.9", "pass", 2),
        ("3.10", "fail", 0),
    ]
    assert other["status"] == "pass"
    assert eve["status"] == "error"
    assert eve["tests"][0]["message"] == "It is empty."
