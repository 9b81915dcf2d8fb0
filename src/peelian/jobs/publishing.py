"""The night's files, made side by side: one process takes areas from the front of the list, this one from the back.

Only one area's night travels to the other process, never the whole. Few areas are not worth a second process.
"""

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from peelian.delivery.geopackage import write_geopackage
from peelian.delivery.night_files import area_files, night_of_area, shared_files
from peelian.forecasts.nights import Night

#: Starting a process costs about two seconds: below this many maps it is not won back.
WORTH_A_PROCESS = 60


def files_of(night: Night, workers: int) -> Iterator[tuple[str, bytes]]:
    """Yield every file of the night as (name, bytes); ``workers`` 0 takes as many as there are cores.

    The files are the same whatever the number of workers; their order is not promised.
    """
    areas = [a.id for a in night.layer.areas]
    others = (workers or os.cpu_count() or 1) - 1
    if others < 1 or len(night.areas) < WORTH_A_PROCESS:
        yield from _shared(night)
        for area_id in areas:
            yield from area_files(night, area_id)
        return
    with ProcessPoolExecutor(min(others, len(areas)), mp_context=get_context("spawn")) as pool:
        coming = [(a, pool.submit(_area_files, night_of_area(night, a), a)) for a in areas]
        yield from _shared(night)
        for area_id, future in reversed(coming):
            yield from area_files(night, area_id) if future.cancel() else future.result()


def _area_files(night: Night, area_id: str) -> list[tuple[str, bytes]]:
    return list(area_files(night, area_id))


def _shared(night: Night) -> Iterator[tuple[str, bytes]]:
    yield from shared_files(night)
    # GDAL writes to a path of its own; the publisher wants bytes, so that every file takes the same safe way.
    with tempfile.TemporaryDirectory(prefix="peelian-") as folder:
        path = Path(folder) / "boxes.gpkg"
        write_geopackage(night, path)
        yield path.name, path.read_bytes()
