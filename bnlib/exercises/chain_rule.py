"""Exercises of notebook chain_rule."""

from __future__ import annotations

from .spec import Exercise

EXERCISES: tuple[Exercise, ...] = ()
