"""What many tests stand on: a small made-up ground with events on it, and the rule that CI skips nothing."""

import fcntl
import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, settings

from peelian.events import EVENT_SCHEMA, Events
from peelian.places import Grid, Region

settings.register_profile(
    "peelian", deadline=None, max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("peelian")

CUTOFF = datetime(2018, 7, 4, 5, tzinfo=UTC)


def make_events(
    x: Sequence[float],
    y: Sequence[float],
    days_before: Sequence[float],
    *,
    crime_type: str | Sequence[str] = "burglary",
    cutoff: datetime = CUTOFF,
    span_hours: float = 0.0,
    crs: str = "EPSG:32615",
    street: Sequence[str | None] | None = None,
) -> Events:
    """Return events that began so many days before the cutoff and were recorded at once."""
    n = len(x)
    began = [cutoff - timedelta(days=float(d)) for d in days_before]
    table = pl.DataFrame(
        {
            "event_id": [f"e{i:05d}" for i in range(n)],
            "crime_type": [crime_type] * n if isinstance(crime_type, str) else list(crime_type),
            "x": np.asarray(x, dtype=float),
            "y": np.asarray(y, dtype=float),
            "occurred_from": began,
            "occurred_to": [b + timedelta(hours=span_hours) for b in began],
            "recorded_at": began,
            "district": [None] * n,
            "street": [None] * n if street is None else list(street),
        },
        schema=EVENT_SCHEMA,
    )
    return Events(table, crs, cutoff)


@pytest.fixture(scope="session")
def published_town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The town's home with two published nights, not to be changed: made once a run, and every worker's.

    Whichever worker needs it first makes it; the others wait at its lock.
    """
    from tests.site_home import make_site_home

    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    home, made = shared / "published-town", shared / "published-town.made"
    with (shared / "published-town.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            make_site_home(home)
            made.touch()
    return home


@pytest.fixture
def region() -> Region:
    """Twelve by ten cells of 250 m, one corner of four cells cut out (water)."""
    grid = Grid("EPSG:32615", 250.0, 100, 200, 12, 10)
    inside = np.ones(grid.shape, dtype=bool)
    inside[:2, :2] = False
    return Region(grid, inside.ravel())


@pytest.fixture
def scattered(region: Region) -> Events:
    """300 burglaries and robberies of the last two years, all inside the region's rectangle."""
    rng = np.random.default_rng(7)
    grid = region.grid
    x = rng.uniform(grid.column_min, grid.column_min + grid.n_columns, 300) * grid.cell_size_m
    y = rng.uniform(grid.row_min, grid.row_min + grid.n_rows, 300) * grid.cell_size_m
    return make_events(x, y, rng.uniform(0.01, 730, 300), crime_type=rng.choice(["burglary", "robbery"], 300).tolist())


def needs(program: str, package: str) -> None:
    """Skip, with the reason, where a second reader is not installed; in CI that is a failure instead."""
    if shutil.which(program):
        return
    reason = f"{program} is not installed (Debian package {package}); ./run test installs it where it may."
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
