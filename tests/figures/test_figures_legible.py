"""Each figure can be read at half of its size, in grey and on a dark page."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "figures"
FIGURES = sorted(FOLDER.glob("*.svg"))
GRAPHS = [path for path in FIGURES if 'class="edge' in path.read_text(encoding="utf-8")]
SVG = "{http://www.w3.org/2000/svg}"
# In pixels, at half of a figure's size; and the contrast that WCAG 2.2 asks of text of this size.
SMALLEST, CONTRAST = 9, 4.5

each_figure = pytest.mark.parametrize("path", FIGURES, ids=lambda path: path.stem)
each_graph = pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)


def read(path: Path) -> ElementTree.Element:
    return ElementTree.fromstring(path.read_text(encoding="utf-8"))


def said(element: ElementTree.Element, name: str) -> str:
    """A property of an element, by attribute or by style; empty where it says nothing of it."""
    found = re.search(rf"(?:^|;)\s*{name}:\s*([^;]+)", element.get("style", ""))
    return found[1].strip() if found else element.get(name, "")


def pixels(length: str) -> float:
    found = re.fullmatch(r"([\d.]+)(pt|px)?", length)
    return float(found[1]) * (4 / 3 if found[2] == "pt" else 1)


def luminance(colour: str) -> float:
    """As WCAG 2.2 defines it, for a colour in hexadecimal digits."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def colour(text: str, otherwise: str = "") -> str:
    named = {"white": "#ffffff", "black": "#000000", "": otherwise}
    return named.get(text, text)


def smallest_text(root: ElementTree.Element) -> float:
    """The height of the smallest text in pixels, where the figure is shown at half of its size."""
    unit = pixels(root.get("width")) / float(root.get("viewBox").split()[2])
    return min(pixels(said(text, "font-size")) for text in root.iter(f"{SVG}text")) * unit / 2


def faintest_text(root: ElementTree.Element) -> float:
    """The lowest contrast of a text with any of the light areas of the figure, wherever either stands."""
    shapes = [e for kind in ("path", "polygon", "rect", "ellipse") for e in root.iter(f"{SVG}{kind}")]
    fills = {colour(said(shape, "fill")) for shape in shapes} - {"", "none"}
    light = [fill for fill in fills if luminance(fill) > 0.5] + ["#ffffff"]
    inks = {colour(said(text, "fill"), "#000000") for text in root.iter(f"{SVG}text")}
    return min(contrast(ink, area) for ink in inks for area in light)


@each_figure
def test_the_smallest_text_can_be_read_at_half_the_size(path):
    assert smallest_text(read(path)) >= SMALLEST - 0.05


@each_figure
def test_every_text_stands_out_from_every_light_area(path):
    assert faintest_text(read(path)) >= CONTRAST


@each_figure
def test_a_white_area_lies_below_the_whole_figure(path):
    root = read(path)
    width, height = map(float, root.get("viewBox").split()[2:])
    for shape in root.iter():
        if colour(said(shape, "fill")) != "#ffffff":
            continue
        if shape.tag == f"{SVG}rect":
            x, y = (float(shape.get(name, "0")) for name in ("x", "y"))
            corners = [(x, y), (x + float(shape.get("width")), y + float(shape.get("height")))]
        else:
            numbers = [float(n) for n in re.findall(r"-?[\d.]+", shape.get("points") or shape.get("d"))]
            corners = list(zip(numbers[::2], numbers[1::2], strict=True))
        # Graphviz's drawing begins at its own zero, which a group moves into the picture.
        across, down = (max(axis) - min(axis) for axis in zip(*corners, strict=True))
        assert across >= width - 1
        assert down >= height - 1
        return
    pytest.fail("nothing white is there")


def dashes(root: ElementTree.Element, kind: str) -> list[bool]:
    """For each edge of a kind, whether its line is dashed."""
    edges = [group for group in root.iter(f"{SVG}g") if kind in group.get("class", "").split()]
    lines = [next(edge.iter(f"{SVG}path")) for edge in edges]
    return [said(line, "stroke-dasharray") not in ("", "none") for line in lines]


@each_graph
def test_without_colour_the_way_back_is_told_by_its_dashes(path):
    root = read(path)
    assert set(dashes(root, "forward")) == {False}
    assert set(dashes(root, "backward")) == {True}


def test_without_colour_no_two_lines_of_the_projection_are_alike():
    legend = next(group for group in read(FOLDER / "projection.svg").iter() if group.get("id") == "legend_1")
    styles = [
        (said(line, "stroke-dasharray"), said(line, "stroke-width")) for line in legend.iter(f"{SVG}path")
    ]
    assert len(styles) == len(list(legend.iter(f"{SVG}text")))
    assert len(set(styles)) == len(styles)


@pytest.mark.parametrize("pair", [('font-size="14"', 'font-size="10"'), ('fill="#1f2933"', 'fill="#7b8794"')])
def test_smaller_or_fainter_text_is_found(pair):
    text = (FOLDER / "algorithm.svg").read_text(encoding="utf-8")
    assert pair[0] in text
    root = ElementTree.fromstring(text.replace(*pair, 1) if "size" in pair[0] else text.replace(*pair))
    assert smallest_text(root) < SMALLEST - 0.05 or faintest_text(root) < CONTRAST
