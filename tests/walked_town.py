"""The town's site with a night that says all it can: models chosen by past scores, boxes joined, a street network."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from peelian.forecasts.choices import Choice, Choices, ChosenModel
from peelian.places.projections import Projection
from peelian.store.choices import ChoiceStore
from tests.homes import TOWN, peelian
from tests.site_home import NIGHTS, copy_of

KINDS = ("burglary", "larceny", "robbery")
WHY = "better here: +0.210 bits an event against all-history, give or take 0.050 (41 events here, shrunk)"


def make_walked_town(published_town: Path, folder: Path) -> Path:
    """Return a copy of the town whose second night is made anew so; the first stays as it was."""
    home = copy_of(published_town, folder)
    settings = '[night]\nreplay_nights = 5\ncount = 4\nnearly = 2\nwalk_gap_m = 400.0\nmodel = "chosen"\n'
    (home / "peelian.toml").write_text(settings, encoding="utf-8")
    choose(home)
    network = home / "streets.geojson"
    network.write_text(json.dumps(chessboard()), encoding="utf-8")
    for words in (("streets", "add", str(network)), ("night", "--on", NIGHTS[1], "--again")):
        done = peelian(*words, home=home)
        assert done.returncode == 0, done.stderr
    return home


def choose(home: Path) -> None:
    """Choose a model for the district North; for South none was judged."""
    choices = tuple(Choice("North", kind, "smooth", "all-history", 0.21, 0.05, 41.0, 7, WHY) for kind in KINDS)
    methods = (("smooth", ChosenModel("smoothed-counts", "fixed", ())),)
    until = datetime(2018, 4, 18, 5, tzinfo=UTC)
    ChoiceStore(home).keep(Choices("town", "district", date(2018, 4, 18), "week", until, "bits", methods, choices))


def chessboard() -> dict[str, object]:
    """Return streets of 100 m a block over the town, as GeoJSON: avenues run east, roads north."""
    west, south, east, north = 739_000, 4_269_000, 743_000, 4_272_000
    lines = [
        (f"{y - south} Avenue", [(x, y) for x in range(west, east + 1, 100)]) for y in range(south, north + 1, 100)
    ]
    lines += [(f"{x - west} Road", [(x, y) for y in range(south, north + 1, 100)]) for x in range(west, east + 1, 100)]
    return {"type": "FeatureCollection", "features": [_line(name, points) for name, points in lines]}


def _line(name: str, points: list[tuple[int, int]]) -> dict[str, object]:
    x, y = np.array(points, dtype=np.float64).T
    longitude, latitude = Projection(TOWN.crs).to_degrees(x.copy(), y.copy())
    places = np.column_stack([longitude, latitude]).tolist()
    return {
        "type": "Feature",
        "properties": {"name": name},
        "geometry": {"type": "LineString", "coordinates": places},
    }
