"""A picture in a notebook: its alternative text, its file, and how wide it is."""

import base64
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from seen import layer, title

from bnlib import Picture, draw, picture
from bnlib.draw.picture import with_title

GRAPH, GRADS = layer()


class Reader(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.elements = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))


def image(seen):
    return next(attributes for tag, attributes in Reader(seen.html).elements if tag == "img")


def figure():
    from matplotlib.figure import Figure

    made = Figure(figsize=(3, 2))
    made.subplots().plot([1, 2], [3, 4])
    return made


PICTURES = {
    "drawn": lambda: draw(GRAPH, GRADS),
    "a step": lambda: draw(GRAPH, GRADS, step="xhat", values=True),
    "wide": lambda: draw(GRAPH, GRADS, rankdir="LR"),
    "plotted": lambda: picture(figure(), alt='a line from 3 to 4, "steep" & <straight>'),
}


@pytest.mark.parametrize("make", PICTURES.values(), ids=PICTURES)
def test_every_picture_has_alternative_text_as_image_as_text_and_in_its_file(make):
    seen = make()
    assert seen.alt.strip()
    assert image(seen)["alt"] == seen.alt
    assert seen._repr_mimebundle_()["text/plain"] == seen.alt


def test_a_drawn_picture_has_its_alternative_text_as_title():
    seen = draw(GRAPH, GRADS)
    assert title(seen) == seen.alt


@pytest.mark.parametrize("make", PICTURES.values(), ids=PICTURES)
def test_a_picture_is_one_image_that_needs_no_other_file(make):
    seen = make()
    source = image(seen)["src"]
    assert source.startswith("data:image/svg+xml;base64,")
    assert base64.b64decode(source.split(",")[1]) == seen.data
    ElementTree.fromstring(seen.data)
    assert "background:#fff" in image(seen)["style"]


def test_a_picture_has_a_white_ground_of_its_own():
    ground = re.search(r"<polygon[^>]*>", draw(GRAPH).svg)[0]
    assert 'fill="white"' in ground


def test_what_fits_into_a_notebook_is_a_plain_image():
    elements = Reader(draw(GRAPH, GRADS).html).elements
    assert [tag for tag, _ in elements] == ["img"]
    assert "min-width" not in elements[0][1]["style"]


def test_what_is_wider_than_a_notebook_scrolls_before_it_is_illegible():
    seen = draw(GRAPH, GRADS, rankdir="LR")
    (box, outside), (tag, inside) = Reader(seen.html).elements
    assert (box, tag) == ("div", "img")
    width = float(re.search(r'width="([\d.]+)pt"', seen.svg)[1]) * 4 / 3
    assert f"min-width:{0.7 * width:.0f}px" in inside["style"]
    assert "overflow:auto" in outside["style"]
    # It can be scrolled with the keyboard, and the arrow keys stay out of JupyterLab's hands.
    assert outside["tabindex"] == "0"
    assert outside["data-lm-suppress-shortcuts"] == "true"
    assert outside["aria-label"]


def test_a_picture_of_unknown_size_is_a_plain_image():
    for seen in (Picture(b"\x89PNG", "image/png", "dots"), Picture(b"<svg/>", "image/svg+xml", "nothing")):
        assert [tag for tag, _ in Reader(seen.html).elements] == ["img"]


def test_a_picture_is_saved_under_its_own_ending(tmp_path):
    seen = draw(GRAPH)
    assert seen.save(tmp_path / "layer.svg").read_bytes() == seen.data
    with pytest.raises(ValueError, match=r"should end in \.svg"):
        seen.save(tmp_path / "layer.png")
    with pytest.raises(TypeError, match="not SVG"):
        _ = Picture(b"", "image/png", "dots").svg


@pytest.mark.parametrize("alt", ["", "  ", "\n"])
def test_a_figure_without_words_is_refused(alt):
    with pytest.raises(ValueError, match="alternative text"):
        picture(figure(), alt=alt)


def test_the_same_figure_gives_the_same_bytes():
    assert picture(figure(), alt="a line").data == picture(figure(), alt="a line").data


def test_a_title_is_escaped_and_needs_an_svg():
    assert with_title("<svg a='1'></svg>", "a < b") == "<svg a='1'><title>a &lt; b</title></svg>"
    with pytest.raises(ValueError, match="not an SVG"):
        with_title("<html>", "x")
