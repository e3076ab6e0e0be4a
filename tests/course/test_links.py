"""Every link inside the course leads somewhere: to a notebook that is there, and to a heading in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from bnlib.course.build import section_id
from bnlib.exercises import courses

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
NAMES = [path.name for path in sorted(NOTEBOOKS.glob("*.ipynb"))]
FIGURES = NOTEBOOKS.parent / "figures"
COURSE = courses()["batch-normalization"]
LINK = re.compile(r"""\]\(([^)\s]+)\)|href="([^"]+)\"""")


def prose(name: str) -> str:
    """A notebook's markdown without its code blocks, where `#` begins a comment."""
    cells = json.loads((NOTEBOOKS / name).read_text(encoding="utf-8"))["cells"]
    text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(name: str) -> set[str]:
    """The anchors that JupyterLab gives to headings: their text as shown, with hyphens for spaces."""
    found = re.findall(r"^#{1,6} +(.+?) *$", prose(name), re.MULTILINE)
    return {re.sub(r"[*`]", "", heading).replace(" ", "-") for heading in found}


def cells_with_headings(name: str) -> dict[str, str]:
    """The ids of the cells that begin with a heading, and that heading."""
    cells = json.loads((NOTEBOOKS / name).read_text(encoding="utf-8"))["cells"]
    texts = {cell["id"]: "".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"}
    found = {identifier: re.match(r"#+ +(.+)", text) for identifier, text in texts.items()}
    return {identifier: heading[1] for identifier, heading in found.items() if heading}


def inner_links(name: str) -> list[str]:
    links = (one or other for one, other in LINK.findall(prose(name)))
    return [link for link in links if not re.match(r"[a-z]+:", link)]


@pytest.mark.parametrize("name", NAMES)
def test_every_link_of_a_notebook_leads_somewhere(name):
    for link in inner_links(name):
        target, _, anchor = link.partition("#")
        target = target or name
        assert target in NAMES, f"{name} links to {target}, which is not there"
        kind, _, identifier = anchor.partition("=")
        if kind == "cell-id":
            assert identifier in cells_with_headings(target), f"{name} links to {link}: no such section"
        elif anchor:
            assert unquote(anchor) in anchors(target), f"{name} links to {link}: no such heading"


@pytest.mark.parametrize("name", NAMES)
def test_a_link_into_another_notebook_names_a_cell(name):
    # JupyterLab looks for headings before it has drawn the notebook that it has just opened.
    outer = [link for link in inner_links(name) if re.match(r"\w+\.ipynb#", link)]
    assert [link for link in outer if "#cell-id=" not in link] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_cell_of_a_section_is_named_by_its_heading(name):
    for identifier, heading in cells_with_headings(name).items():
        assert identifier == section_id(heading)


@pytest.mark.parametrize("identifier", COURSE.exercises())
def test_every_exercise_names_the_section_that_explains_it(identifier):
    name = f"{COURSE.notebook_of(identifier)}.ipynb"
    assert COURSE.exercises()[identifier].section in anchors(name)


@pytest.mark.parametrize("name", NAMES)
def test_no_two_headings_of_a_notebook_have_one_anchor(name):
    headings = re.findall(r"^#{1,6} +(.+?) *$", prose(name), re.MULTILINE)
    assert len(headings) == len(anchors(name))


def test_every_notebook_can_be_reached_from_the_first():
    reached, open_ = {NAMES[0]}, [NAMES[0]]
    while open_:
        for link in inner_links(open_.pop()):
            target = link.partition("#")[0]
            if target and target not in reached:
                reached.add(target)
                open_.append(target)
    assert reached == set(NAMES)


def section(title: str) -> str:
    return prose("12_glossary.ipynb").split(f"## {title}\n")[1].split("\n## ")[0]


def test_the_glossary_has_every_step_and_every_mistake():
    for title, numbers in (("The steps", range(10)), ("Mistakes", range(1, 20))):
        rows = re.findall(r"^\| (\d+) \|(.*)$", section(title), re.MULTILINE)
        assert [int(number) for number, _ in rows] == list(numbers)
        assert all(".ipynb#" in rest for _, rest in rows)


def test_the_glossary_has_every_picture():
    rows = re.findall(r"^\| .* \| (.*) \| (`.*`) \|$", section("Pictures"), re.MULTILINE)
    assert all("](" in where for where, _ in rows)
    named = {name for _, files in rows for name in re.findall(r"`([\w.]+)`", files)}
    steps = {f"step_{number}.svg" for number in range(10)}
    figures = {path.name for path in FIGURES.glob("*.svg")} | {"flow.html"}
    assert named == figures - steps | {"step_9.svg", "step_0.svg"}


def test_the_glossary_leads_into_every_notebook():
    targets = {link.partition("#")[0] for link in inner_links("12_glossary.ipynb")} - {""}
    assert targets == set(NAMES) - {"12_glossary.ipynb"}


def test_concepts_stand_in_alphabetical_order():
    rows = re.findall(r"^\| ([^|]+) \|.*\.ipynb#", section("Concepts"), re.MULTILINE)
    assert len(rows) > 20
    assert rows == sorted(rows, key=str.casefold)
