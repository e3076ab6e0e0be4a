"""The card: short, in the order of a thought, to be read in grey, by ear, and on any background."""

from __future__ import annotations

import base64
import html
import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from bnlib import judge
from bnlib.check.card import Card, verdict_card
from bnlib.check.judge import Verdict
from bnlib.exercises import find
from bnlib.norms import staged
from bnlib.suspects import wrong_backward


def mean_for_sum(dout):
    return dout.mean(axis=0), dout.copy()


def shown(identifier, answer) -> tuple[Verdict, Card]:
    verdict = judge(identifier, {find(identifier).functions[0]: answer})
    return verdict, verdict_card(find(identifier), verdict)


def image(card: Card) -> tuple[str, ElementTree.Element]:
    """The alternative text of the card's picture, and the SVG in it."""
    alt, data = re.findall(r'<img alt="([^"]*)" src="data:image/svg\+xml;base64,([^"]+)"', card.html)[0]
    return html.unescape(alt), ElementTree.fromstring(base64.b64decode(data))


def faults(svg: ElementTree.Element) -> list[ElementTree.Element]:
    return [group for group in svg.iter() if "fault" in group.get("class", "").split()]


def test_it_says_what_was_asked_what_came_back_the_mistake_the_thought_and_what_next():
    verdict, card = shown("3.9", mean_for_sum)
    title, asked, came, thought, place, further = card.text.splitlines()
    assert title == "✗ 3.9 The shift: not right yet"
    assert asked.startswith("Asked for: the gradients of both inputs")
    assert came.startswith("`dbeta` has other values.")
    assert came.endswith("Found with 5 rows and 3 features.")
    assert thought == f"mean-for-sum: {verdict.thought}"
    assert place.startswith("In the graph: ")
    assert further.endswith('For a hint, run `hint("3.9")` in a cell of its own.')
    assert "“Step 9 adds beta”" in further


def test_the_same_words_go_into_the_report():
    verdict, card = shown("3.9", mean_for_sum)
    assert verdict.message.startswith("`dbeta` has other values.")
    assert verdict.message.endswith(verdict.thought)
    assert "<" not in verdict.message
    assert verdict.thought in card.text


def test_the_section_that_explains_it_is_linked():
    _, card = shown("3.9", mean_for_sum)
    assert '<a href="#Step-9-adds-beta">Step 9 adds beta</a>' in card.html


def test_the_edge_that_is_wrong_is_marked_by_more_than_colour():
    _, card = shown("3.10", wrong_backward("dxmu2 lost"))
    alt, svg = image(card)
    assert alt.startswith("What sq sends back to xmu is wrong: missing. The node xmu of")
    (fault,) = faults(svg)
    assert fault.get("id") == "back_xmu__sq"
    path = next(part for part in fault if part.tag.endswith("path"))
    others = [p for p in svg.iter() if p.tag.endswith("path") and p.get("stroke-dasharray") == "5,3"]
    assert others
    assert path.get("stroke-dasharray") == "1,5"
    assert float(path.get("stroke-width")) > 2
    assert "✗ missing" in "".join(fault.itertext())
    # The picture is itself announced in the same words.
    assert next(part for part in svg if part.tag.endswith("title")).text == alt


@pytest.mark.parametrize(
    ("mistake", "mark"),
    [
        ("the sign of dmu lost", "✗ sign"),
        ("dgamma is a mean", "✗ × 1/N"),
        ("the root's half lost", "✗ twice"),
    ],
)
def test_a_mark_says_what_is_wrong_with_the_edge(mistake, mark):
    _, svg = image(shown("3.10", wrong_backward(mistake))[1])
    (fault,) = faults(svg)
    assert mark in "".join(fault.itertext())


def test_without_a_faulty_edge_the_node_of_the_wrong_output_is_shown():
    _, card = shown("3.9", lambda dout: (np.sinh(dout).sum(axis=0), dout.copy()))
    alt, svg = image(card)
    assert alt.startswith("Dbeta, the gradient of beta, is wrong.") or alt.startswith("dbeta")
    assert faults(svg) == []


def test_a_forward_pass_shows_the_step_where_it_leaves_the_right_one():
    def batchnorm_forward(x, gamma, beta, eps):
        mu = np.mean(x, axis=0)
        xmu = x - mu
        var = np.mean(np.abs(xmu) ** 2.5, axis=0)
        return gamma * xmu / np.sqrt(var + eps) + beta, None

    _, card = shown("1.4", batchnorm_forward)
    alt, _ = image(card)
    assert "var is the first array that differs. The node var of" in alt


def test_where_no_graph_helps_there_is_no_picture():
    _, card = shown("7.1", lambda running, batch, momentum: np.cos(running))
    assert "<img" not in card.html
    assert "In the graph" not in card.text


def test_a_card_stands_where_nothing_can_be_drawn(monkeypatch):
    from bnlib.check import place
    from bnlib.draw.render import RenderError

    def broken(*_, **__):
        raise RenderError("no renderer")

    monkeypatch.setattr(place, "draw", broken)
    _, card = shown("3.9", mean_for_sum)
    assert "mean-for-sum" in card.text
    assert "<img" not in card.html


def test_what_passed_and_what_is_not_started_stay_short():
    _, passed = shown("3.9", staged.step9)
    assert passed.text.splitlines() == ["✓ 3.9 The shift: passed", "All 8 cases agree."]
    _, waiting = shown("3.9", lambda dout: None)
    assert len(waiting.text.splitlines()) == 4
    assert "Not started yet" in waiting.text
    assert "<img" not in waiting.html


def test_a_card_is_named_for_a_screen_reader_and_takes_its_colours_from_the_theme():
    _, card = shown("3.9", mean_for_sum)
    assert 'role="group" aria-label="✗ 3.9 The shift: not right yet"' in card.html
    assert "color:var(--jp-ui-font-color1" in card.html
    assert "background:var(--jp-layout-color2" in card.html
    # The picture brings a white ground of its own, since its lines are dark.
    assert "background:#fff" in card.html
    # A word and a sign stand beside every colour.
    assert "<strong>mean-for-sum: </strong>" in card.html


def test_a_message_of_pythons_ends_in_a_full_stop_before_the_next_sentence():
    stopped = judge("3.9", {"step9": lambda dout: 1 / 0})
    ended = replace(stopped, message="Your code stopped. ZeroDivisionError: division by zero")
    assert "division by zero. Found with" in verdict_card(find("3.9"), ended).text
    assert ".. Found" not in verdict_card(find("3.9"), replace(ended, message="It stopped.")).text


def test_what_comes_from_the_learner_can_not_become_html():
    verdict = judge("3.9", {"step9": mean_for_sum})
    nasty = replace(verdict, message="<script>alert(1)</script> `<b>`", thought="", case="<i>")
    card = verdict_card(find("3.9"), nasty)
    assert "<script>" not in card.html
    assert '<code style="padding:0">&lt;b&gt;</code>' in card.html
    assert "<i>" not in card.html
