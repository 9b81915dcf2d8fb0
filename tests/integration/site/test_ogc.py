"""The layer for maps, held to OGC API - Features part 1, and read by GDAL from a served process."""

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import needs
from tests.integration.site.test_api import BOX, PAST, _switch, _token
from tests.site_home import CLOCK, client_of, open_town, served

ITEMS = "/ogc/collections/boxes-district/items"


def _links(answer: Any) -> dict[str, str]:  # noqa: ANN401 - Django's answer
    return {link["rel"]: link["href"] for link in answer.json()["links"]}


def test_landing_page_leads_to_everything_without_a_token(town: dict[str, Any]) -> None:
    del town
    client = client_of()
    landing = client.get("/ogc/")
    assert landing.status_code == 200
    links = _links(landing)
    assert {"self", "service-desc", "conformance", "data"} <= links.keys()
    described = client.get(links["service-desc"])
    assert described.headers["Content-Type"] == "application/vnd.oai.openapi+json;version=3.0"
    assert described.json()["openapi"].startswith("3.0.")
    conforms = client.get(links["conformance"]).json()["conformsTo"]
    assert [c.rpartition("/")[2] for c in conforms] == ["core", "geojson", "oas30"]
    refused = client.get(links["data"])
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Basic ")


def test_every_view_of_the_layer_says_its_scope(town: dict[str, Any]) -> None:
    del town
    from peelian.records.scopes import Scope
    from peelian.site.api.ogc import addresses

    scopes = {a.name: a.callback.scope for a in addresses}
    assert {n for n, scope in scopes.items() if scope is None} == {"landing", "api", "conformance"}
    assert set(scopes.values()) - {None} == {Scope.NIGHTS, Scope.BOXES}


@pytest.mark.parametrize("scope", ["nights", "boxes", "history", "scores", "cards", "runs"])
def test_a_token_opens_of_the_layer_what_its_scope_holds(town: dict[str, Any], scope: str) -> None:
    from django.urls import reverse

    from peelian.site.api.ogc import addresses

    client = client_of(headers={"Authorization": f"Bearer {_token(town['analyst'], scope)}"})
    samples = {"name": "boxes-district", "box_id": BOX}
    for address in addresses:
        parts = {k: v for k, v in samples.items() if f":{k}>" in str(address.pattern)}
        expected = 200 if address.callback.scope in (None, scope) else 403
        assert client.get(reverse(f"ogc:{address.name}", kwargs=parts)).status_code == expected, address.name


def test_a_token_comes_as_bearer_as_basic_password_or_in_the_query_and_is_carried_on(town: dict[str, Any]) -> None:
    token = _token(town["officer"], "nights", "boxes")
    basic = base64.b64encode(f"anything:{token}".encode()).decode()
    for client, query in (
        (client_of(headers={"Authorization": f"Bearer {token}"}), ""),
        (client_of(headers={"Authorization": f"Basic {basic}"}), ""),
        (client_of(), f"&token={token}"),
    ):
        answer = client.get(f"{ITEMS}?limit=20{query}")
        assert answer.status_code == 200
        assert client.get(_links(answer)["next"]).json()["numberReturned"] == 4
        assert (token in answer.content.decode()) == bool(query), "only who sent it in an address finds it in one"
    wrong = base64.b64encode(b"no colon").decode()
    for header in (f"Basic {wrong}", "Basic %%%", "Basic", "Bearer", "Digest x"):
        assert client_of(headers={"Authorization": header}).get(ITEMS).status_code == 401, header
    # A token that is wrong does not fall back on the session.
    signed_in = client_of(town["officer"], headers={"Authorization": "Bearer peelian_wrong"})
    assert signed_in.get(ITEMS).status_code == 401


def test_items_are_features_with_what_the_standard_wants(town: dict[str, Any]) -> None:
    client = client_of(town["officer"])
    answer = client.get(ITEMS)
    assert answer.headers["Content-Type"] == "application/geo+json"
    told = answer.json()
    assert told["type"] == "FeatureCollection"
    assert told["numberMatched"] == told["numberReturned"] == len(told["features"]) == 24
    assert told["timeStamp"].endswith("Z")
    assert "next" not in _links(answer)
    one = client.get(f"{ITEMS}/{BOX}")
    assert one.json()["id"] == BOX
    assert {"self", "collection"} <= _links(one).keys()
    assert one.json()["geometry"] == next(f["geometry"] for f in told["features"] if f["id"] == BOX)
    layer = client.get("/ogc/collections/boxes-district").json()
    west, south, east, north = layer["extent"]["spatial"]["bbox"][0]
    for feature in told["features"]:
        for longitude, latitude in feature["geometry"]["coordinates"][0]:
            assert west <= longitude <= east
            assert south <= latitude <= north


def test_boxes_that_analysts_added_are_a_layer_of_their_own(town: dict[str, Any]) -> None:
    from datetime import date

    from peelian.forecasts.edits import BoxEdit, EditKind
    from peelian.site.clock import now
    from peelian.store.edits import make_edit, withdraw_edit

    def edit(kind: EditKind, x_min: float, rank: int | None = None) -> BoxEdit:
        where = {"x_min": x_min, "y_min": 4_270_000.0, "size_m": 250.0, "place": "Elm St", "rank": rank}
        said = {"reason": "A fair <b>opens</b>", "by": "Ann analyst", "at": now()}
        told = {"force": "town", "night": date(2018, 4, 20), "level": "district", "crime_type": "burglary"}
        made: BoxEdit = make_edit(analyst, BoxEdit(id=0, area_id="North", kind=kind, **told, **where, **said))
        return made

    analyst, client = town["analyst"].actor(), client_of(town["north"])
    added, gone = edit(EditKind.ADD, 740_000.0), edit(EditKind.ADD, 742_000.0)
    edit(EditKind.SUPPRESS, 741_000.0, rank=1)
    withdraw_edit(analyst, gone.id, "the fair is called off", at=now())
    layers = [c["id"] for c in client.get("/ogc/collections").json()["collections"]]
    assert layers == ["boxes-district", "added-district"]
    told = client.get("/ogc/collections/added-district/items").json()
    assert [f["id"] for f in told["features"]] == [str(added.id)]
    properties = told["features"][0]["properties"]
    assert (properties["letter"], properties["reason"], properties["by"]) == ("A", "A fair <b>opens</b>", "Ann analyst")
    one = client.get(f"/ogc/collections/added-district/items/{added.id}")
    assert one.json()["geometry"] == told["features"][0]["geometry"]
    west, south = one.json()["geometry"]["coordinates"][0][0]
    for box, expected in (
        (f"{west - 1},{south - 1},{west},{south}", 1),
        (f"{west - 1},{south - 1},{west - 0.5},{south}", 0),
    ):
        assert client.get(f"/ogc/collections/added-district/items?bbox={box}").json()["numberMatched"] == expected
    for number in (str(gone.id), "0", "x", "9" * 30, BOX):
        assert client.get(f"/ogc/collections/added-district/items/{number}").status_code == 404, number
    # Nothing of it stands among the forecast's boxes, and nobody else's area shows it.
    assert client.get(f"{ITEMS}/{added.id}").status_code == 404
    assert str(added.id) not in {f["id"] for f in client.get(ITEMS).json()["features"]}


def test_limit_pages_through_every_box_once_and_is_capped(town: dict[str, Any]) -> None:
    client, seen, address = client_of(town["officer"]), [], f"{ITEMS}?limit=7&crime_type=burglary"
    while address:
        answer = client.get(address)
        seen += [f["id"] for f in answer.json()["features"]]
        address = _links(answer).get("next")
    assert len(seen) == len(set(seen)) == 8
    assert client.get(f"{ITEMS}?limit=1000000").status_code == 200


def test_bbox_gives_the_boxes_that_touch_it(town: dict[str, Any]) -> None:
    client = client_of(town["officer"])
    features = client.get(ITEMS).json()["features"]
    ring = features[0]["geometry"]["coordinates"][0]
    west, east = min(p[0] for p in ring), max(p[0] for p in ring)
    south, north = min(p[1] for p in ring), max(p[1] for p in ring)
    inside = f"{west + 1e-5},{south + 1e-5},{east - 1e-5},{north - 1e-5}"
    found = client.get(f"{ITEMS}?bbox={inside}").json()["features"]
    assert features[0]["id"] in [f["id"] for f in found]
    assert len(found) < len(features)
    heights = inside.split(",")
    heights = ",".join([*heights[:2], "-10", *heights[2:], "100"])
    assert client.get(f"{ITEMS}?bbox={heights}").json()["features"] == found
    assert client.get(f"{ITEMS}?bbox=0,0,1,1").json()["numberMatched"] == 0
    assert client.get(f"{ITEMS}?bbox=170,-90,-80,90").json()["numberMatched"] == 24, "across the antimeridian"


@pytest.mark.parametrize(
    ("asked", "night"),
    [
        ("2018-04-20T12:00:00-05:00", "2018-04-20"),
        ("2018-04-19T12:00:00-05:00", "2018-04-19"),
        ("../2018-04-19T12:00:00-05:00", "2018-04-19"),
        ("2018-04-20T05:00:00Z/..", "2018-04-20"),
        ("2018-04-19T06:00:00Z/2018-04-19T07:00:00Z", "2018-04-19"),
        ("2018-04-21T05:00:00Z", None),  # the end is not in the period
        ("2017-01-01T00:00:00Z/2018-04-18T23:00:00Z", None),
    ],
)
def test_datetime_gives_the_nights_that_it_meets(town: dict[str, Any], asked: str, night: str | None) -> None:
    told = client_of(town["evaluator"]).get(ITEMS, {"datetime": asked}).json()
    assert {f["properties"]["night"] for f in told["features"]} == ({night} if night else set())


@pytest.mark.parametrize(
    "query",
    ["bbox=1,2,3", "bbox=a,b,c,d", "bbox=0,9,1,8", "bbox=nan,0,1,1", "bbox=inf,0,1,1", "bbox=", "limit=0", "limit=-1",
     "limit=x", "limit=²", "limit=99999999999", "datetime=yesterday", "datetime=2018-04-20", "datetime=..", "datetime=",
     "datetime=2018-04-20T12:00:00", "datetime=2018-04-21T00:00:00Z/2018-04-20T00:00:00Z", "datetime=a/b/c",
     "unknown=1", "area_id=%00", "f=html", "offset=-1"],
)  # fmt: skip
def test_what_is_asked_wrongly_is_answered_400(town: dict[str, Any], query: str) -> None:
    answer = client_of(town["officer"]).get(f"{ITEMS}?{query}")
    assert answer.status_code == 400, answer.content
    assert answer.json()["description"]


def test_an_ended_switched_off_or_strange_box_is_not_there(town: dict[str, Any]) -> None:
    client = client_of(town["officer"])
    assert client.get(f"{ITEMS}/{PAST}").status_code == 403
    assert client.get(ITEMS, {"datetime": "2018-04-19T12:00:00-05:00"}).json()["features"] == []
    for address in (f"{ITEMS}/nothing", "/ogc/collections/boxes-ward", "/ogc/collections/district", "/ogc/x"):
        assert client.get(address).status_code == 404, address
    assert client_of(town["north"]).get(f"{ITEMS}/{BOX.replace('North', 'South')}").status_code == 404
    _switch(off=True)
    assert client.get(ITEMS).json()["features"] == []
    assert client.get(f"{ITEMS}/{BOX}").status_code == 409
    assert client.post(ITEMS).status_code == 405


def test_the_layer_is_still_listed_when_no_night_stands(site_home: Path, database_url: str) -> None:
    town = open_town(site_home, database_url, clock="2018-06-01T12:00:00-05:00")
    client = client_of(town["officer"])
    layers = [c["id"] for c in client.get("/ogc/collections").json()["collections"]]
    assert layers == ["boxes-district", "added-district"]
    assert client.get(ITEMS).json()["features"] == []


def test_gdal_reads_the_layer_from_a_served_site(site_home: Path, database_url: str, town: dict[str, Any]) -> None:
    """GDAL's OAPIF driver, which QGIS shares its manners with: pages by next links, filters by rectangle, one box."""
    needs("ogrinfo", "gdal-bin")
    from peelian.site.clock import now

    token = _token(town["officer"], "nights", "boxes", at=now())
    env = {"DATABASE_URL": database_url}
    with served(site_home, "--clock", CLOCK, env=env) as address:
        plain, in_query = f"OAPIF:{address}/ogc/", f"OAPIF:{address}/ogc/?token={token}"
        basic = ("-oo", f"USERPWD=any:{token}")
        for source, options in (
            (plain, basic),
            (plain, (*basic, "-oo", "PAGE_SIZE=5")),
            (in_query, ("-oo", "PAGE_SIZE=5")),
        ):
            assert "boxes-district (title: Boxes by district) (Polygon)" in _ogrinfo(*options, source)
            read = _ogrinfo("-al", *options, source, "boxes-district")
            assert "Feature Count: 24" in read, read
            assert "WGS 84" in read
            assert "expected_count: Real" in read
            assert read.count("OGRFeature(boxes-district)") == 24
        corner = ("-90.25", "38.55", "-90.24", "38.56")
        expected = client_of(town["officer"]).get(f"{ITEMS}?bbox={','.join(corner)}").json()["numberMatched"]
        near = _ogrinfo("-al", "-spat", *corner, in_query, "boxes-district")
        assert 0 < near.count("OGRFeature(boxes-district)") == expected < 24
        refused = subprocess.run(
            ["ogrinfo", "-oo", "USERPWD=any:wrong", plain], capture_output=True, text=True, check=False
        )
        assert "401" in refused.stderr


def _ogrinfo(*words: str) -> str:
    done = subprocess.run(["ogrinfo", "-ro", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "ERROR" not in done.stderr, done.stderr
    return done.stdout


def test_the_document_of_the_layer_names_every_address_and_parameter(town: dict[str, Any]) -> None:
    del town
    from peelian.site.api.ogc import addresses
    from peelian.site.api.ogc_query import ITEMS as KNOWN

    document = client_of().get("/ogc/api").json()
    paths = {p.strip("/").replace("{collectionId}", "<str:name>") for p in document["paths"]}
    assert {p.replace("{featureId}", "<str:box_id>") for p in paths} == {str(a.pattern) for a in addresses}
    named = [p["$ref"].rpartition("/")[2] for p in
             document["paths"]["/collections/{collectionId}/items"]["get"]["parameters"]]  # fmt: skip
    assert set(named) == {*KNOWN, "collectionId", "f"}
    assert json.dumps(document)
