import shutil

import pytest

BOTH = [
    pytest.param("dot", marks=pytest.mark.skipif(not shutil.which("dot"), reason="there is no `dot` here")),
    "wasi",
]


@pytest.fixture(params=BOTH)
def renderer(request, monkeypatch):
    """The test runs with the `dot` of this machine, where there is one, and with the wheel."""
    monkeypatch.setenv("BNLIB_RENDERER", request.param)
    return request.param


@pytest.fixture(autouse=True)
def wheel_by_default(monkeypatch):
    """Where a test does not care, what draws is what every learner has."""
    monkeypatch.setenv("BNLIB_RENDERER", "wasi")
