"""Each committed figure is what its maker draws now; run `make figures` where one is not.

Coordinates are not compared, because renderers and versions of matplotlib differ, nor the numbers of the
roofline, because machines do.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from bnlib import trace
from bnlib.plots.algorithm import algorithm
from bnlib.plots.roofline import roofline

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "figures"
SVG = "{http://www.w3.org/2000/svg}"


def maker() -> ModuleType:
    """figures/make.py as a module, with what stands beside it."""
    sys.path.insert(0, str(FOLDER))
    try:
        spec = importlib.util.spec_from_file_location("figures_make", FOLDER / "make.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(FOLDER))


MAKE = maker()
PLOTS = ("projection", "axes", "roofline")
GRAPHS = sorted(set(MAKE.FIGURES) - {*PLOTS, "algorithm"})
MEASURED = re.compile(r"[-−]?\d[\d.]*")
# matplotlib's own names, which are numbered, or a digest of coordinates.
OURS = re.compile(r"roof|form_\d+|(node|edge|back|step|line)_.*|head|given")


def parts(svg: str) -> tuple[list[tuple[str, str]], list[str]]:
    """The ids of ours with their classes, and the texts, in order."""
    root = ElementTree.fromstring(svg)
    every = [(e.get("id", ""), e.get("class", "")) for e in root.iter()]
    texts = ["".join(e.itertext()).strip() for e in root.iter(f"{SVG}text")]
    return [pair for pair in every if OURS.fullmatch(pair[0])], texts


def title(svg: str) -> str:
    first = ElementTree.fromstring(svg)[0]
    assert first.tag == f"{SVG}title"
    return first.text


def colours(svg: str) -> set[str]:
    return set(re.findall(r"#[0-9a-f]{6}\b", svg))


def committed(name: str) -> str:
    return (FOLDER / f"{name}.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "renderer",
    [
        pytest.param("dot", marks=pytest.mark.skipif(not shutil.which("dot"), reason="there is no `dot`")),
        "wasi",
    ],
)
@pytest.mark.parametrize("name", [*GRAPHS, "algorithm"])
def test_a_graph_is_what_is_drawn_now(name, renderer, monkeypatch):
    monkeypatch.setenv("BNLIB_RENDERER", renderer)
    now = MAKE.made(name)
    assert parts(committed(name)) == parts(now), "run `make figures`"
    assert title(committed(name)) == title(now), "run `make figures`"
    assert colours(committed(name)) == colours(now), "run `make figures`"
    assert parts(now)[0]


@pytest.mark.parametrize("name", ["projection", "axes"])
def test_a_plot_is_what_is_drawn_now(name):
    now = MAKE.made(name)
    assert sorted(parts(committed(name))[1]) == sorted(parts(now)[1]), "run `make figures`"
    assert title(committed(name)) == title(now), "run `make figures`"
    assert colours(committed(name)) == colours(now), "run `make figures`"


def test_the_roofline_has_the_forms_and_words_of_now(monkeypatch):
    monkeypatch.setitem(MAKE.FIGURES, "roofline", lambda: roofline(*MAKE.forms_of_this_machine(rows=600)))

    def words(svg):
        found, texts = parts(svg)
        return found, sorted(text for text in texts if not MEASURED.fullmatch(text))

    kept, now = committed("roofline"), MAKE.made("roofline")
    assert words(kept) == words(now), "run `make figures`"
    assert MEASURED.sub("0", title(kept)) == MEASURED.sub("0", title(now)), "run `make figures`"


def test_no_figure_is_without_maker_and_no_maker_without_figure():
    assert {path.stem for path in FOLDER.glob("*.svg")} == set(MAKE.FIGURES)
    assert (FOLDER / "flow.html").exists()


@pytest.mark.parametrize("name", MAKE.FIGURES)
def test_a_figure_says_what_it_shows_and_is_white(name):
    svg = committed(name)
    assert len(title(svg).split()) > 10
    assert ElementTree.fromstring(svg).get("role") == "img"
    # The first thing painted covers the page: Graphviz's background, matplotlib's patch or our rectangle.
    painted = re.search(
        r"<(?:polygon|rect|path)\b[^>]*>", svg[svg.index("</defs>") if "</defs>" in svg[:3000] else 0 :]
    )
    assert re.search(r'fill="white"|fill: ?#ffffff', painted[0])
    assert "<script" not in svg
    assert not re.search(r'(?:href|src)="http', svg)


def test_the_whole_circuit_has_both_ways_from_x():
    ids = {identifier for identifier, _ in parts(committed("circuit"))[0]}
    assert {"edge_x__mu", "edge_x__xmu", "back_x__mu", "back_x__xmu"} <= ids


PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "notebooks").glob("*.ipynb"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_only_figures_that_are_there(page):
    text = page.read_text(encoding="utf-8")
    for found in re.findall(r"figures/([\w.-]+\.(?:svg|png|gif|html|webp))", text):
        assert (FOLDER / found).exists(), f"{page.name} names figures/{found}"


def test_every_picture_of_the_readme_has_words():
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    alts = re.findall(r"!\[([^]]*)\]\(", text) + re.findall(r'<img [^>]*alt="([^"]*)"', text)
    assert len(alts) == len(re.findall(r"!\[|<img", text)) > 0
    assert all(len(alt.split()) > 10 for alt in alts)


def test_the_box_refuses_a_layer_that_is_not_in_it():
    def other(x, gamma, beta, eps):
        out = x * gamma + beta
        return out

    given = [MAKE.layer()[name].value for name in ("x", "gamma", "beta")]
    with pytest.raises(KeyError):
        algorithm(trace(other, *given, eps=1e-5), MAKE.DIMS)


@pytest.mark.parametrize("wrong", [0.0, -1.0])
def test_a_roofline_refuses_what_no_logarithmic_scale_has(wrong):
    with pytest.raises(ValueError, match="positive"):
        roofline({"staged": (0.1, wrong)}, 10.0, 5.0)
