"""Grading: `python -m bnlib grade`, and the same for those who write their own pipeline.

`grade(submission, seed=None)` grades one file or folder, `grade_paths(paths, ...)` several at once. Both are
imported when they are first used: a kernel that only needs `referee` does not load the grader.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .grader import GradeError, grade, grade_paths
    from .report import ExerciseResult, Report, SubmissionResult

__all__ = ["ExerciseResult", "GradeError", "Report", "SubmissionResult", "grade", "grade_paths"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'bnlib.grade' has no attribute {name!r}")
    if name.startswith(("grade", "Grade")):
        from . import grader as home
    else:
        from . import report as home  # type: ignore[no-redef]
    return getattr(home, name)
