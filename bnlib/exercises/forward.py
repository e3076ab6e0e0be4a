"""Exercises of notebook forward."""

from __future__ import annotations

from .spec import Exercise

EXERCISES: tuple[Exercise, ...] = ()
