"""A Dask cluster on loopback for tests: a scheduler and two worker processes, one of which may be killed."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where the scheduler listens, as ``--executor`` takes it, and the workers' process ids."""

    address: str
    workers: tuple[int, ...]

    def kill_one(self) -> None:
        """Kill a worker process without a word to anybody."""
        os.kill(self.workers[0], signal.SIGKILL)


@contextmanager
def two_workers() -> Iterator[Cluster]:
    """Start a cluster of two worker processes, one thread each; a worker that dies is replaced."""
    from distributed import LocalCluster

    with LocalCluster(  # type: ignore[no-untyped-call]  # distributed publishes no types
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        pids = tuple(int(worker.pid) for worker in cluster.workers.values())
        yield Cluster(cluster.scheduler_address.replace("tcp://", "dask://"), pids)
