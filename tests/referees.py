"""A small town for the referee's tests: two districts, three crime types, 420 days, one lasting hotspot each."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from peelian.events import LOG_SCHEMA, EventLog, Events
from peelian.jobs.methods import method_of
from peelian.jobs.planning import BacktestInputs, BacktestRequest
from peelian.places import AreaLayer, DatePrecision, Force, Grid, LocationPrecision
from peelian.settings import Settings

FORCE = Force("smallton", "Smallton", "EPSG:27700", "Europe/London", LocationPrecision.BLOCK, DatePrecision.MINUTE)
WEST, SOUTH, SIDE = 500_000.0, 200_000.0, 250.0
COLUMNS, ROWS = 12, 10
FIRST_DAY = datetime(2020, 1, 1, tzinfo=UTC)
DAYS = 420
TYPES = ("burglary", "robbery", "vehicle theft")


def town_log(per_day: float = 3.0, seed: int = 11, delay_hours: float = 5.0) -> EventLog:
    """Return a log in which 40 % of crime falls in two cells, and records come some hours late."""
    rng = np.random.default_rng(seed)
    frames = []
    for number, crime_type in enumerate(TYPES):
        n = int(per_day * DAYS)
        hot = rng.random(n) < 0.4
        column = np.where(hot, 2 + 7 * (rng.random(n) < 0.5), rng.integers(0, COLUMNS, n))
        row = np.where(hot, 3 + number, rng.integers(0, ROWS, n))
        x = WEST + (column + rng.random(n)) * SIDE
        y = SOUTH + (row + rng.random(n)) * SIDE
        began = [FIRST_DAY + timedelta(days=float(d)) for d in np.sort(rng.random(n) * DAYS)]
        recorded = [b + timedelta(hours=float(h)) for b, h in zip(began, rng.exponential(delay_hours, n), strict=True)]
        frames.append(
            pl.DataFrame(
                {
                    "event_id": [f"{number}-{i:05d}" for i in range(n)],
                    "crime_type": crime_type,
                    "x": x,
                    "y": y,
                    "occurred_from": began,
                    "occurred_to": began,
                    "recorded_at": recorded,
                    "district": np.where(x < WEST + COLUMNS / 2 * SIDE, "1", "2").tolist(),
                    "street": [None] * n,
                    "is_retraction": False,
                    "ingest": 0,
                }
            )
        )
    return EventLog(pl.concat(frames).select([pl.col(k).cast(v) for k, v in LOG_SCHEMA.items()]), FORCE.crs)


def town_grid() -> Grid:
    return Grid(FORCE.crs, SIDE, int(WEST / SIDE), int(SOUTH / SIDE), COLUMNS, ROWS)


def town_layer(
    known: Events | None = None,  # noqa: ARG001 - areas may follow what is known; these do not
    shift: tuple[float, float] = (0.0, 0.0),
) -> AreaLayer:
    """Return two districts of whole columns, whatever is known."""
    grid = town_grid().shifted(*shift)
    x, y = grid.centres()
    halves = np.where(x < WEST + COLUMNS / 2 * SIDE, "1", "2").tolist()
    return AreaLayer.from_districts("district", grid, x, y, halves, "District {}")


def inputs(log: EventLog | None = None) -> BacktestInputs:
    return BacktestInputs(FORCE, log or town_log(), town_layer)


def settings(home: Path, workers: int = 1) -> Settings:
    return Settings(home=home, workers=workers)


def request(*methods: str, **changes: object) -> BacktestRequest:
    """Return a request for 14 days in the town's last spring, three boxes an area."""
    asked: dict[str, object] = {
        "first": date(2021, 1, 4),
        "last": date(2021, 1, 17),
        "methods": tuple(method_of(m) for m in methods),
        "count": 3,
        "name": "test",
        "crime_types": TYPES,
    }
    return BacktestRequest(**{**asked, **changes})  # type: ignore[arg-type]  # tests name the fields they change
