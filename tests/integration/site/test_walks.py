"""What the night's own page tells of model, walks and streets, the site tells in the same words; old nights lack it."""

import gzip
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tests.homes import LAST_DAY, TOWN, peelian, town_log
from tests.site_home import NIGHTS, client_of, copy_of, open_town
from tests.walked_town import WHY, make_walked_town

from peelian.places import LocationPrecision
from peelian.store.events import EventStore
from peelian.store.streets import network_mark

NIGHT = NIGHTS[1]
NORTH = f"/tonight/town/{NIGHT}/district/North/burglary/"
MODEL = f"Drawn by the model smoothed-counts: {WHY}; scores of backtest 'week' up to 2018-04-18."
STANDS_IN = "mixture stands in: backtest 'week' did not judge this crime type here"
#: What documents of the same shape did not have when nights began to be published.
NEWER = {
    "index": ("model", "model_why"),
    "map": ("walks",),
    "view": ("walks", "model", "no_stretches"),
    "box": ("walk_sentence", "stretches"),
    "place": ("streets", "stretches"),
}


@pytest.fixture(scope="module")
def walked(published_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The town's home with such a night, not to be changed."""
    return make_walked_town(published_town, tmp_path_factory.mktemp("walked") / "home")


@pytest.fixture
def home(walked: Path, tmp_path: Path) -> Path:
    """A home of the test's own."""
    return copy_of(walked, tmp_path / "home")


@pytest.fixture
def town(home: Path) -> Iterator[dict[str, Any]]:
    """The site of that home opened in this process: its accounts by role."""
    yield open_town(home)

    from django.db import connections

    connections.close_all()


def words_of(page: str) -> str:
    """Return a page's words, tags out."""
    body = re.sub(r"<(style|script|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return plain(unescape(re.sub(r"<[^>]*>", " ", body)))


def plain(text: str) -> str:
    """Return a text with every space plain."""
    return re.sub(r"\s+", " ", text)


def read(client: Any, address: str) -> str:  # noqa: ANN401 - Django's test client
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.content[:300])
    return words_of(answer.content.decode())


def document(home: Path, name: str) -> dict[str, Any]:
    path = home / "nights" / NIGHT / "site" / "district" / f"{name}.json.gz"
    told: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return told


def test_the_pages_say_model_walks_and_streets_in_the_words_of_the_night_s_own(
    town: dict[str, Any], home: Path
) -> None:
    own = words_of((home / "nights" / NIGHT / "index.html").read_text(encoding="utf-8"))
    view = document(home, "map-North-burglary")["view"]
    client = client_of(town["analyst"])
    tonight = read(client, NORTH)
    assert re.fullmatch(r"Walk A joins boxes [\d, and to]+(; [\d, and]+ stands? alone)?\.", view["walks"])
    for said in (MODEL, view["walks"]):
        assert said in own
        assert said in tonight
    boxes = [*view["firm"], *view["unsure"]]
    assert any(b["walk"] == "A" for b in boxes)
    for box in boxes:
        page = read(client, f"{NORTH}box/{box['number']}/")
        assert bool(box["walk"]) == bool(box["walk_sentence"])
        assert MODEL in page
        for said in map(plain, (box["walk_sentence"], box["streets"], box["stretches"])):
            assert said in own
            assert said in page
        assert "Avenue, " in box["stretches"] or "Road, " in box["stretches"]
        assert "to the block: no stretch is surer than its block" in box["stretches"]


def test_the_maps_of_a_page_draw_every_walk_and_the_stretches_of_the_box(town: dict[str, Any], home: Path) -> None:
    told = document(home, "map-North-burglary")
    client = client_of(town["officer"])
    page = client.get(NORTH).content.decode()
    assert page.count('<path class="walk"') == len(told["walks"]) == 1
    assert "near enough to walk between" in page
    place = told["boxes"][0]
    box = client.get(f"{NORTH}box/1/").content.decode()
    drawing = box.split('class="still near"')[1].split("</svg>")[0]
    assert drawing.count('class="carrying"') == 1
    assert "stretches that carry most" in box
    places = client.get(f"{NORTH}places.json").json()
    assert places["walks"] == told["walks"]
    lines = [line for s in place["stretches"] for line in s["lines"]]
    assert places["boxes"][0]["carrying"] == {"type": "MultiLineString", "coordinates": lines}
    assert places["boxes"][0]["streets"] == place["streets"]
    (west, south), _, (east, north) = place["ring"][:3]
    edge = 1e-5  # a metre: the ring's sides are no meridians
    assert lines
    assert all(west - edge <= x <= east + edge and south - edge <= y <= north + edge for line in lines for x, y in line)


def test_the_desk_says_why_of_each_map_as_the_night_does(town: dict[str, Any]) -> None:
    said = read(client_of(town["analyst"]), "/desk/models/")
    assert "each map was made by the model chosen for it." in said
    assert f"North Burglary smoothed-counts {WHY}; scores of backtest 'week' up to 2018-04-18" in said
    assert re.search(rf"South Larceny mixture\S* {re.escape(STANDS_IN)}", said)


def test_a_choice_that_the_night_did_not_follow_is_not_claimed_for_it(town: dict[str, Any], home: Path) -> None:
    shutil.rmtree(home / "nights" / NIGHT)
    said = read(client_of(town["analyst"]), "/desk/models/")
    assert "the maps were made by the model mixture." in said
    assert WHY not in said


def test_phone_and_briefing_say_the_walks(town: dict[str, Any], home: Path) -> None:
    view = document(home, "map-North-burglary")["view"]
    phone = read(client_of(town["officer"]), "/patrol/at/town/district/North/?type=burglary")
    assert view["walks"] in phone
    for box in (*view["firm"], *view["unsure"]):
        assert plain(f"walk {box['walk']} · {box['why']}") in phone or not box["walk"]
    answer = client_of(town["sergeant"]).get(f"/patrol/briefing/town/{NIGHT}/district/North/")
    page = answer.content.decode()
    assert view["walks"] in words_of(page)
    assert '<path class="walk"' in page


def test_programs_are_told_model_walks_and_streets(town: dict[str, Any], home: Path) -> None:
    told = document(home, "map-North-burglary")
    client, name = client_of(town["analyst"]), f"town:{NIGHT}:district:North:burglary"
    whole = client.get(f"/api/v1/maps/{name}").json()
    assert whole["model"] == MODEL
    assert whole["walks"] == [{"name": w["name"], "boxes": w["boxes"]} for w in told["walks"]]
    query = {"area": "North", "crime_type": "burglary"}
    walks = [b["walk"] for b in client.get("/api/v1/boxes", query).json()["items"]]
    layer = client.get("/ogc/collections/boxes-district/items", {"area_id": "North", "crime_type": "burglary"}).json()
    assert walks == [f["properties"]["walk"] for f in layer["features"]]
    assert walks == [
        b["walk"] for b in sorted((*told["view"]["firm"], *told["view"]["unsure"]), key=lambda b: b["number"])
    ]
    why = client.get(f"/api/v1/boxes/{name}:1/why").json()
    said = next(b for b in (*told["view"]["firm"], *told["view"]["unsure"]) if b["number"] == 1)
    assert (why["walk"], why["streets"]) == (said["walk_sentence"], said["streets"])
    assert why["stretches"] == told["boxes"][0]["stretches"]
    assert why["no_stretches"] == ""


def _aged(home: Path) -> None:
    """Take out of a night's documents what they did not hold when the first ones were published."""
    for path in (home / "nights" / NIGHT / "site" / "district").glob("*.json.gz"):
        told = json.loads(gzip.decompress(path.read_bytes()))
        if path.name.startswith("index"):
            parts = [("index", m) for m in told["maps"]]
        elif path.name.startswith("map-"):
            view = told["view"]
            parts = [("map", told), ("view", view), *(("place", b) for b in told["boxes"])]
            parts += [("box", b) for b in (*view["firm"], *view["unsure"])]
        else:
            continue
        for kind, part in parts:
            for name in NEWER[kind]:
                part.pop(name)
        path.write_bytes(gzip.compress(json.dumps(told).encode()))


def test_a_night_published_before_is_read_as_it_was(town: dict[str, Any], home: Path) -> None:
    _aged(home)
    client = client_of(town["analyst"])
    assert "Burglary" in read(client, NORTH)
    assert "Why this box" in read(client, f"{NORTH}box/1/")
    assert client.get(f"{NORTH}places.json").json()["walks"] == []
    assert "made before the reasons were kept here" in read(client, "/desk/models/")
    assert "My boxes" in read(client_of(town["officer"]), "/patrol/at/town/district/North/")
    name = f"town:{NIGHT}:district:North:burglary"
    whole, why = (client.get(f"/api/v1/{part}").json() for part in (f"maps/{name}", f"boxes/{name}:1/why"))
    assert (whole["model"], whole["walks"], why["walk"], why["stretches"]) == ("", [], "", [])


def test_a_feed_too_coarse_for_streets_says_so_on_every_box_and_uses_no_network(home: Path, tmp_path: Path) -> None:
    coarse, snapped = tmp_path / "coarse", replace(TOWN, location_precision=LocationPrecision.STREET_SNAPPED)
    shutil.copytree(home, coarse, ignore=shutil.ignore_patterns("events", "nights", "tracks", "reviews", "work"))
    EventStore(coarse).append(snapped, "made up", LAST_DAY + timedelta(days=1), town_log())
    assert network_mark(coarse, snapped)  # kept while the feed was finer
    done = peelian("night", "--on", NIGHT, "--again", home=coarse)
    assert done.returncode == 0, done.stderr
    record = json.loads((coarse / "nights" / NIGHT / "night.json").read_bytes())
    assert "street network" not in record["inputs"]["layers"]
    reason = "Which stretch of a street carries a box is not told: the feed's places are street-snapped"
    own = words_of((coarse / "nights" / NIGHT / "index.html").read_text(encoding="utf-8"))
    assert own.count(reason) == len(record["maps"])
    client = client_of(open_town(coarse)["analyst"])
    said = read(client, f"{NORTH}box/1/")
    assert reason in said
    assert "largest shares are on" not in said
    why = client.get(f"/api/v1/boxes/town:{NIGHT}:district:North:burglary:1/why").json()
    assert why["stretches"] == []
    assert why["no_stretches"].startswith(reason)

    from django.db import connections

    connections.close_all()


def test_a_night_names_the_network_it_was_made_with(home: Path) -> None:
    record = json.loads((home / "nights" / NIGHT / "night.json").read_bytes())
    assert record["inputs"]["layers"]["street network"].startswith("streets, network.parquet, ")
