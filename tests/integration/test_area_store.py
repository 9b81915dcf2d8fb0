"""Polygons in, layers out: kinds of files, mended rings, levels, masks, districts where there are no polygons."""

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pyogrio
import pytest
import shapely

from peelian.errors import PlaceError, StoreError
from peelian.events import EVENT_SCHEMA, Events
from peelian.places import DatePrecision, Force, Grid, LocationPrecision, Projection
from peelian.store.areas import AreaStore

LONDON = Force("london", "London", "EPSG:27700", "Europe/London", LocationPrecision.STREET_SNAPPED, DatePrecision.MONTH)
BOUNDARIES = Path(__file__).parents[2] / "examples" / "london-boundaries"
AT = datetime(2019, 6, 1, tzinfo=UTC)
GRID = Grid("EPSG:27700", 250.0, 2120, 720, 8, 8)


def events_at(x: list[float], y: list[float], district: list[str | None] | None = None) -> Events:
    n = len(x)
    columns = {
        "event_id": [f"e{i}" for i in range(n)],
        "crime_type": ["burglary"] * n,
        "x": x,
        "y": y,
        **dict.fromkeys(("occurred_from", "occurred_to", "recorded_at"), [AT] * n),
        "district": district or [None] * n,
        "street": [None] * n,
    }
    return Events(pl.DataFrame(columns, schema=EVENT_SCHEMA), "EPSG:27700", AT)


def square(west: float, south: float, size: float) -> shapely.Polygon:
    return shapely.box(west, south, west + size, south + size)


def geojson(path: Path, *areas: tuple[str | int | None, str, shapely.Geometry]) -> Path:
    """Write areas given in metres as GeoJSON in WGS84, as feeds do."""
    to_degrees = Projection("EPSG:27700").to_degrees
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "label": label},
            "geometry": shapely.geometry.mapping(
                shapely.transform(shape, lambda p: np.column_stack(to_degrees(p[:, 0], p[:, 1])))
            ),
        }
        for code, label, shape in areas
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["a.geojson", "a.geojson.gz", "a.gpkg", "a.shp"])
def test_polygons_of_every_kind_of_file_give_the_same_areas(tmp_path: Path, name: str) -> None:
    shapes = [square(530_000, 180_000, 1000), square(531_000, 180_000, 1000)]
    if "geojson" in name:
        file = geojson(tmp_path / name, ("W1", "West", shapes[0]), ("E1", "East", shapes[1]))
    else:
        file = tmp_path / name
        pyogrio.raw.write(
            file,
            geometry=shapely.to_wkb(np.array(shapes)),
            field_data=[np.array(["W1", "E1"], dtype=object), np.array(["West", "East"], dtype=object)],
            fields=["code", "label"],
            geometry_type="Polygon",
            crs="EPSG:27700",
        )
    store = AreaStore(tmp_path / "home")
    assert store.add(LONDON, "ward", file, "code", "label").areas == 2
    assert store.levels("london") == ("ward",)
    layer = store.layer(LONDON, "ward", GRID, events_at([530_100], [180_100]))
    assert [(a.id, a.name, a.n_cells) for a in layer.areas] == [("E1", "East", 16), ("W1", "West", 16)]
    outline = store.outline(LONDON)
    assert outline is not None
    assert outline.area == pytest.approx(2_000_000, rel=1e-4)


def test_crossed_rings_are_mended_and_parts_of_one_id_are_one_area(tmp_path: Path) -> None:
    bow = shapely.Polygon([(530_000, 180_000), (531_000, 181_000), (531_000, 180_000), (530_000, 181_000)])
    file = geojson(
        tmp_path / "a.geojson",
        (1, "A", bow),
        (2, "B", square(531_000, 180_000, 500)),
        (2, "B", square(531_500, 180_000, 500)),
    )
    store = AreaStore(tmp_path / "home")
    added = store.add(LONDON, "ward", file, "code", "label")
    assert (added.areas, added.mended) == (2, 1)
    layer = store.layer(LONDON, "ward", GRID, events_at([530_100], [180_100]))
    assert [a.id for a in layer.areas] == ["1", "2"]
    surfaces = [a.boundary.area for a in layer.areas if a.boundary is not None]
    assert surfaces == pytest.approx([500_000, 500_000], rel=1e-3)


def test_masked_cells_leave_every_level(tmp_path: Path) -> None:
    store = AreaStore(tmp_path / "home")
    store.add(LONDON, "ward", geojson(tmp_path / "w.geojson", ("W", "W", square(530_000, 180_000, 2000))), "code")
    events = events_at([530_100, 531_900], [180_100, 181_900])
    assert store.layer(LONDON, "ward", GRID, events).area("W").n_cells == 64
    store.mask(LONDON, geojson(tmp_path / "water.geojson", ("T", "Thames", square(530_000, 180_000, 500))))
    for level, cells in (("ward", 60), ("force", 60)):
        assert store.layer(LONDON, level, GRID, events).areas[0].n_cells == cells
    assert store.levels("london") == ("ward",)


def test_without_polygons_the_districts_column_and_the_force_are_levels(tmp_path: Path) -> None:
    store = AreaStore(tmp_path)
    events = events_at([530_100, 530_120, 530_130, 531_900], [180_100] * 4, ["1", "1", "2", "2"])
    layer = store.layer(LONDON, "district", GRID, events)
    assert [(a.id, a.name, a.n_cells) for a in layer.areas] == [("1", "District 1", 1), ("2", "District 2", 1)]
    assert store.layer(LONDON, "force", GRID, events).areas[0].n_cells == 2
    assert store.default_level(LONDON, events) == "district"
    assert store.default_level(LONDON, events_at([530_100], [180_100])) == "force"
    with pytest.raises(StoreError, match=r"no areas of level 'ward'; there are force.*peelian areas add ward FILE"):
        store.layer(LONDON, "ward", GRID, events)
    with pytest.raises(StoreError, match="no areas of level 'district'"):
        store.layer(LONDON, "district", GRID, events_at([530_100], [180_100]))


def test_the_real_boroughs_and_wards_are_33_and_654(tmp_path: Path) -> None:
    store = AreaStore(tmp_path)
    assert store.add(LONDON, "borough", BOUNDARIES / "boroughs.geojson.gz", "gss_code", "name").areas == 33
    assert store.add(LONDON, "ward", BOUNDARIES / "wards_2014.geojson.gz", "GSS_CODE", "NAME").areas == 654
    x, y = Projection("EPSG:27700").to_metres(np.array([-0.0985]), np.array([51.5138]))
    grid = Grid.covering("EPSG:27700", 250.0, (500_000, 150_000, 565_000, 205_000))
    layer = store.layer(LONDON, "borough", grid, events_at(x.tolist(), y.tolist()))
    # St Paul's stands in the City of London.
    assert layer.areas[layer.owner[grid.cell_of(x, y)[0]]].name == "City of London"
    # Greater London has 1,572 km2 (ONS, standard area measurements).
    outline = store.outline(LONDON)
    assert outline is not None
    assert outline.area / 1e6 == pytest.approx(1_572, rel=0.02)
    assert store.default_level(LONDON, events_at(x.tolist(), y.tolist())) == "borough"


def test_a_layer_of_another_country_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.geojson"
    shape = shapely.geometry.mapping(shapely.box(-90.3, 38.5, -90.2, 38.6))
    feature = {"type": "Feature", "properties": {"code": 1}, "geometry": shape}
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    with pytest.raises(PlaceError, match="outside EPSG:27700, the CRS of London"):
        AreaStore(tmp_path).add(LONDON, "ward", file)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.geojson", b"not json", "no polygons can be read"),
        ("a.geojson.gz", b"\x1f\x8bbroken", "no polygons can be read"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": []}', "holds no polygon"),
    ],
)
def test_a_file_without_polygons_is_one_clear_error(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(StoreError, match=words):
        AreaStore(tmp_path / "home").add(LONDON, "ward", file)
    with pytest.raises(StoreError, match="no polygons can be read"):
        AreaStore(tmp_path / "home").add(LONDON, "ward", tmp_path / "nowhere.gpkg")


def test_points_and_unknown_columns_are_named(tmp_path: Path) -> None:
    points = geojson(tmp_path / "p.geojson", ("1", "P", shapely.Point(530_000, 180_000)))
    with pytest.raises(StoreError, match="no polygon with an id"):
        AreaStore(tmp_path).add(LONDON, "ward", points)
    polygons = geojson(tmp_path / "q.geojson", ("1", "Q", square(530_000, 180_000, 500)))
    with pytest.raises(StoreError, match="no column 'gss'; it has code, label"):
        AreaStore(tmp_path).add(LONDON, "ward", polygons, "gss")
    with pytest.raises(StoreError, match="cannot name a file"):
        AreaStore(tmp_path).add(LONDON, "../ward", polygons)


def test_an_area_holds_the_smaller_ones_that_lie_in_it_and_its_force_holds_all(tmp_path: Path) -> None:
    store = AreaStore(tmp_path)
    west, east = square(530_000, 180_000, 1000), square(531_000, 180_000, 1000)
    store.add(LONDON, "borough", geojson(tmp_path / "b.geojson", ("W", "West", west), ("E", "East", east)), "code")
    assert store.held() == {"london": ("E", "W")}
    wards = (
        ("w1", "in the west", square(530_100, 180_100, 300)),
        ("w2", "in the west, its fence a little beyond", square(530_720, 180_100, 300)),
        ("x", "half in each", square(530_850, 180_600, 300)),
        ("far", "in neither", square(540_000, 180_000, 300)),
    )
    store.add(LONDON, "ward", geojson(tmp_path / "w.geojson", *wards), "code")
    assert store.held() == {"london": ("E", "W", "far", "w1", "w2", "x"), "W": ("w1", "w2")}


def test_an_id_that_two_areas_share_reaches_no_further_than_itself(tmp_path: Path) -> None:
    store, outer, inner = AreaStore(tmp_path), square(530_000, 180_000, 1000), square(530_100, 180_100, 300)
    store.add(LONDON, "borough", geojson(tmp_path / "b.geojson", ("1", "West", outer)), "code")
    # Both layers are numbered: ward 1 is not borough 1, and its officer gets no other ward.
    wards = (("1", "one", square(540_000, 180_000, 300)), ("2", "two", inner))
    store.add(LONDON, "ward", geojson(tmp_path / "w.geojson", *wards), "code")
    assert store.held() == {"london": ("1", "2")}
    # Two forces may each have an area of that id.
    store.add(LONDON, "borough", geojson(tmp_path / "c.geojson", ("A", "West", outer)), "code")
    assert store.held()["A"] == ("2",)
    other = replace(LONDON, id="other")
    store.add(other, "borough", geojson(tmp_path / "d.geojson", ("A", "Far", outer)), "code")
    store.add(other, "ward", geojson(tmp_path / "e.geojson", ("x", "x", inner)), "code")
    assert "A" not in store.held()


def test_london_s_boroughs_hold_the_wards_that_their_file_says(tmp_path: Path) -> None:
    store, file = AreaStore(tmp_path), BOUNDARIES / "wards_2014.geojson.gz"
    store.add(LONDON, "borough", BOUNDARIES / "boroughs.geojson.gz", "gss_code")
    store.add(LONDON, "ward", file, "GSS_CODE")
    told: dict[str, set[str]] = {}
    for ward in json.loads(gzip.decompress(file.read_bytes()))["features"]:
        told.setdefault(ward["properties"]["LB_GSS_CD"], set()).add(ward["properties"]["GSS_CODE"])
    assert {area: set(held) for area, held in store.held().items() if area != "london"} == told
