"""GeoJSON, CSV and night.json: exact, total in their order, equal to the byte for an equal night."""

import csv
import io
import json
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
import shapely
from tests.sample_nights import one_map, town_night

from peelian.delivery import boxes_csv, boxes_geojson, night_json
from peelian.delivery.words import NO_GROUND
from peelian.forecasts.nights import Night
from peelian.places import Projection


def geojson(night: Night) -> dict:
    return json.loads(boxes_geojson(night))


def rows(night: Night) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(boxes_csv(night).decode())))


def test_geojson_is_right_handed_closed_and_in_its_bbox() -> None:
    collection = geojson(town_night())
    west, south, east, north = collection["bbox"]
    for feature in collection["features"]:
        (ring,) = feature["geometry"]["coordinates"]
        assert ring[0] == ring[-1]
        assert shapely.is_ccw(shapely.LinearRing(ring))
        assert all(west <= x <= east and south <= y <= north for x, y in ring)
        assert all(len(f"{v:.10f}".rstrip("0").split(".")[1]) <= 7 for point in ring for v in point)


def test_geojson_corners_project_back_to_within_two_centimetres() -> None:
    night = town_night()
    corners = np.array([f["geometry"]["coordinates"][0][0] for f in geojson(night)["features"]])
    x, y = Projection(night.force.crs).to_metres(corners[:, 0], corners[:, 1])
    tables = [a.boxes.table for a in night.areas]
    assert np.abs(x - np.concatenate([t["x_min"].to_numpy() for t in tables])).max() < 0.02
    assert np.abs(y - np.concatenate([t["y_min"].to_numpy() for t in tables])).max() < 0.02


def test_every_row_carries_its_uncertainty_its_end_and_the_sentence() -> None:
    for feature in geojson(town_night())["features"]:
        said = feature["properties"]
        assert said["note"] == NO_GROUND
        assert said["rank_low"] <= said["rank"] or said["rank_high"] >= said["rank"]
        assert datetime.fromisoformat(said["valid_to"]) > datetime.fromisoformat(said["valid_from"])
        assert datetime.fromisoformat(said["valid_to"]).tzinfo is not None
        assert {"cutoff", "location_precision", "purpose", "owner", "purpose_expires", "why", "place"} <= set(said)
    assert all(row["note"] == NO_GROUND for row in rows(town_night()))


def test_csv_geojson_and_the_value_list_the_same_boxes() -> None:
    night = town_night()
    listed = [(r["area_id"], r["crime_type"], int(r["rank"])) for r in rows(night)]
    drawn = [(p["area_id"], p["crime_type"], p["rank"]) for p in (f["properties"] for f in geojson(night)["features"])]
    held = [(a.area.id, a.bundle.name, int(r)) for a in night.areas for r in a.boxes.table["rank"]]
    assert listed == drawn == held
    assert len(set(held)) == len(held)


def test_csv_numbers_read_back_as_the_numbers_that_were_meant() -> None:
    night = town_night()
    expected = np.concatenate([a.boxes.table["expected_count"].to_numpy() for a in night.areas])
    assert np.allclose([float(r["expected_count"]) for r in rows(night)], expected, rtol=1e-8)
    assert [float(r["x_min"]) for r in rows(night)] == np.concatenate(
        [a.boxes.table["x_min"].to_numpy() for a in night.areas]
    ).tolist()


@pytest.mark.parametrize("start", ["=1+1", "+44", "-2", "@x"])
def test_no_street_name_is_a_formula_in_a_spreadsheet(start: str) -> None:
    night = one_map(
        town_night(), place_names=tuple(f"{start} {i}" for i in range(len(town_night().areas[0].place_names)))
    )
    assert all(row["place"].startswith(f"'{start}") for row in rows(night))


def test_night_json_holds_what_a_replay_needs_and_the_baselines_beside_every_score() -> None:
    record = json.loads(night_json(town_night()))
    assert {"fingerprint", "n_events_known", "latest_recorded_at"} <= set(record["inputs"])
    assert {"parameters", "seed", "version", "model", "cutoff", "withheld", "purpose_cards", "timings"} <= set(record)
    for one in record["maps"]:
        methods = {row["method"] for row in one["score"]["pooled"]}
        assert {"boxes", "recent-counts", "all-history", "random", "hindsight"} <= methods
        assert all(row["coverage"] is not None for row in one["score"]["pooled"])


def test_a_rate_that_does_not_exist_is_null_and_the_night_stays_in_the_table() -> None:
    night = town_night()
    a = night.areas[0]
    assert a.record is not None
    nan = float("nan")
    none = tuple(replace(r, events=0.0, hits=0.0, hit_rate=nan, pai=nan, pei=nan) for r in a.record.last)
    record = json.loads(night_json(one_map(night, record=replace(a.record, last=none))))
    last = record["maps"][0]["score"]["last"]
    assert len(last) == len(none)
    assert all(row["hit_rate"] is None and row["events"] == 0 for row in last)


def test_only_timings_may_differ_between_equal_nights() -> None:
    night = town_night()
    again = replace(night, timings={"read": 99.0})
    first, second = json.loads(night_json(night)), json.loads(night_json(again))
    assert first.pop("timings") != second.pop("timings")
    assert first == second
    assert boxes_geojson(night) == boxes_geojson(again)
    assert boxes_csv(night) == boxes_csv(again)


def test_a_night_without_any_map_still_makes_its_files() -> None:
    empty = replace(town_night(), areas=())
    assert geojson(empty)["features"] == []
    assert rows(empty) == []
    assert json.loads(night_json(empty))["withheld"]
