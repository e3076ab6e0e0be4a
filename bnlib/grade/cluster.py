"""A running Dask cluster as an executor: `python -m bnlib grade --scheduler ADDRESS`."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

# Seconds to wait for a scheduler to answer.
PATIENCE = 20

# A submission goes to another worker when its own died; after so many deaths it is taken for the cause.
RETRIES = 3


class NoCluster(RuntimeError):
    """There is no cluster to be had; the message says what to do."""


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """An executor whose workers are those of the scheduler at an address such as `tcp://10.0.0.1:8786`.

    The workers need bnlib, the course and the submissions under the same paths, as on a shared disk; each of
    them still isolates what it grades. Raises NoCluster without `distributed` or without a scheduler.
    """
    try:
        from distributed import Client
    except ImportError:
        raise NoCluster(
            "A cluster needs Dask's distributed, which is not installed here: pip install 'bnlib[cluster]'"
        ) from None
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise NoCluster(f"No scheduler answers at {address}: {error}") from None
    with client:
        if not client.scheduler_info()["workers"]:
            raise NoCluster(f"The scheduler at {address} has no workers. Start some: dask worker {address}")
        # Not pure: a submission graded twice may have changed in between.
        with client.get_executor(pure=False, retries=RETRIES) as executor:
            yield executor
