"""One map over keys: in processes of this machine, or on a Dask cluster by its address, with no other change.

Keys and paths travel, never frames, and each key writes its own file: a worker that dies costs only its own keys.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from typing import Any, Self

from peelian.errors import StoreError

PROCESSES = "processes"
_DASK = "dask://"
#: A worker keeps to its one core: nested pools of threads fight over two cores and win nothing.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")


def map_keys(
    work: Callable[[str, str], str],
    path: str,
    keys: Sequence[str],
    *,
    executor: str = PROCESSES,
    workers: int = 0,
    done: Callable[[str], None] = lambda _: None,
) -> None:
    """Do ``work(path, key)`` for every key, in any order; ``done`` hears of each as it ends.

    ``workers`` 0 means one a core; with one worker the work is done in this process. ``executor`` is "processes"
    or ``dask://host:port``.

    Raises
    ------
    StoreError
        When the executor cannot be reached or a worker process died; what was done stays done.
    """
    count = workers or os.cpu_count() or 1
    with Workers(executor, min(count, max(len(keys), 1))) as side_by_side:
        side_by_side.map(work, path, keys, done)


class Workers:
    """Workers that stay from one map to the next: to start a process costs two seconds of its core.

    A context manager: they come when the first map wants them, and go at its end or when one of them dies.
    """

    def __init__(self, executor: str = PROCESSES, workers: int = 0) -> None:
        """Keep the terms, as ``map_keys`` has them; nothing is started yet."""
        self.executor = executor
        self.count = workers or os.cpu_count() or 1
        self._held = ExitStack()
        self._pool: Executor | None = None

    def __enter__(self) -> Self:
        """Return the workers."""
        return self

    def __exit__(self, *_: object) -> None:
        """Send them home."""
        self._leave()

    def map(
        self,
        work: Callable[[str, str], str],
        path: str,
        keys: Sequence[str],
        done: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Do ``work(path, key)`` for every key; see ``map_keys``, errors too.

        After an error the next map starts with new workers.
        """
        if self.executor == PROCESSES and (self.count == 1 or len(keys) <= 1):
            for key in keys:
                work(path, key)
                done(key)
            return
        if self._pool is None:
            self._pool = self._held.enter_context(_pool(self.executor, self.count))
        futures = {self._pool.submit(work, path, key): key for key in keys}
        try:
            for future in as_completed(futures):
                future.result()
                done(futures[future])
        except BrokenProcessPool as error:
            self._leave()
            raise StoreError(
                "a worker process died (out of memory, or killed). What was done is kept: run the same command again, "
                "with fewer --workers if memory is short."
            ) from error
        finally:
            for future in futures:
                future.cancel()

    def _leave(self) -> None:
        self._pool = None
        self._held.close()


@contextmanager
def _pool(executor: str, count: int) -> Iterator[Executor]:
    if executor == PROCESSES:
        pool_of = ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_end_with_parent)
        with _one_thread_each(), pool_of as pool:
            yield pool
    elif executor.startswith(_DASK):
        yield from _dask(executor.removeprefix(_DASK))
    else:
        raise StoreError(f"executor {executor!r}: use {PROCESSES!r} or dask://host:port.")


def _end_with_parent() -> None:
    """End this worker when its parent is gone: a killed backtest would else leave its workers waiting for ever."""
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _dask(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client
    except ImportError as error:
        raise StoreError("Dask is not installed: pip install 'peelian[dask]'.") from error
    try:
        client: Any = Client(f"tcp://{address}", timeout=5, set_as_default=False)  # type: ignore[no-untyped-call]  # distributed publishes no types
    except OSError as error:
        raise StoreError(f"no Dask scheduler answers at {address}: {error}.") from error
    with client:
        # A key may be done twice when a worker dies; it writes the same bytes under the same name.
        yield client.get_executor(retries=3)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let processes that start in here use one thread each: the libraries read this when they are first imported."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
