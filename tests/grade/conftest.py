"""The tiny course, written once for each module of tests that runs it."""

from __future__ import annotations

import pytest
from tiny import Tiny, make


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return make(tmp_path_factory.mktemp("tiny"))
