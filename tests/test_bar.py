"""The progress bar hands its items on, moves for a learner, and leaves the same output at every run."""

import pytest

from bnlib import bar as module
from bnlib.bar import bar


class Handle:
    def __init__(self, states):
        self.states = states

    def update(self, card):
        self.states.append(card.text)


@pytest.fixture
def notebook(monkeypatch):
    """A notebook in which every state of the bar is kept, with no pause between them."""
    states = []

    def display(card, display_id):
        states.append(card.text)
        return Handle(states)

    import IPython
    import IPython.display

    monkeypatch.setattr(IPython, "get_ipython", lambda: object())
    monkeypatch.setattr(IPython.display, "display", display)
    monkeypatch.setattr(module, "_PAUSE", 0.0)
    return states


def test_every_item_comes_once_and_in_order(capsys):
    assert list(bar([3, 1, 2], "Runs")) == [3, 1, 2]
    assert capsys.readouterr().out == "Runs: 3 of 3\n"


def test_it_moves_for_a_learner(notebook, monkeypatch):
    monkeypatch.setenv("BNLIB_STRICT", "0")
    list(bar(range(3), "Runs"))
    assert notebook == ["Runs: 0 of 3", "Runs: 1 of 3", "Runs: 2 of 3", "Runs: 3 of 3", "Runs: 3 of 3"]


def test_only_its_last_state_is_shown_where_nobody_watches(notebook, monkeypatch):
    monkeypatch.setenv("BNLIB_STRICT", "1")
    list(bar(range(3), "Runs"))
    assert notebook == ["Runs: 3 of 3"]


def test_a_loop_that_breaks_off_says_how_far_it_came(notebook, monkeypatch):
    monkeypatch.setenv("BNLIB_STRICT", "0")

    def breaks_off():
        for item in bar(range(3), "Runs"):
            if item == 1:
                raise RuntimeError

    with pytest.raises(RuntimeError):
        breaks_off()
    assert notebook[-1] == "Runs: 1 of 3"


def test_it_is_a_native_element_with_a_name_and_words_beside_it():
    html = module._card('Runs of "a" & b', 2, 5).html
    assert "<progress" in html
    assert 'max="5"' in html
    assert 'value="2"' in html
    assert 'aria-label="Runs of &quot;a&quot; &amp; b"' in html
    assert "2 of 5</div>" in html
