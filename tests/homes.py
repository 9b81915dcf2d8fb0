"""Small homes for tests that run the real program: a made-up town of two districts, four months of crime."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from peelian.events import LOG_SCHEMA, EventLog
from peelian.places import DatePrecision, Force, LocationPrecision
from peelian.store.events import EventStore

TOWN = Force(
    "town",
    "Town",
    "EPSG:32615",
    "America/Chicago",
    LocationPrecision.BLOCK,
    DatePrecision.MINUTE,
    "Every crime is recorded an hour after it happens.",
)
LAST_DAY = datetime(2018, 5, 1, tzinfo=UTC)


def town_log(n_events: int = 900, seed: int = 11) -> EventLog:
    """Return four months of three crime types around six corners of two districts."""
    rng = np.random.default_rng(seed)
    corner = rng.integers(0, 6, n_events)
    x = 740_000 + 900.0 * (corner % 3) + rng.normal(0, 220, n_events)
    y = 4_270_000 + 900.0 * (corner // 3) + rng.normal(0, 220, n_events)
    began = [LAST_DAY - timedelta(minutes=int(m)) for m in rng.integers(1, 120 * 1440, n_events)]
    table = pl.DataFrame(
        {
            "event_id": [f"t{i}" for i in range(n_events)],
            "crime_type": rng.choice(["burglary", "larceny", "robbery"], n_events, p=[0.5, 0.4, 0.1]),
            "x": x,
            "y": y,
            "occurred_from": began,
            "occurred_to": began,
            "recorded_at": [b + timedelta(hours=1) for b in began],
            "district": np.where(y > 4_270_450, "North", "South"),
            "street": [f"{name} St" for name in np.array(["Ash", "Beech", "Cedar", "Elm", "Fir", "Hazel"])[corner]],
            "is_retraction": [False] * n_events,
            "ingest": [1] * n_events,
        },
        schema=LOG_SCHEMA,
    )
    return EventLog(table, TOWN.crs)


def make_home(folder: Path) -> Path:
    """Fill a home with the town, a purpose card and quick settings; return it."""
    EventStore(folder).append(TOWN, "made up", LAST_DAY + timedelta(days=1), town_log())
    (folder / "peelian.toml").write_text("[night]\nreplay_nights = 5\ncount = 4\nnearly = 2\n", encoding="utf-8")
    card = ["--goal", "g", "--measure", "m", "--owner", "o", "--stop-rule", "s", "--expires", "2018-12-31"]
    done = peelian("purpose", "set", *card, home=folder)
    assert done.returncode == 0, done.stderr
    return folder


def peelian(
    *words: str, home: Path, env: dict[str, str] | None = None, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "peelian", *words, "--home", str(home)],
        capture_output=True,
        text=True,
        check=False,
        input=stdin,
        env={**os.environ, "PEELIAN_DEBUG": "", **(env or {})},
    )
