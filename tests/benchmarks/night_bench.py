"""A London night: 33 boroughs x 16 crime types, three weeks of about 60,000 crimes, on this machine.

The crimes' places are real (2016-17 snap points where the extract is at hand, else drawn within the boroughs); their
days and hours are made up, since the feed is dated to the month. Only speed and size are measured here, never skill.
"""

import contextlib
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl
import psutil
import shapely

from peelian.events import LOG_SCHEMA, Bundle, EventLog
from peelian.jobs.terms import NightTerms, Terms
from peelian.places import DatePrecision, Force, LocationPrecision, Projection
from peelian.store.areas import AreaStore
from peelian.store.database import open_database
from peelian.store.events import EventStore

REPOSITORY = Path(__file__).parents[2]
NIGHT = date(2017, 6, 22)
N_CRIMES, N_TYPES, DAYS = 60_000, 16, 21
LONDON = Force(
    "london",
    "London",
    "EPSG:27700",
    "Europe/London",
    LocationPrecision.STREET_SNAPPED,
    DatePrecision.MINUTE,
    "Days and hours are made up: this is a measurement of speed.",
)


def run(extract: Path | None = None) -> list[dict[str, object]]:
    """Return rows of name, measured, target and unit."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        # In a process of its own: reading two years of London is not what is measured.
        subprocess.run([sys.executable, __file__, str(home), str(extract or "")], check=True)
        open_database(home)
        terms = terms_of(home)
        from peelian.jobs.bundle_night import known_for
        from peelian.jobs.calendar import period_of
        from peelian.jobs.demo import CARD
        from peelian.jobs.forecasting import AreaModels, BoxList, Drawing, Subject, draw
        from peelian.jobs.night import compose_night
        from peelian.jobs.publishing import files_of
        from peelian.store import nights
        from peelian.store.folders import publish_folder

        nights.agree_card(replace(CARD, expires=NIGHT), nights.utc_now())
        known = known_for(home, LONDON, NIGHT, terms.night)
        bundles = [Bundle.of(f"type-{k:02d}") for k in range(N_TYPES)]
        ids = tuple(area.id for area in known.layer.areas)
        boxes = BoxList(AreaModels(((Drawing.of(LONDON, terms.night), ids),)))
        began = time.perf_counter()
        for bundle in bundles:
            subject = Subject(known.history, known.layer, bundle, known.places)
            draw(subject, period_of(LONDON, NIGHT, terms.night), [boxes])
        drawn_s = time.perf_counter() - began
        with Memory() as memory:
            began = time.perf_counter()
            night = compose_night(terms, LONDON, NIGHT).night
            composed_s = time.perf_counter() - began
            began = time.perf_counter()
            size = publish_folder(home / "nights" / str(NIGHT), files_of(night, 2))
            files_s = time.perf_counter() - began
    rows: list[tuple[str, object, object, str]] = [
        ("forecasts, boxes, explanations (one core)", drawn_s, 3.0, "s"),
        ("all files, 33 PDFs included", files_s, 30.0, "s"),
        ("peak memory, all processes together", memory.peak_gb, 1.0, "GB"),
        ("the whole value, 28 nights replayed", composed_s, None, "s"),
        ("maps", len(night.areas), 33 * N_TYPES, ""),
        ("files", size / 1e6, None, "MB"),
    ]
    names = ("name", "measured", "target", "unit")
    return [dict(zip(names, (f"London night: {what}", *rest), strict=True)) for what, *rest in rows]


class Memory:
    """The most memory that this process and those it started held at one time, looked at ten times a second.

    Pages that processes share (the same libraries) are counted once: the proportional set size.
    """

    def __enter__(self) -> Self:
        """Begin to look."""
        self.peak_gb = 0.0
        self._done = threading.Event()
        self._looker = threading.Thread(target=self._look, daemon=True)
        self._looker.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop looking."""
        self._done.set()
        self._looker.join()

    def _look(self) -> None:
        own = psutil.Process()
        while not self._done.wait(0.1):
            held = 0
            for process in (own, *own.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    held += process.memory_full_info().pss
            self.peak_gb = max(self.peak_gb, held / 1e9)


def terms_of(home: Path) -> Terms:
    """Return what the bench's nights are asked for: the model that the figure was set for, on the fixed grid."""
    return Terms(home=home, night=NightTerms(level="borough", model="smoothed-counts"))


def prepare(home: Path, extract: Path | None) -> None:
    """Fill a home with London's boroughs and three weeks of crimes."""
    boroughs = REPOSITORY / "examples" / "london-boundaries" / "boroughs.geojson.gz"
    open_database(home)
    store = EventStore(home)
    x, y, street = _places(boroughs, extract)
    rng = np.random.default_rng(2017)
    pick = rng.integers(0, x.size, N_CRIMES)
    end = datetime(NIGHT.year, NIGHT.month, NIGHT.day, tzinfo=UTC) - timedelta(hours=1)
    began = [end - timedelta(seconds=float(s)) for s in rng.uniform(3600, DAYS * 86_400, N_CRIMES)]
    # Types as uneven as real ones: the commonest has ten times the events of the rarest.
    share = np.linspace(1.0, 0.1, N_TYPES)
    kinds = rng.choice([f"type-{k:02d}" for k in range(N_TYPES)], N_CRIMES, p=share / share.sum())
    table = pl.DataFrame(
        {
            "event_id": [f"made-{i}" for i in range(N_CRIMES)],
            "crime_type": kinds,
            "x": x[pick],
            "y": y[pick],
            "occurred_from": began,
            "occurred_to": began,
            "recorded_at": began,
            "district": [None] * N_CRIMES,
            "street": [street[i] for i in pick],
            "is_retraction": [False] * N_CRIMES,
            "ingest": [1] * N_CRIMES,
        },
        schema=LOG_SCHEMA,
    )
    store.append(LONDON, "made up from real places", datetime.now(UTC), EventLog(table, LONDON.crs))
    AreaStore(home).add(LONDON, "borough", boroughs, "gss_code", "name")


def _places(boroughs: Path, extract: Path | None) -> tuple[np.ndarray, np.ndarray, list[str | None]]:
    """Return the places that crimes may have: the extract's, each as often as it was recorded, or random ones."""
    projection = Projection(LONDON.crs)
    if extract is not None and extract.is_dir():
        frames = [
            pl.read_parquet(f, columns=["longitude", "latitude", "street_id"])
            for f in sorted(extract.glob("crimes_*.parquet"))
        ]
        names = pl.read_parquet(extract / "streets.parquet").unique("street_id", keep="first", maintain_order=True)
        table = pl.concat(frames).join(names, on="street_id", how="left", maintain_order="left")
        x, y = projection.to_metres(table["longitude"].to_numpy(), table["latitude"].to_numpy())
        return x, y, table["street_name"].str.strip_prefix("On or near ").to_list()
    import gzip
    import json

    shapes = json.loads(gzip.decompress(boroughs.read_bytes()))["features"]
    union = shapely.union_all([shapely.from_geojson(json.dumps(f["geometry"])) for f in shapes])
    rng = np.random.default_rng(1)
    west, south, east, north = union.bounds
    points = rng.uniform([west, south], [east, north], (200_000, 2))
    shapely.prepare(union)
    inside = points[shapely.contains_xy(union, points[:, 0], points[:, 1])]
    x, y = projection.to_metres(inside[:, 0], inside[:, 1])
    return x, y, [None] * x.size


if __name__ == "__main__":
    prepare(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2] else None)
