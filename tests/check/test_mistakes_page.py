"""The page of mistakes is made from the exercises and is up to date; the names on it are the ones in use."""

from __future__ import annotations

from pathlib import Path

import bnlib.exercises.mistakes
from bnlib.__main__ import main
from bnlib.exercises import courses
from bnlib.exercises.mistakes.page import ANYWHERE, FROM_THE_GRAPH, ROWS, page

PAGE = Path(bnlib.exercises.mistakes.__file__).with_name("README.md")


def own():
    return page([courses()["batch-normalization"]])


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == own(), "run `python -m bnlib mistakes --output` on the page"


def test_every_row_of_the_curriculum_can_be_recognised_somewhere():
    table = own()
    assert sorted(ROWS) == list(range(1, 19))
    for row, (_, slugs) in ROWS.items():
        for slug in slugs:
            (line,) = [line for line in table.splitlines() if f"| `{slug}` |" in line]
            places = line.split("|")[4].strip()
            assert places, f"{slug}, of row {row}, is recognised nowhere"


def test_every_known_mistake_stands_on_it_with_its_exercise():
    lines = {line.split("|")[3].strip(" `"): line for line in own().splitlines() if line.startswith("| ")}
    for exercise in courses()["batch-normalization"].exercises().values():
        for mistake in exercise.mistakes:
            assert exercise.id in lines[mistake.slug]


def test_a_name_stands_on_it_once():
    slugs = [slug for _, (_, slugs) in ROWS.items() for slug in slugs]
    assert len(slugs) == len(set(slugs))
    assert set(FROM_THE_GRAPH) | set(ANYWHERE) <= set(slugs) | {"outputs-swapped"}


def test_the_command_prints_it_and_writes_it(capsys, tmp_path):
    assert main(["mistakes"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("# What learners get wrong")
    assert main(["mistakes", "--output", str(tmp_path / "page.md")]) == 0
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == printed
