"""Boxes that keep their places, boxes joined into walks, and layers of places, as settings of the night."""

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.homes import make_home, peelian

NIGHTS = ("2018-04-18", "2018-04-19", "2018-04-20")


def say(home: Path, lines: str) -> None:
    text = "[night]\nreplay_nights = 3\ncount = 4\nnearly = 2\ncrime_types = ['burglary']\n" + lines
    (home / "peelian.toml").write_text(text, encoding="utf-8")


def boxes(home: Path, night: str) -> pl.DataFrame:
    return pl.read_csv(home / "nights" / night / "boxes.csv").filter(pl.col("is_chosen"))


def record(home: Path, night: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((home / "nights" / night / "night.json").read_text(encoding="utf-8"))
    return value


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path / "home")


@pytest.mark.parametrize("kind", ["grid", "floating"])
def test_a_box_keeps_its_place_unless_clearly_beaten(home: Path, kind: str) -> None:
    model = f'model = "smoothed-counts"\nboxes = "{kind}"\n'
    say(home, model + "keep = 1000.0\n")
    for night in NIGHTS:
        assert peelian("night", "--on", night, home=home).returncode == 0
    places = [set(boxes(home, n).select("area_id", "x_min", "y_min").iter_rows()) for n in NIGHTS]
    assert places[0] == places[1] == places[2]
    assert all(m["keep"] == 1000.0 and m["stood_before"] == 4 for m in record(home, NIGHTS[2])["maps"])
    page = (home / "nights" / NIGHTS[2] / "index.html").read_text(encoding="utf-8")
    assert "four of four stood the day before." in page
    ranks = boxes(home, NIGHTS[2]).sort("area_id", "rank")
    for _, own in ranks.group_by("area_id", maintain_order=True):
        assert own["expected_count"].is_sorted(descending=True), "ranked by what is expected, kept or not"


def test_a_replayed_night_is_the_same_whichever_night_asks_for_it(home: Path, tmp_path: Path) -> None:
    say(home, 'model = "smoothed-counts"\nkeep = 0.3\n')
    other = Path(shutil.copytree(home, tmp_path / "other"))
    assert peelian("night", "--on", "2018-04-19", home=other).returncode == 0
    shutil.rmtree(other / "nights")
    for published in (other / "tracks").rglob("published*"):
        shutil.rmtree(published) if published.is_dir() else published.unlink()
    for place in (home, other):
        assert peelian("night", "--on", "2018-04-20", "--again", home=place).returncode == 0
    one, two = record(home, "2018-04-20"), record(other, "2018-04-20")
    assert one["maps"] == two["maps"]


def test_boxes_near_each_other_are_one_walk_everywhere_they_are_told(home: Path) -> None:
    say(home, 'model = "smoothed-counts"\nwalk_gap_m = 100000.0\n')
    assert peelian("night", "--on", "2018-04-20", home=home).returncode == 0
    told = json.loads((home / "nights" / "2018-04-20" / "boxes.geojson").read_text(encoding="utf-8"))
    chosen = [f["properties"] for f in told["features"] if f["properties"]["is_chosen"]]
    assert {p["walk"] for p in chosen} == {"A"}
    assert {f["properties"]["walk"] for f in told["features"] if not f["properties"]["is_chosen"]} == {""}
    assert all(m["walks"] == ["A"] * 4 for m in record(home, "2018-04-20")["maps"])
    page = (home / "nights" / "2018-04-20" / "index.html").read_text(encoding="utf-8")
    assert "Walk A joins boxes 1 to 4." in page
    say(home, 'model = "smoothed-counts"\n')
    assert peelian("night", "--on", "2018-04-20", "--again", home=home).returncode == 0
    assert "Walk A" not in (home / "nights" / "2018-04-20" / "index.html").read_text(encoding="utf-8")


def layer_file(home: Path) -> Path:
    """Write three bars in the town, as GeoJSON in degrees, with a column that nobody may read."""
    points = [(-90.2, 38.55), (-90.205, 38.556), (-90.21, 38.55)]
    features = [
        {
            "type": "Feature",
            "properties": {"residents": 1000 * i},
            "geometry": {"type": "Point", "coordinates": list(p)},
        }
        for i, p in enumerate(points)
    ]
    path = home / "bars.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def test_layers_of_places_reach_the_models_that_look_at_them(home: Path) -> None:
    layer_file(home)
    lines = '\n[layers."way to a bar"]\nfile = "bars.geojson"\nof = "distance"\n'
    say(home, 'model = "log-linear"\n')
    assert peelian("night", "--on", "2018-04-20", home=home).returncode == 0
    without = boxes(home, "2018-04-20")
    say(home, 'model = "log-linear"\n' + lines)
    done = peelian("night", "--on", "2018-04-20", "--again", home=home)
    assert done.returncode == 0, done.stderr
    told = record(home, "2018-04-20")["inputs"]["layers"]
    assert told["way to a bar"].startswith("distance, bars.geojson, ")
    assert not boxes(home, "2018-04-20").equals(without)


def test_layers_reach_the_backtest_and_belong_to_its_question(home: Path) -> None:
    layer_file(home)
    lines = '\n[layers.bars]\nfile = "bars.geojson"\nof = "points"\n'
    ask = ("backtest", "--from", "2018-04-16", "--to", "2018-04-18", "--crime-type", "burglary", "-m", "log-linear")
    say(home, "")
    assert peelian(*ask, "--name", "plain", home=home).returncode == 0
    say(home, lines)
    assert peelian(*ask, "--name", "layered", home=home).returncode == 0
    plans = [json.loads((home / "backtests" / n / "plan.json").read_text("utf-8")) for n in ("plain", "layered")]
    assert plans[0]["places"] == ""
    assert plans[1]["places"] != ""
    scores = [pl.read_parquet(home / "backtests" / n / "scores.parquet") for n in ("plain", "layered")]
    of = pl.col("model") == "log-linear"
    assert scores[0].filter(of)["gain_bits"].sum() != scores[1].filter(of)["gain_bits"].sum()
    again = peelian(*ask, "--name", "plain", home=home)
    assert again.returncode == 1
    assert "was made with places" in again.stderr


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ('file = "none.geojson"\nof = "points"', "cannot be read"),
        ('file = "bars.geojson"\nof = "people"', "of = one of points, distance, share, lines"),
        ('file = "bars.geojson"\nof = "share"', "holds no polygon"),
        ('file = "peelian.toml"\nof = "points"', "no layer of places can be read"),
    ],
)
def test_a_layer_that_is_none_is_named_with_its_mend(home: Path, written: str, reason: str) -> None:
    layer_file(home)
    say(home, f'model = "log-linear"\n[layers.bars]\n{written}\n')
    done = peelian("night", "--on", "2018-04-20", home=home)
    assert done.returncode == 1
    assert reason in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not (home / "nights" / "2018-04-20").exists()


def test_the_streets_behind_a_box_are_told_where_the_feed_names_them(home: Path) -> None:
    say(home, 'model = "smoothed-counts"\n')
    assert peelian("night", "--on", "2018-04-20", home=home).returncode == 0
    page = (home / "nights" / "2018-04-20" / "index.html").read_text(encoding="utf-8")
    assert "The crimes behind it were recorded on " in page
