"""What everybody may see: a ward at a time, late, in counts and sentences; no box, no dot, nothing finer."""

import gzip
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.homes import peelian
from tests.site_home import NIGHTS, client_of, open_town

WARDS = """{"type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32615"}},
"features": [%s]}"""


def ward(ward_id: str, name: str, people: int, west: int, east: int) -> str:
    corners = [[west, 4269000], [east, 4269000], [east, 4272000], [west, 4272000], [west, 4269000]]
    properties = {"id": ward_id, "name": name, "people": people}
    return json.dumps(
        {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [corners]}}
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with wards, residents, and a night whose first public day is the night before."""
    from tests.homes import make_home

    home = make_home(tmp_path_factory.mktemp("public") / "home")
    file = home / "wards.geojson"
    parts = [ward("W1", "Mill & <b>Wharf</b>", 2000, 739000, 741000), ward("W2", "Hill", 4000, 741000, 743000)]
    file.write_text(WARDS % ", ".join(parts), encoding="utf-8")
    assert peelian("areas", "add", "ward", str(file), "--id", "id", "--name", "name", home=home).returncode == 0
    (home / "peelian.toml").write_text(
        "[night]\nreplay_nights = 2\ncount = 4\nnearly = 2\nlonger = 0\n[public]\ndelay_days = 1\n"
        'contact = "boxes@example.org"\nresidents = "wards.geojson"\nresidents_column = "people"\n',
        encoding="utf-8",
    )
    done = peelian("night", "--on", NIGHTS[1], "--since", NIGHTS[0], home=home)
    assert done.returncode == 0, done.stderr
    return home


def documents(home: Path) -> dict[str, Any]:
    folder = home / "public" / "force=town"
    return {p.name: json.loads(gzip.decompress(p.read_bytes())) for p in sorted(folder.iterdir())}


def test_wards_are_told_of_published_nights_up_to_the_delay(told: Path) -> None:
    found = documents(told)
    assert sorted(found) == ["index.json.gz", "ward-W1.json.gz", "ward-W2.json.gz"]
    assert found["index.json.gz"]["through"] == NIGHTS[0]
    kinds = found["ward-W1.json.gz"]["kinds"]
    assert {k["kind"] for k in kinds} == {"burglary", "larceny", "robbery"}
    assert all(k["headline"].startswith(("On 1 of 1 nights", "Police were not asked")) for k in kinds)


def test_nothing_finer_than_the_ward_is_in_any_public_document(told: Path) -> None:
    boxes = json.loads((told / "nights" / NIGHTS[0] / "boxes.geojson").read_text(encoding="utf-8"))["features"]
    text = "".join(gzip.decompress(p.read_bytes()).decode() for p in (told / "public" / "force=town").iterdir())
    for box in boxes:
        place = box["properties"]["place"]
        assert not place or place not in text
        for longitude, latitude in box["geometry"]["coordinates"][0]:
            assert str(longitude) not in text
            assert str(latitude) not in text
    for word in ("x_min", "rank", "ring", "<circle", 'class="firm"'):
        assert word not in text


def test_anyone_reads_the_pages_without_signing_in(told: Path) -> None:
    open_town(told)
    client = client_of()
    start = client.get("/", follow=True)
    assert start.redirect_chain[-1][0] == "/public/town/"
    text = client.get("/public/town/W1/").content.decode()
    for said in ("What was forecast?", "What did the police do?", "We do not know.", "no ground to stop and search"):
        assert said in text
    assert "per 1,000 residents" in text
    assert "mailto:boxes@example.org" in text
    assert "Mill &amp; &lt;b&gt;Wharf&lt;/b&gt;" in text
    assert "<b>Wharf</b>" not in text
    assert client.get("/public/town/W1/?crime=robbery").status_code == 200
    assert client.get("/public/town/W1/?crime=%3Cscript%3E").status_code == 200


def test_page_is_not_there_before_its_delay_though_the_document_is(told: Path) -> None:
    through = date.fromisoformat(NIGHTS[0])
    open_town(told, clock=f"{through + timedelta(days=1)}T00:00:00+00:00")
    assert client_of().get("/public/town/W1/").status_code == 200
    open_town(told, clock=f"{through}T23:00:00+00:00")
    assert client_of().get("/public/town/W1/").status_code == 404


@pytest.mark.parametrize(
    "address", ["/public/nowhere/", "/public/town/W9/", "/public/town/index/", "/public/..%2F..%2Fevents/W1/"]
)
def test_a_place_that_is_not_there_says_so(told: Path, address: str) -> None:
    open_town(told)
    assert client_of().get(address).status_code == 404


def test_without_a_night_the_public_page_says_that_nothing_is_published(tmp_path: Path) -> None:
    open_town(tmp_path / "home")
    assert "Nothing has been published yet" in client_of().get("/public/").content.decode()


def test_residents_that_cannot_be_read_cost_the_night_nothing(told: Path, tmp_path: Path) -> None:
    import shutil

    home = Path(shutil.copytree(told, tmp_path / "home"))
    (home / "wards.geojson").write_text("no polygons", encoding="utf-8")
    done = peelian("night", "--on", NIGHTS[1], "--again", home=home)
    assert done.returncode == 0, done.stderr
    open_town(home)

    from peelian.store.nights import NightRun

    run = NightRun.objects.order_by("id").last()
    assert run is not None
    assert run.status == NightRun.DONE
    assert "public pages were not made anew" in run.error


def test_explainer_is_for_everybody_and_says_what_the_map_cannot_know(told: Path) -> None:
    open_town(told)
    text = client_of().get("/explainer/").content.decode()
    assert "It cannot know who, why, or what nobody reported." in text
    assert text.count("<svg") == 5
