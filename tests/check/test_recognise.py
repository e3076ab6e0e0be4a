"""A wrong answer is told what it did: by a known mistake, by its form, by the cases it passes, or not at all."""

from __future__ import annotations

import gc
import importlib
import time
from dataclasses import replace

import numpy as np
import pytest

from bnlib import judge
from bnlib.check.arguments import precision_of
from bnlib.check.attempt import attempt
from bnlib.check.evidence import RUNS
from bnlib.check.same import same
from bnlib.exercises import Exercise, courses, find
from bnlib.exercises.mistakes import Mistake
from bnlib.exercises.spec import WrongAnswer
from bnlib.norms import staged

# `bnlib.check.judge` is the function; its module has to be asked for by name.
judging = importlib.import_module("bnlib.check.judge")
SEEDS = (None, 1, 2026)
EXERCISES = [exercise for course in courses().values() for exercise in course.exercises().values()]


def verdict(identifier, *functions, seed=None):
    return judge(identifier, dict(zip(find(identifier).needs, functions, strict=False)), seed)


@pytest.fixture
def alone(monkeypatch):
    """Judge one exercise with the given known mistakes and no others."""

    def judged(identifier, function, *mistakes, **changed):
        monkeypatch.setattr(
            judging, "find", lambda _: replace(find(identifier), mistakes=mistakes, **changed)
        )
        return judging.judge(identifier, {find(identifier).functions[0]: function})

    return judged


# Known mistakes.


def mean_for_sum(dout):
    return dout.mean(axis=0), dout.copy()


def wrong_way(dout):
    return -dout.sum(axis=0), dout.copy()


def test_a_known_mistake_gets_its_name_and_its_words(alone):
    found = alone("3.9", mean_for_sum, Mistake("mean-for-sum", "Add, or average?", mean_for_sum))
    assert (found.status, found.mistake, found.thought) == ("failed", "mean-for-sum", "Add, or average?")
    assert found.message.startswith("`dbeta` has other values.")
    assert found.message.endswith("Add, or average?")


def test_two_names_for_the_same_numbers_are_none(alone):
    twins = [Mistake(slug, "Words.", mean_for_sum) for slug in ("mean-for-sum", "averaged-too")]
    found = alone("3.9", mean_for_sum, *twins, graph=None)
    assert (found.status, found.mistake) == ("failed", None)


def test_two_mistakes_that_differ_at_a_fresh_case_alone_are_told_apart(alone):
    def like_it_for_three_columns(dout):
        return mean_for_sum(dout) if dout.shape[1] == 3 else wrong_way(dout)

    twins = Mistake("not-it", "Words.", like_it_for_three_columns), Mistake("it", "Words.", mean_for_sum)
    assert alone("3.9", mean_for_sum, *twins).mistake == "it"


def test_a_mistake_that_is_right_where_the_answer_is_wrong_is_not_named(alone):
    harmless = Mistake("harmless", "Words.", lambda dout: (dout.sum(axis=0), dout.copy()))
    assert alone("3.9", wrong_way, harmless).mistake == "constant-factor"


def test_a_mistake_that_an_earlier_case_excludes_is_not_named(alone):
    def late(dout):
        return mean_for_sum(dout) if dout.shape == (3, 4) else (dout.sum(axis=0), dout.copy())

    found = alone("3.9", late, Mistake("mean-for-sum", "Words.", mean_for_sum), graph=None)
    assert found.mistake != "mean-for-sum"


def test_one_of_two_things_that_are_wrong_is_named_where_the_mistake_is_in_that_alone(alone):
    def both(dout):
        return dout.mean(axis=0), 3.0 * dout

    assert alone("3.9", both, Mistake("mean-for-sum", "Words.", mean_for_sum)).mistake == "mean-for-sum"


def test_a_mistake_in_both_outputs_is_not_named_where_one_of_them_is_right(alone):
    def in_both(dout):
        return dout.mean(axis=0), dout / len(dout)

    found = alone("3.9", mean_for_sum, Mistake("averaged", "Both are means.", in_both), graph=None)
    assert found.mistake is None


def test_a_mistake_that_stops_is_named_where_the_answer_stops_in_the_same_way(alone):
    def center(x):
        return x - x.mean(axis=1)

    found = alone("0.1", center, Mistake("wrong-axis", "Which axis?", lambda x: x - x.mean(axis=1)))
    assert (found.status, found.mistake) == ("error", "wrong-axis")
    assert found.message.startswith("Your code stopped on line")

    other = alone("0.1", lambda x: x.nothing, Mistake("wrong-axis", "Which axis?", center))
    assert (other.status, other.mistake) == ("error", None)


def test_what_a_runner_names_stays_its_name(alone):
    def run(functions, args):
        raise WrongAnswer("Said by the runner.", mistake="of-the-runner")

    right = find("3.9").references["step9"]
    exercise = replace(find("3.9"), run=lambda f, a: run(f, a) if f["step9"] is not right else right(*a))
    found = judging._verdict(
        exercise,
        {"step9": mean_for_sum},
        attempt(exercise, {"step9": mean_for_sum}, first_case("3.9")),
        [],
        1,
    )
    assert (found.mistake, found.message) == ("of-the-runner", "Said by the runner.")


def first_case(identifier, seed=1):
    return next(iter(find(identifier).cases(np.random.default_rng(seed))))


# What the form of an answer tells.


def swapped(dout, cache):
    dx, dgamma, dbeta = staged.batchnorm_backward(dout, cache)
    return dx, dbeta, dgamma


def in_place(dout, cache):
    dout *= 2.0
    return staged.batchnorm_backward(dout / 2.0, cache)


def with_dx(change):
    def batchnorm_backward(dout, cache):
        dx, dgamma, dbeta = staged.batchnorm_backward(dout, cache)
        return change(dx), dgamma, dbeta

    return batchnorm_backward


def with_dgamma(change):
    def batchnorm_backward(dout, cache):
        dx, dgamma, dbeta = staged.batchnorm_backward(dout, cache)
        return dx, change(dgamma), dbeta

    return batchnorm_backward


def divided_by_zero(dx):
    dx[0, 0] /= 0.0
    return dx


STRUCTURAL = {
    "row-shape": with_dgamma(lambda dgamma: dgamma[None, :]),
    "column-shape": with_dgamma(lambda dgamma: dgamma[:, None]),
    "leading-one": with_dx(lambda dx: dx[None]),
    "list-wrapped": with_dx(lambda dx: [dx]),
    "transposed": with_dx(lambda dx: dx.T.copy()),
    "not-finite": with_dx(divided_by_zero),
    "float32-lost": with_dx(lambda dx: dx.astype(np.float32).astype(np.float64)),
    "integer-truncated": with_dx(lambda dx: np.trunc(dx).astype(int)),
    "outputs-swapped": swapped,
    "input-changed": in_place,
    "no-axis": with_dgamma(lambda dgamma: dgamma.sum()),
}


@pytest.mark.parametrize("slug", STRUCTURAL)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_form_of_an_answer_gives_it_a_name_at_any_exercise(slug, seed):
    found = verdict("3.10", STRUCTURAL[slug], seed=seed)
    assert (found.status, found.mistake) == ("failed", slug), found.message


def test_a_row_says_why_it_matters():
    found = verdict("3.10", STRUCTURAL["row-shape"])
    assert "The numbers are right" in found.thought
    assert "NumPy stops at `gamma -= lr * dgamma`" in found.thought
    gamma, dgamma = np.ones(3), np.ones((1, 3))
    with pytest.raises(ValueError, match="non-broadcastable"):
        gamma -= 0.1 * dgamma


def test_a_list_of_the_outputs_is_named():
    found = verdict("3.9", lambda dout: [dout.sum(axis=0), dout.copy()])
    assert (found.mistake, "list with 2 entries" in found.message) == ("list-wrapped", True)


def test_whole_numbers_that_were_cut_off_are_told_from_those_that_came_in():
    found = verdict("0.1", lambda x: (x - x.mean(axis=0)).astype(x.dtype))
    assert found.mistake == "integer-truncated"
    assert "`x` holds whole numbers" in found.thought


# Right for some inputs alone.


def only_for(test):
    """Right where `test` of dout is true, and elsewhere wrong in a way of no use to anybody."""

    def step9(dout):
        return (dout.sum(axis=0) if test(dout) else np.cos(dout).prod(axis=0)), dout.copy()

    return step9


def hard_coded(dout):
    return np.full(dout.shape[1], 0.25), dout.copy()


PARTIAL = {
    "3.9 only-one-shape, 3 columns": ("3.9", "only-one-shape", only_for(lambda d: d.shape[1] == 3)),
    "3.9 only-one-shape, 5 rows": ("3.9", "only-one-shape", only_for(lambda d: d.shape[0] == 5)),
    "3.9 only-one-shape": ("3.9", "only-one-shape", only_for(lambda d: d.shape == (5, 3))),
    "3.9 one-shape": ("3.9", "one-shape", only_for(lambda d: d.shape[0] > 1)),
    "3.9 only-one-dtype": ("3.9", "only-one-dtype", only_for(lambda d: d.dtype == np.float64)),
    "3.9 hard-coded": ("3.9", "hard-coded", hard_coded),
    "1.3 only-gamma-one": ("1.3", "only-gamma-one", lambda x, g, b: (g**5 * x, g**5 * x + b)),
    "1.3 only-beta-zero": ("1.3", "only-beta-zero", lambda x, g, b: (g * x, g * x + np.sinh(b))),
    "3.4 only-n-two": ("3.4", "only-n-two", lambda d, shape: np.ones(shape) * d / 2),
}


@pytest.mark.parametrize("words", PARTIAL)
@pytest.mark.parametrize("seed", SEEDS)
def test_an_answer_that_is_right_for_some_inputs_alone_is_told_for_which(words, seed):
    identifier, slug, answer = PARTIAL[words]
    found = verdict(identifier, answer, seed=seed)
    assert (found.status, found.mistake) == ("failed", slug), found.message


def test_gamma_of_one_is_found_inside_a_cache_too():
    def batchnorm_backward(dout, cache):
        dx, dgamma, dbeta = staged.batchnorm_backward(dout, cache)
        return dx * cache[1] ** 5, dgamma, dbeta

    assert verdict("3.10", batchnorm_backward).mistake == "only-gamma-one"


def test_digits_that_cancel_in_float32_alone_are_called_cancellation():
    def statistics(x):
        mu = x.mean(axis=0)
        # E[x^2] - mu^2 of numbers that are far from 0 in float32 and near enough in float64.
        far = x + np.float32(300) if x.dtype == np.float32 else x
        return mu, x - mu, (x - mu) ** 2, (far**2).mean(axis=0) - far.mean(axis=0) ** 2

    found = verdict("1.1", statistics)
    assert found.mistake == "float32-lost", found.message
    assert "this is cancellation" in found.thought


# What the graph explains, and what nothing does.


def test_the_graph_explains_what_no_known_mistake_does(alone):
    def batchnorm_backward(dout, cache):
        dx, dgamma, dbeta = staged.batchnorm_backward(dout, cache)
        xhat, gamma, _, ivar, *_ = cache
        # dxmu2 with a number in it that nobody knows.
        return dx - 0.3 * gamma * ivar * xhat * (dout * xhat).mean(axis=0), dgamma, dbeta

    found = alone("3.10", batchnorm_backward)
    assert found.mistake == "constant-factor"
    assert "`dxmu2`, what `xmu` gets back from `sq`, is 1.3 times what it should be" in found.thought


def test_a_forward_pass_that_nothing_explains_is_followed_to_where_it_parts(alone):
    def batchnorm_forward(x, gamma, beta, eps):
        mu = np.mean(x, axis=0)
        xmu = x - mu
        var = np.mean(np.abs(xmu) ** 2.5, axis=0)
        out = gamma * xmu / np.sqrt(var + eps) + beta
        return out, None

    found = alone("1.4", batchnorm_forward)
    assert (found.status, found.mistake) == ("failed", None)
    assert found.thought.startswith("Your `xmu` is still right. The first array that differs is `var`")


def test_what_nothing_explains_is_said_with_its_numbers_and_no_name():
    found = verdict("3.9", lambda dout: (np.sinh(dout).sum(axis=0), dout.copy()))
    assert (found.status, found.mistake, found.thought) == ("failed", None, "")
    assert "The largest difference is at" in found.message


# What a diagnosis may do.


def test_nothing_of_this_runs_for_a_right_answer(monkeypatch):
    def never(*_):
        raise AssertionError

    monkeypatch.setattr(judging, "recognise", never)
    monkeypatch.setattr(judging, "place_of", never)
    assert judge("3.10", find("3.10").references).passed


@pytest.mark.parametrize("identifier", ["3.9", "3.10", "5.3", "1.4"])
def test_the_answer_is_called_a_bounded_number_of_times_on_copies(identifier):
    calls = []
    right = next(iter(find(identifier).references.values()))

    def answer(*args):
        calls.append(len(calls))
        result = right(*args)
        parts = list(result)
        parts[0] = np.cos(parts[0]) + len(calls)
        args[0][...] = np.nan if len(calls) > 1 else args[0]
        return tuple(parts)

    found = verdict(identifier, answer)
    assert found.status == "failed"
    assert len(calls) <= 1 + RUNS


def test_no_garbage_is_collected_while_the_clock_runs():
    """Where a kernel holds much, a collection takes longer than a diagnosis may, and its words would be lost."""
    collecting = []

    def step9(dout):
        collecting.append(gc.isenabled())
        return dout.mean(axis=0), dout.copy()

    assert verdict("3.9", step9).mistake == "mean-for-sum"
    assert collecting[0]
    assert not any(collecting[1:])
    assert len(collecting) > 1
    assert gc.isenabled()


def test_an_answer_that_stops_at_a_fresh_case_is_no_reason_to_stop():
    calls = []

    def step9(dout):
        calls.append(0)
        if len(calls) > 1:
            raise RuntimeError("not again")
        return dout.mean(axis=0), dout.copy()

    found = verdict("3.9", step9)
    assert (found.status, found.mistake) == ("failed", None)


STRANGE = {
    "words": "words",
    "a set": {1, 2},
    "objects": np.array([None, "a"], dtype=object),
    "words in an array": np.array(["a", "b"]),
    "complex numbers": np.ones((5, 3)) * 1j,
    "truth": np.ones((5, 3), dtype=bool),
    "masked": np.ma.masked_array(np.ones((5, 3))),
    "ragged": [[1.0], [2.0, 3.0]],
    "nothing in it": np.zeros((0, 3)),
    "a number": 3.0,
    "inf": np.full((5, 3), np.inf),
    "huge": np.full((5, 3), 1e300),
    "many axes": np.ones((1, 1, 1, 5, 3)),
    "a function": len,
    "dates": np.array(["2026-01-01"], dtype="datetime64[D]"),
}


@pytest.mark.parametrize("words", STRANGE)
@pytest.mark.parametrize("identifier", ["3.9", "3.10", "1.4", "9.2", "2.4"])
def test_a_diagnosis_stumbles_over_nothing_that_an_answer_may_return(identifier, words):
    """Without the net that `judge` has for it."""
    exercise = find(identifier)
    right = next(iter(exercise.references.values()))

    def answer(*args):
        result = right(*args)
        return (STRANGE[words], *result[1:]) if isinstance(result, tuple) else STRANGE[words]

    functions = {**exercise.needs, exercise.functions[0]: answer}
    failing = attempt(exercise, functions, first_case(identifier))
    evidence = judging.Evidence(exercise, functions, failing, 0, [], 1)
    found = judging.recognise(evidence)
    judging.place_of(evidence, found)


def test_a_diagnosis_that_stumbles_leaves_the_verdict(monkeypatch):
    def stumbles(_):
        raise ZeroDivisionError

    monkeypatch.setattr(judging, "recognise", stumbles)
    found = verdict("3.9", mean_for_sum)
    assert (found.status, found.mistake) == ("failed", None)
    assert "The largest difference is at" in found.message


def test_the_same_wrong_answer_reads_the_same_twice():
    one, two = verdict("3.10", in_place), verdict("3.10", in_place)
    assert one.message == two.message


def test_a_wrong_answer_takes_no_longer_than_anybody_notices():
    for answer in (*STRUCTURAL.values(), with_dx(np.cos), with_dx(lambda dx: dx + 1.0)):
        began = time.process_time()
        verdict("3.10", answer)
        assert time.process_time() - began < 0.5


def test_a_warning_of_numpy_does_not_reach_the_notebook(recwarn, capfd):
    verdict("3.10", with_dx(lambda dx: dx / 0.0))
    verdict("3.10", with_dx(lambda dx: np.log(-np.abs(dx))))
    assert not recwarn.list
    assert capfd.readouterr().err == ""


# Not started yet.


def unset(dout):
    return dbeta, dout  # noqa: F821


def set_too_late(dout):
    result = dbeta, dout  # noqa: F821
    dbeta = 0
    return result, dbeta


def not_written(dout):
    raise NotImplementedError


@pytest.mark.parametrize(
    "answer", [unset, set_too_late, not_written, lambda dout: None, lambda dout: None + dout]
)
def test_an_unfinished_answer_is_not_started_in_these_words(answer):
    found = verdict("3.9", answer)
    assert (found.status, found.mistake) == ("not started", None)
    assert found.message.startswith("Not started yet")


def test_a_step_that_is_not_there_yet_is_named_with_its_exercise():
    def batchnorm_backward(dout, cache):
        return step9(dout)  # noqa: F821

    found = verdict("3.10", batchnorm_backward)
    assert found.status == "not started"
    assert "`step9` has no value" in found.message
    assert "It is exercise 3.9's; run its cell first." in found.message


def test_a_name_that_is_misspelt_is_an_error():
    def step9(dout):
        return dout.sum(axis=0), duot  # noqa: F821

    assert verdict("3.9", step9).status == "error"


# The course's own function in the place of the answer.


def in_a_notebook(identifier, source):
    space = {"__name__": "__main__", "np": np, "staged": staged}
    exec(compile(source, "<cell>", "exec"), space)
    return judge(identifier, space)


def test_an_answer_that_calls_the_courses_own_is_told_so():
    found = in_a_notebook("3.9", "def step9(dout):\n    return staged.step9(dout)")
    assert (found.status, found.mistake) == ("failed", "reference-called")
    assert "`step9` made them" in found.message


def test_so_is_one_that_takes_it_over_by_its_name_or_from_a_helper():
    assert in_a_notebook("3.9", "from bnlib.norms.staged import step9").mistake == "reference-called"
    helper = "def helper(d):\n    return staged.batchnorm_backward(*d)\n"
    answer = "def repair_published(dy, cache):\n    return helper((dy, cache))[0]"
    assert in_a_notebook("5.4", helper + answer).mistake == "reference-called"


def test_what_a_notebook_gives_for_use_inside_an_answer_may_be_used():
    source = """
from bnlib.norms import batchnorm_forward
def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    n, c, h, w = x.shape
    rows, cache = batchnorm_forward(np.moveaxis(x, 1, -1).reshape(-1, c), gamma, beta, bn_param)
    return np.moveaxis(rows.reshape(n, h, w, c), -1, 1), cache
"""
    assert in_a_notebook("9.3", source).status == "passed"
    assert (
        in_a_notebook("3.9", "def step9(dout):\n    return dout.sum(axis=0), dout.copy()").status == "passed"
    )


def test_tests_and_graders_may_hand_in_references():
    assert judge("3.9", {"step9": staged.step9}).passed


# The graphs of the exercises.


@pytest.mark.parametrize("exercise", [e for e in EXERCISES if e.graph], ids=lambda e: e.id)
def test_a_graph_computes_what_its_exercise_asks(exercise: Exercise):
    for case in exercise.cases(np.random.default_rng(8)):
        if sum(np.size(argument) for argument in case.args if isinstance(argument, np.ndarray)) > 10_000:
            continue
        assert exercise.graph is not None
        piece = exercise.graph(case.args)
        tried = attempt(exercise, exercise.needs, case)
        found = piece.right()
        assert found.keys() <= set(exercise.outputs)
        assert found
        for name, value in found.items():
            precision = precision_of(case.args)
            assert same(np.asarray(value), tried.right(name), precision, case.scale.get(name, 0.0)), case.says
