"""Right answers that look unusual pass: whatever is computed another way, with prints, loops or wider numbers."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from answers import Answer, answers, every_answer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vary import variant

from bnlib.check import judge

ANSWERS = list(every_answer())
# Not rewritten: what they hold is judged by how it is done (memory), or has no arithmetic to rewrite.
LEAN = ("10.1", "10.2")
PAIRS = [
    ("09_beyond_batch", f, b) for f, b in (("9.1", "9.2"), ("9.3", "9.4"), ("9.5", "9.6"), ("9.7", "9.8"))
]
PAIRS += [("11_capstone", "11.1", "11.2"), ("11_capstone", "11.1", "11.3"), ("11_capstone", "11.4", "11.5")]


@pytest.mark.parametrize(
    "answer", [a for a in ANSWERS if a.exercise.id not in LEAN], ids=lambda a: a.exercise.id
)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_an_answer_written_another_way_passes(answer: Answer, data: st.DataObject, seed: int) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    text = variant(answer.source, lambda n: int(rng.integers(n)))
    verdict = judge(answer.exercise.id, answer.namespace(text), seed)
    assert verdict.passed, f"{verdict.message} Found with {verdict.case}.\n{text}"


@pytest.mark.parametrize(
    ("notebook", "forward", "backward"), PAIRS, ids=[f"{f} and {b}" for _, f, b in PAIRS]
)
@pytest.mark.parametrize("wrap", ["{{'all': {0}}}", "[{0}]", "lambda: {0}", "type('C', (), {{'kept': {0}}})"])
def test_a_cache_of_any_kind_passes(notebook: str, forward: str, backward: str, wrap: str) -> None:
    by_id = {answer.exercise.id: answer for answer in answers(notebook)}
    unwrap = {
        "{{": "cache = cache['all']",
        "[": "cache = cache[0]",
        "l": "cache = cache()",
        "t": "cache = cache.kept",
    }
    line = next(text for start, text in unwrap.items() if wrap.startswith(start))
    namespace = by_id[forward].namespace(_wrapped(by_id[forward].source, wrap))
    exec(_first_line(by_id[backward].source, line), namespace)
    verdict = judge(backward, namespace)
    assert verdict.passed, verdict.message
    assert judge(forward, namespace).passed


def _wrapped(source: str, wrap: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            cache = ast.unparse(node.value.elts[1])
            node.value.elts[1] = ast.parse(wrap.format(cache), mode="eval").body
    return ast.unparse(ast.fix_missing_locations(tree))


def _first_line(source: str, line: str) -> str:
    tree = ast.parse(source)
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    function.body[:0] = ast.parse(line).body
    return ast.unparse(ast.fix_missing_locations(tree))


def test_a_variant_is_not_the_same_text_and_a_wrong_one_would_be_found() -> None:
    answer = next(a for a in ANSWERS if a.exercise.id == "3.9")
    rng = np.random.default_rng(0)
    texts = {variant(answer.source, lambda n: int(rng.integers(n))) for _ in range(20)}
    assert len(texts) > 3
    wrong = next(text for text in texts if "_looped_sum(dout" in text).replace("total + part", "total - part")
    assert not judge("3.9", answer.namespace(wrong)).passed
