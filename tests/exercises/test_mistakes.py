"""The known mistakes of every exercise: each one fails, no two of different names look alike, each is named."""

import pickle
import re
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from bnlib import judge
from bnlib.check import known
from bnlib.check.attempt import attempt
from bnlib.check.known import SILENT, WHOLE, agreement
from bnlib.exercises import find
from bnlib.exercises.batchnorm import COURSE
from bnlib.exercises.mistakes import Mistake

EXERCISES = list(COURSE.exercises().values())
BY_EXERCISE = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
EVERY = [(exercise, mistake) for exercise in EXERCISES for mistake in exercise.mistakes]


def once_each(made_by):
    """`made_by` that runs a mistake once at each input: the judge tries all of them for each of them again."""
    kept = {}

    def made(mistake, learner):
        case = learner.case
        try:
            key = id(mistake), case.says, pickle.dumps(case.args)
        except (pickle.PicklingError, AttributeError):
            # A function among the arguments.
            return made_by(mistake, learner)
        if key not in kept:
            kept[key] = made_by(mistake, learner)
        return kept[key]

    return made


def judged(exercise):
    """Each mistake with its verdict; the seeds go round."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(known, "made_by", once_each(known.made_by))
        return [
            (mistake, judge(exercise.id, mistake.instead(exercise.needs), (None, 1, 2, 3)[k % 4]))
            for k, mistake in enumerate(exercise.mistakes)
        ]


@pytest.fixture(scope="module")
def verdicts():
    """Each mistake of an exercise with its verdict, found when first asked for."""
    found = {}

    def of(exercise):
        if exercise.id not in found:
            found[exercise.id] = judged(exercise)
        return found[exercise.id]

    return of


def status(exercise, mistake, seed):
    """How a mistake stands at the first case that it doesn't pass; what it is called is not looked for."""
    functions = mistake.instead(exercise.needs)
    tried = (attempt(exercise, functions, case) for case in exercise.cases(np.random.default_rng(seed)))
    return next((one.status for one in tried if not one.passed), "passed")


def let_through(exercise, seeds=(4, 5)):
    """The mistakes that a judge would take for right or for unwritten answers."""
    found = [(mistake.slug, status(exercise, mistake, s)) for mistake in exercise.mistakes for s in seeds]
    return [(slug, how) for slug, how in found if how not in ("failed", "error")]


def alike(exercise, seed=11):
    """The pairs of mistakes of different names that give the same at every case of the exercise."""
    cases = list(exercise.cases(np.random.default_rng(seed)))
    tried = {}

    def made(k, case):
        if (k, case) not in tried:
            functions = exercise.mistakes[k].instead(exercise.needs)
            tried[k, case] = attempt(exercise, functions, cases[case])
        return tried[k, case]

    def same(i, k):
        ranks = (agreement(made(i, case), made(k, case)) for case in range(len(cases)))
        return all(rank in (SILENT, WHOLE) for rank in ranks)

    names = [mistake.slug for mistake in exercise.mistakes]
    pairs = combinations(range(len(names)), 2)
    return [(i, names[i], k, names[k]) for i, k in pairs if names[i] != names[k] and same(i, k)]


@BY_EXERCISE
def test_an_exercise_knows_at_least_six_mistakes(exercise):
    assert len(exercise.mistakes) >= 6


@BY_EXERCISE
def test_a_known_mistake_fails(exercise, verdicts):
    assert let_through(exercise) == []
    assert {verdict.status for _, verdict in verdicts(exercise)} <= {"failed", "error"}


@BY_EXERCISE
def test_a_right_answer_has_no_mistake(exercise):
    found = judge(exercise.id, exercise.needs, 7)
    assert found.passed, found.message
    assert found.mistake is None


@BY_EXERCISE
def test_mistakes_of_different_names_can_be_told_apart(exercise):
    assert alike(exercise) == []


@BY_EXERCISE
def test_a_mistake_is_never_taken_for_another(exercise, verdicts):
    wrong = [(m.slug, v.mistake) for m, v in verdicts(exercise) if v.mistake not in (None, m.slug)]
    assert wrong == []


def test_at_least_95_of_100_mistakes_are_named_as_what_they_are(verdicts):
    found = [(e.id, m.slug, v.mistake) for e in EXERCISES for m, v in verdicts(e)]
    unnamed = [one for one in found if one[1] != one[2]]
    assert len(unnamed) <= 0.05 * len(found), unnamed


# What is said of them ---------------------------------------------------------------------------------------


def gives_away(says):
    """The pieces of code in a text that could be pasted: a call of NumPy with its arguments, an assignment."""
    return [code for code in re.findall("`([^`]*)`", says) if re.search(r"\bnp\.\w+\(.|\w = ", code)]


@BY_EXERCISE
def test_a_mistake_is_told_in_a_sentence_or_two_and_no_line_is_given_away(exercise):
    for mistake in exercise.mistakes:
        says = mistake.says
        assert 40 <= len(says) <= 300, says
        assert re.match(r"[A-Z`1]", says), says
        assert says[-1] in ".?", says
        assert "!" not in says
        assert says.count("`") % 2 == 0, says
        assert not gives_away(says), says


def test_most_of_them_end_in_a_question():
    asking = sum(mistake.says.endswith("?") for _, mistake in EVERY)
    assert asking >= 0.8 * len(EVERY)


@BY_EXERCISE
def test_no_two_mistakes_of_an_exercise_are_told_in_the_same_words_under_different_names(exercise):
    names = {}
    for mistake in exercise.mistakes:
        assert names.setdefault(mistake.says, mistake.slug) == mistake.slug


# Do the tests above see anything? ---------------------------------------------------------------------------


def test_a_mistake_that_is_none_would_be_seen():
    exercise = find("0.1")
    right = Mistake("none-at-all", "It is right.", lambda x: x - np.mean(x, axis=0))
    unwritten = Mistake("unwritten", "It is not there.", lambda x: None)
    found = let_through(replace(exercise, mistakes=(right, unwritten)), seeds=(4,))
    assert found == [("none-at-all", "passed"), ("unwritten", "not started")]


def test_two_names_for_one_mistake_would_be_seen():
    exercise = find("3.6")
    first = exercise.mistakes[0]
    twin = Mistake("twin", first.says, lambda divar, sqrtvar: divar * sqrtvar**-2.0)
    assert alike(replace(exercise, mistakes=(first, twin))) == [(0, first.slug, 1, "twin")]
    assert alike(replace(exercise, mistakes=(first, exercise.mistakes[1]))) == []


def test_a_line_that_is_given_away_would_be_seen():
    assert gives_away(
        "Write `dbeta = dout.sum(0)`, or `np.sum(dout, axis=0)`; `np.sum` alone says little."
    ) == [
        "dbeta = dout.sum(0)",
        "np.sum(dout, axis=0)",
    ]
