"""Which mistake can be recognised at which exercise, as a page: made from the exercises, never written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..spec import Course

# The rows of "What learners get wrong" in the curriculum, and the names that belong to each.
ROWS: Mapping[int, tuple[str, tuple[str, ...]]] = {
    1: ("a mean for a sum, the wrong axis, no sum", ("mean-for-sum", "wrong-axis", "not-summed")),
    2: ("no axis at all", ("no-axis",)),
    3: ("eps in the wrong place, or in one direction only", ("eps-outside-root", "eps-forgotten")),
    4: (
        "the deviation subtracted; the variance for the root",
        ("deviation-subtracted", "divided-by-variance"),
    ),
    5: ("N - 1", ("n-minus-1",)),
    6: ("the statistics as constants", ("statistics-constant",)),
    7: ("a path dropped", ("mean-path-dropped", "variance-path-dropped")),
    8: (
        "a contribution overwritten or lost",
        (
            *("assigned-not-added", "contribution-lost", "contribution-missing", "contribution-doubled"),
            "contribution-sign",
        ),
    ),
    9: (
        "a sign, a power or a factor",
        (
            *(
                "sign-lost",
                "square-lost",
                "wrong-power",
                "two-lost",
                "one-over-n-lost",
                "half-lost",
                "factor-lost",
            ),
            "constant-factor",
        ),
    ),
    10: ("gamma in the wrong place", ("gamma-missing", "gamma-twice", "gamma-in-dgamma")),
    11: (
        "another layout's axes",
        ("gamma-pulled-out", "statistics-wrong-axis", "layout-transposed", "transposed"),
    ),
    12: ("shapes that broadcast by luck", ("row-shape", "column-shape", "leading-one", "list-wrapped")),
    13: ("the caller's arrays changed", ("input-changed",)),
    14: (
        "running statistics",
        (
            *("momentum-reversed", "std-stored", "eps-stored", "running-not-written", "running-stale"),
            "running-updated-in-test",
        ),
    ),
    15: ("the other mode", ("batch-statistics-in-test", "train-backward-in-test")),
    16: ("no numbers, or too few digits", ("not-finite", "float32-lost", "integer-truncated")),
    17: ("images", ("channel-not-moved", "statistics-per-pixel")),
    18: (
        "right for some inputs alone",
        (
            *(
                "only-one-shape",
                "only-one-dtype",
                "only-gamma-one",
                "only-beta-zero",
                "only-n-two",
                "hard-coded",
            ),
            *("reference-called", "one-feature", "one-row", "one-shape"),
        ),
    ),
}
# What is recognised by its form or by trying, at any exercise that has what it takes.
ANYWHERE: Mapping[str, str] = {
    **dict.fromkeys(
        ("row-shape", "column-shape", "not-summed", "no-axis"), "where an array (D,) is asked for"
    ),
    **dict.fromkeys(("leading-one", "transposed"), "where an array (N, D) is asked for"),
    **dict.fromkeys(("list-wrapped", "not-finite"), "where an array is asked for"),
    "outputs-swapped": "where several values are asked for",
    "input-changed": "where an array is given",
    **dict.fromkeys(("float32-lost", "only-one-dtype"), "where a case is in float32"),
    "integer-truncated": "where floating-point numbers are asked for",
    **dict.fromkeys(("only-one-shape", "one-shape", "hard-coded", "reference-called"), "at every exercise"),
    "only-gamma-one": "where gamma is given",
    "only-beta-zero": "where beta is given",
}
FROM_THE_GRAPH = (
    *("contribution-missing", "contribution-doubled", "contribution-sign", "constant-factor"),
    *("only-n-two", "one-feature", "one-row"),
)

_HEAD = """\
# What learners get wrong, and where it is recognised

This page is made from the registered exercises: `python -m bnlib mistakes` prints it, and a test fails
where it differs.

A mistake is a small function that makes it, with a short name and what to tell the learner. A wrong answer gets the
name where its numbers agree with the function's, at the case that failed and at fresh ones; two mistakes that cannot be
told apart give no name. What no function here does is looked for in the form of the answer, in the cases that it
passes, and in the exercise's graph (`Exercise.graph`), where there is one.

## To add one

Five lines in the module of the notebook, here in `mistakes/`:

```python
@mistake("3.9", "mean-for-sum", "`dbeta` is a mean over the rows. Does a row count for less among many?")
def _(dout):
    return np.mean(dout, axis=0), dout.copy()
```

The function has the exercise's arguments and gives back what the exercise asks for, with the mistake in it. The words
say what happened, truly for exactly this function, and what to think about next; never the line itself. Use a name from
the table where one fits. Where the exercise runs a second function, such as the forward pass of a pair, name it and
give what it is to be instead: `mistake("9.2", ..., layernorm_forward=...)`. The tests then ask three things: the
mistake fails its exercise, it is recognised by its name, and it differs from every other one there.

## The table
"""


def page(courses: Iterable[Course]) -> str:
    """The page for these courses, as Markdown."""
    places: dict[str, list[str]] = {}
    graphs: list[str] = []
    for course in courses:
        for identifier, exercise in course.exercises().items():
            for slug in dict.fromkeys(mistake.slug for mistake in exercise.mistakes):
                places.setdefault(slug, []).append(identifier)
            if exercise.graph is not None:
                graphs.append(identifier)
    lines = [_HEAD, "The rows are those of the curriculum's list.", "", "| row | | name | exercises |"]
    lines.append("|---|---|---|---|")
    named: set[str] = set()
    for row, (says, slugs) in ROWS.items():
        for slug in slugs:
            lines.append(f"| {row} | {says} | `{slug}` | {_where(slug, places)} |")
            named.add(slug)
            says = ""
    others = sorted((places.keys() | ANYWHERE.keys()) - named)
    lines += [f"| | | `{slug}` | {_where(slug, places)} |" for slug in others]
    lines += ["", f"An exercise with a graph: {', '.join(graphs)}.", ""]
    lines += ['Row 19, nothing written yet, is no mistake: the status is then "not started".']
    return "\n".join(lines) + "\n"


def _where(slug: str, places: Mapping[str, list[str]]) -> str:
    found = [", ".join(places[slug])] if slug in places else []
    if slug in ANYWHERE:
        found.append(ANYWHERE[slug])
    if slug in FROM_THE_GRAPH:
        found.append("where there is a graph")
    return "; ".join(found)
