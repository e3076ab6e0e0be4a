"""Exercises of notebook start_here."""

from __future__ import annotations

from .spec import Exercise

EXERCISES: tuple[Exercise, ...] = ()
