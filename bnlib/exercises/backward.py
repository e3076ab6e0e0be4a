"""Exercises of notebook backward."""

from __future__ import annotations

from .spec import Exercise

EXERCISES: tuple[Exercise, ...] = ()
