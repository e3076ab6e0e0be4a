"""Raises SystemExit with success when it is asked."""

import sys


def double(x):
    sys.exit(0)
