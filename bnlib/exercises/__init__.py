"""What each exercise asks: one module for each notebook, under its name, and the registry of courses."""

from .registry import UnknownExercise, course_of, courses, find, register
from .spec import Case, Course, Exercise

__all__ = ["Case", "Course", "Exercise", "UnknownExercise", "course_of", "courses", "find", "register"]
