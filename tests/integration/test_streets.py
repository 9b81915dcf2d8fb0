"""Street networks in, a map of the best tenth out, by the real command on real OpenStreetMap lines."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import shapely
from tests.homes import peelian

from peelian.errors import SourceError
from peelian.events import LOG_SCHEMA, EventLog
from peelian.places import DatePrecision, Force, LocationPrecision
from peelian.sources.networks import read_network
from peelian.store.events import EventStore

LINES = Path(__file__).parents[2] / "examples" / "street-network" / "central_london_highways.geojson.gz"
DAY = datetime(2018, 5, 1, tzinfo=UTC)
GRAPH = """<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="d0" for="graph" attr.name="crs"/><key id="d1" for="node" attr.name="x"/><key id="d2" for="node" attr.name="y"/>
<key id="d3" for="edge" attr.name="name"/><key id="d4" for="edge" attr.name="geometry"/>
<graph edgedefault="directed"><data key="d0">epsg:4326</data>
<node id="1"><data key="d1">-0.120</data><data key="d2">51.510</data></node>
<node id="2"><data key="d1">-0.121</data><data key="d2">51.510</data></node>
<node id="3"><data key="d1">-0.121</data><data key="d2">51.511</data></node>
<edge source="1" target="2"><data key="d3">Strand</data></edge>
<edge source="2" target="1"><data key="d3">Strand</data></edge>
<edge source="2" target="3"><data key="d3">['Bow Street', 'Floral Street']</data>
<data key="d4">LINESTRING (-0.121 51.51, -0.1215 51.5105, -0.121 51.511)</data></edge></graph></graphml>"""


def force(precision: LocationPrecision) -> Force:
    return Force("town", "Covent Garden", "EPSG:27700", "Europe/London", precision, DatePrecision.MINUTE)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Burglaries along a few streets of Covent Garden, with exact places; one in the river."""
    network = read_network(LINES, "EPSG:27700")
    rng = np.random.default_rng(6)
    stretch = np.concatenate([rng.integers(0, len(network), 60), np.repeat(rng.integers(0, len(network), 6), 20)])
    points = shapely.line_interpolate_point(network.lines[stretch], rng.random(stretch.size), normalized=True)
    x, y = np.append(shapely.get_x(points), 530_900.0), np.append(shapely.get_y(points), 180_250.0)
    began = [DAY - timedelta(hours=float(h)) for h in rng.uniform(2, 4000, x.size)]
    table = pl.DataFrame(
        {
            "event_id": [f"t{i}" for i in range(x.size)],
            "crime_type": ["burglary"] * x.size,
            "x": x,
            "y": y,
            "occurred_from": began,
            "occurred_to": began,
            "recorded_at": [b + timedelta(hours=1) for b in began],
            "district": [None] * x.size,
            "street": [None] * x.size,
            "is_retraction": [False] * x.size,
            "ingest": [1] * x.size,
        },
        schema=LOG_SCHEMA,
    )
    EventStore(tmp_path).append(force(LocationPrecision.EXACT), "made up", DAY, EventLog(table, "EPSG:27700"))
    return tmp_path


def test_best_tenth_of_the_streets_is_written_printed_and_the_same_again(home: Path) -> None:
    added = peelian("streets", "add", str(LINES), home=home)
    assert added.returncode == 0, added.stderr
    assert "1,947 stretches, 63.5 km" in added.stdout
    words = ("streets", "map", "--on", "2018-05-01", "--crime-type", "burglary")
    told = json.loads(peelian(*words, "--json", home=home).stdout)
    file = Path(told["file"])
    first = file.read_bytes()
    assert 0.08 < told["length_share"] <= 0.1
    assert told["expected_share"] > 0.3
    assert told["events_on_no_street"] == 1
    collection = json.loads(first)
    assert len(collection["features"]) == told["stretches"]
    longitude, latitude = collection["features"][0]["geometry"]["coordinates"][0]
    assert -0.14 < longitude < -0.10
    assert 51.50 < latitude < 51.53
    assert "no ground" in collection["note"].lower() or "stop" in collection["note"].lower()
    done = peelian(*words, home=home)
    assert done.returncode == 0
    assert "1 of 181 known events lie on no street" in done.stdout
    assert file.read_bytes() == first


def test_snapped_feed_is_refused_with_the_reason_before_a_file_is_read(tmp_path: Path, home: Path) -> None:
    other = tmp_path / "snapped"
    log = EventStore(home).log("town")
    EventStore(other).append(force(LocationPrecision.STREET_SNAPPED), "made up", DAY, log)
    done = peelian("streets", "add", str(LINES), home=other)
    assert done.returncode == 1
    assert "means nothing" in done.stderr
    assert "Traceback" not in done.stderr


def test_map_without_a_network_or_without_events_says_what_is_missing(home: Path) -> None:
    words = ("streets", "map", "--on", "2018-05-01", "--crime-type")
    assert "peelian streets add" in peelian(*words, "burglary", home=home).stderr
    assert peelian("streets", "add", str(LINES), home=home).returncode == 0
    done = peelian(*words, "arson", home=home)
    assert done.returncode == 1
    assert "no event of 'arson'" in done.stderr


@pytest.mark.parametrize("name", ["net.graphml", "net.graphml.gz"])
def test_graph_of_osmnx_is_read_with_its_bends_and_names_and_one_stretch_for_both_directions(
    tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    file.write_bytes(gzip.compress(GRAPH.encode()) if name.endswith("gz") else GRAPH.encode())
    network = read_network(file, "EPSG:27700")
    assert network.names == ("Strand", "Bow Street / Floral Street")
    assert network.length_m[0] == pytest.approx(69.4, abs=0.3)
    assert shapely.get_num_points(network.lines[1]) == 3


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.graphml", "<graphml", "no GraphML"),
        ("b.graphml", "<graphml><graph/></graphml>", "says no crs"),
        ("c.graphml", GRAPH.replace('target="3"', 'target="9"'), "source and target"),
        ("d.graphml", GRAPH.replace("-0.1215", "nought"), "nodes want x and y"),
        ("e.geojson", "{}", "street network"),
        ("f.geojson", '{"type": "FeatureCollection", "features": []}', "holds no line"),
        ("g.geojson.gz", "not zipped", "street network"),
    ],
)
def test_file_that_is_no_network_is_one_clear_error(tmp_path: Path, name: str, text: str, message: str) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=message):
        read_network(file, "EPSG:27700")


def test_network_of_another_country_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "far.graphml"
    file.write_text(GRAPH.replace("-0.1", "40.1"), encoding="utf-8")
    with pytest.raises(SourceError, match="is it the force's ground"):
        read_network(file, "EPSG:27700")
