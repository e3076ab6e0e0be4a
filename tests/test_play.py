"""`play`: controls that move a picture, what is kept where no kernel runs, and what is said when it fails."""

from __future__ import annotations

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from bnlib import digits_batch, picture, play
from bnlib.draw.picture import Picture
from bnlib.play import panel
from bnlib.style import figure, histogram, image

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(autouse=True)
def as_a_learner(monkeypatch):
    """As in a learner's notebook, where nothing else decides about the cell."""
    monkeypatch.setenv("BNLIB_STRICT", "0")


def said(**values: object) -> Picture:
    """A picture that says with which values it was made, and no more."""
    text = ", ".join(f"{name}={value!r}" for name, value in values.items())
    return Picture(b"<svg/>", "image/svg+xml", text)


def text_of(box) -> str:
    return box.children[-1].tooltip


# The controls ----------------------------------------------------------------------------------------------


def test_whole_numbers_make_a_slider_of_whole_numbers():
    box = panel(said, n=(3, 1, 9, 2))
    slider = box.children[0]
    assert type(slider).__name__ == "IntSlider"
    assert (slider.value, slider.min, slider.max, slider.step) == (3, 1, 9, 2)


def test_numbers_make_a_slider_that_shows_as_many_decimals_as_its_step():
    slider = panel(said, gamma=(1.0, -3.0, 3.0, 0.25)).children[0]
    assert type(slider).__name__ == "FloatSlider"
    assert slider.readout_format == ".2f"


def test_a_list_of_numbers_makes_a_slider_with_these_stops():
    slider = panel(said, eps=[1e-5, 1e-3, 0.1]).children[0]
    assert type(slider).__name__ == "SelectionSlider"
    assert slider.value == 1e-5
    assert slider._options_labels == ("1e-05", "0.001", "0.1")


def test_a_list_of_words_makes_a_slider_too():
    slider = panel(said, loss=["sum", "mean"]).children[0]
    assert type(slider).__name__ == "SelectionSlider"
    assert slider.value == "sum"
    assert slider._options_labels == ("sum", "mean")


def test_a_control_bears_its_label_or_else_its_name_and_none_is_cut_off():
    box = panel(said, labels={"eps": "eps, inside the root"}, eps=(1, 0, 9, 1), gamma=(1, 0, 9, 1))
    assert [control.description for control in box.children[:2]] == ["eps, inside the root", "gamma"]
    widths = {control.style.description_width for control in box.children[:2]}
    assert len(widths) == 1, "the sliders stand in line"
    # Where no letter is an m or a w, six tenths of an em each are enough in the widest of the usual fonts.
    assert float(widths.pop().removesuffix("em")) > 0.6 * len("eps, inside the root")


@pytest.mark.parametrize(
    "control",
    [(1, 2, 3), (5, 0, 4, 1), (1, 0, 4, 0), (1, 0, 4, -1), 7, "abc", [], ("a", "b", "c", "d"), None],
)
def test_a_control_of_another_form_is_refused_by_name(control):
    with pytest.raises(ValueError, match=r"the control eps=.* should be \(start, low, high, step\)"):
        panel(said, eps=control)


# The picture -----------------------------------------------------------------------------------------------


def test_the_picture_follows_every_control():
    box = panel(said, n=(1, 0, 9, 1), gamma=(1.0, 0.0, 2.0, 0.1), eps=[0.1, 0.2], loss=["sum", "mean"])
    assert text_of(box) == "n=1, gamma=1.0, eps=0.1, loss='sum'"
    for control, value in zip(box.children, (4, 0.5, 0.2, "mean"), strict=False):
        control.value = value
    assert text_of(box) == "n=4, gamma=0.5, eps=0.2, loss='mean'"


def test_the_browsers_rounding_errors_do_not_arrive():
    box = panel(said, beta=(1.0, -5.0, 5.0, 0.5))
    box.children[0].value = 8.881784197001252e-16
    assert text_of(box) == "beta=0.0"


def test_the_picture_keeps_its_alternative_text_whatever_stands_in_it():
    box = panel(lambda n: Picture(b"<svg/>", "image/svg+xml", f'{n} < 2 & "so on"'), n=(1, 0, 9, 1))
    assert 'alt="1 &lt; 2 &amp; &quot;so on&quot;"' in box.children[-1].value


def published(call) -> list[dict]:
    """What a notebook would be sent while `call` runs."""
    InteractiveShell.instance()
    with capture_output() as captured:
        call()
    return [output.data for output in captured.outputs]


def test_what_is_shown_has_the_widget_and_a_still_picture_for_where_there_is_no_kernel():
    (bundle,) = published(lambda: play(said, labels={"n": "rows N"}, n=(3, 1, 9, 1)))
    assert bundle.keys() == {VIEW, "text/html", "text/plain"}
    assert 'alt="n=3"' in bundle["text/html"]
    assert "Run this cell to move it: rows N." in bundle["text/html"]
    assert bundle["text/plain"] == "n=3"


def test_without_a_notebook_the_alternative_text_is_printed(capsys, monkeypatch):
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    play(said, n=(3, 1, 9, 1))
    assert capsys.readouterr().out == "n=3\n"


# Trouble ---------------------------------------------------------------------------------------------------


def root(n):
    if n < 0:
        raise ValueError("no root of <negative>")
    return said(root=n**0.5)


def test_an_exception_is_shown_in_the_pictures_place_with_its_line_and_goes_away_again():
    box = panel(root, n=(1, -4, 4, 1))
    box.children[0].value = -4
    shown = box.children[-1].value
    assert 'role="alert"' in shown
    assert "no root of &lt;negative&gt;" in shown
    assert "raise ValueError" in shown
    box.children[0].value = 4
    assert text_of(box) == "root=2.0"


def test_a_function_that_returns_no_picture_is_told_so():
    shown = panel(lambda n: n, n=(1, 0, 9, 1)).children[-1].value
    assert "should return a Picture, and returned int" in shown


def test_where_a_grader_looks_an_exception_is_raised(monkeypatch):
    monkeypatch.setenv("BNLIB_STRICT", "1")
    with pytest.raises(ValueError, match="no root"):
        panel(root, n=(-1, -4, 4, 1))


# Pictures in the course's style ----------------------------------------------------------------------------


def test_a_picture_that_is_not_trimmed_keeps_its_size_whatever_is_on_it():
    def size(values):
        fig, axes = figure(height=2)
        histogram(axes, values, np.linspace(0, 1, 5), title="x" * int(values.sum()))
        return picture(fig, alt="a histogram", trim=False).svg.split("viewBox")[1][:20]

    assert size(np.zeros(3)) == size(np.ones(12))


def test_the_same_figure_gives_the_same_bytes():
    def made():
        fig, axes = figure(1, 2)
        image(axes[0], digits_batch(1)[0], mark=(2, 4))
        image(axes[1], np.linspace(-3, 3, 64), limit=3, title="signed")
        return picture(fig, alt="two images").data

    assert made() == made()


def test_plotting_leaves_no_figure_open():
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    fig, axes = figure()
    histogram(axes, [0.0, 1.0], [0, 1, 2])
    picture(fig, alt="a histogram")
    assert pyplot.get_fignums() == before
