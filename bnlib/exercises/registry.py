"""Where courses are found: one is registered by calling `register`, or by an entry point that names it."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import entry_points

from .batchnorm import COURSE
from .spec import Course, Exercise

ENTRY_POINTS = "bnlib.courses"

_courses: dict[str, Course] = {}


class UnknownExercise(LookupError):
    """No registered course has an exercise of that id."""


def register(course: Course) -> Course:
    """Make a course's exercises known to `check`, `judge` and `grade`.

    Registering the same course again does nothing. Raises ValueError where another course already has one
    of its exercise ids or its name, since a report names an exercise by its id alone.
    """
    known = _courses.get(course.name)
    if known is course:
        return course
    if known is not None:
        raise ValueError(f"a course named {course.name!r} is registered already; give this one another name")
    for other in _courses.values():
        shared = sorted(other.exercises().keys() & course.exercises().keys())
        if shared:
            raise ValueError(
                f"course {course.name!r} and course {other.name!r} both have an exercise {shared[0]!r}; "
                "put the course's name in front of its ids"
            )
    _courses[course.name] = course
    return course


def courses() -> dict[str, Course]:
    """Every course, by name: the registered ones and those that installed packages bring."""
    _load_entry_points()
    return dict(_courses)


def find(exercise_id: str) -> Exercise:
    """The exercise of that id; raises UnknownExercise, which lists the ids there are."""
    return course_of(exercise_id).exercises()[exercise_id]


def course_of(exercise_id: str) -> Course:
    """The course that has the exercise of that id."""
    for course in courses().values():
        if exercise_id in course.exercises():
            return course
    ids = ", ".join(identifier for course in _courses.values() for identifier in course.exercises())
    raise UnknownExercise(f"there is no exercise {exercise_id!r}; there are {ids}")


def home_of(function: str) -> str | None:
    """The id of the first exercise whose answer defines a function of that name, or None."""
    for course in courses().values():
        for identifier, exercise in course.exercises().items():
            if function in exercise.functions:
                return identifier
    return None


@lru_cache(maxsize=1)
def _load_entry_points() -> None:
    for entry in entry_points(group=ENTRY_POINTS):
        register(entry.load())


# The course that bnlib carries is found without its entry point too, so that it works from a bare folder.
register(COURSE)
