"""Tonight's pages: what is led to, what is shown to whom, and a decent answer where there is nothing to show."""

import gzip
import json
import re
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tests.site_home import CLOCK, NIGHTS, client_of, open_town

from peelian.errors import NotFoundError

NIGHT = NIGHTS[1]
NORTH = f"/tonight/town/{NIGHT}/district/North/burglary/"
HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}{% raw %}"
AFTER = "2018-04-21T09:00:00-05:00"


def words_of(answer: Any) -> str:  # noqa: ANN401 - of Django's test client
    """Return a page's body as text, tags out."""
    main = answer.content.decode().split("<main", 1)[1]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", main))


def rewrite(home: Path, name: str, change: Callable[[dict[str, Any]], None], night: str = NIGHT) -> None:
    """Change one of a night's documents where it lies."""
    path = home / "nights" / night / "site" / "district" / f"{name}.json.gz"
    document = json.loads(gzip.decompress(path.read_bytes()))
    change(document)
    path.write_bytes(gzip.compress(json.dumps(document).encode()))


def test_the_first_address_leads_to_ones_own_area_now_and_the_commonest_crime(town: dict[str, Any]) -> None:
    answer = client_of(town["north"]).get("/tonight/")
    assert (answer.status_code, answer.headers["Location"]) == (302, NORTH)
    index = json.loads(_index(town))
    commonest = max((m for m in index["maps"] if m["area"] == "North"), key=lambda m: m["expected"])
    assert commonest["kind"] == "burglary"


def test_the_form_leads_to_what_it_names_and_keeps_what_is_shown(town: dict[str, Any]) -> None:
    client = client_of(town["analyst"])
    asked = {"force": "town", "area": "South", "kind": "robbery", "level": "district", "listed": "district"}
    answer = client.get("/tonight/", {**asked, "night": NIGHTS[0], "shading": "off", "counts": "on"})
    assert answer.headers["Location"] == f"/tonight/town/{NIGHTS[0]}/district/South/robbery/?shading=off&counts=on"


def test_an_area_listed_at_another_level_is_chosen_anew(town: dict[str, Any]) -> None:
    asked = {"force": "town", "area": "Ward 9", "level": "district", "listed": "ward"}
    answer = client_of(town["analyst"]).get("/tonight/", asked)
    assert answer.headers["Location"] == NORTH


def test_map_and_list_and_moving_map_hold_the_same_boxes(town: dict[str, Any]) -> None:
    client = client_of(town["analyst"])
    page = client.get(NORTH).content.decode()
    listed = [int(n) for n in re.findall(r'<tr data-box="(\d+)">', page)]
    still = page.split('class="still"')[1].split("</svg>")[0]
    places = client.get(f"{NORTH}places.json").json()
    drawn = [int(n) for n in re.findall(r'<text class="number [^>]*>(\d+)<', still)]
    moving = [b["rank"] for b in places["boxes"] if b["kind"] != "nearly"]
    assert sorted(listed) == sorted(drawn) == moving == [1, 2, 3, 4]
    assert still.count('class="plain"') == len(places["baseline"]) == 4


@pytest.mark.parametrize("query", ["?shading=off", "?boxes=off", "?counts=on", "?crimes=on", "?top=20&crimes=on"])
def test_every_state_has_an_address_that_shows_it_without_script(town: dict[str, Any], query: str) -> None:
    page = client_of(town["analyst"]).get(NORTH + query).content.decode()
    figure = re.search(r'<figure class="([^"]*)"', page)
    assert figure
    name, value = query.lstrip("?").split("&")[-1].split("=")
    assert {"shading": "no-shading", "boxes": "no-boxes", "counts": "with-counts", "crimes": "with-crimes"}[
        name
    ] in figure[1]
    assert f'href="{NORTH}box/1/?' in page, "a box's page leads back to the same state"
    assert f"{name}={value}" in page


def test_the_longer_list_is_offered_and_shown_only_where_the_night_has_one(
    town: dict[str, Any], site_home: Path
) -> None:
    client = client_of(town["analyst"])
    assert "Top 20" in words_of(client.get(NORTH))
    longer = client.get(f"{NORTH}?top=20").content.decode()
    assert len(re.findall(r"<tr data-box", longer)) > 4
    rewrite(site_home, "index", lambda d: d.update(longer=0))
    assert "Top 20" not in words_of(client.get(f"{NORTH}?top=20"))
    assert len(re.findall(r"<tr data-box", client.get(f"{NORTH}?top=20").content.decode())) == 4


def test_a_mistyped_state_shows_the_plain_map(town: dict[str, Any]) -> None:
    client = client_of(town["analyst"])
    for query in ("?top=99999999999999999999", "?page=-1", "?page=٣", "?shading=maybe", "?boxes=%00"):
        answer = client.get(NORTH + query)
        assert answer.status_code == 200, query
        assert 'class="picture sight"' in answer.content.decode(), query


def test_another_area_than_ones_own_is_refused_and_not_offered(town: dict[str, Any]) -> None:
    client = client_of(town["north"])
    for tail in ("", "places.json", "box/1/"):
        assert client.get(f"/tonight/town/{NIGHT}/district/South/burglary/{tail}").status_code == 403, tail
    assert client.get(f"/tonight/town/{NIGHT}/district/South/briefing.pdf").status_code == 403
    assert "South" not in words_of(client.get(NORTH))
    assert "South" not in words_of(client.get(f"/tonight/town/{NIGHT}/district/Harbour/burglary/"))


def test_a_box_says_why_and_its_shares_add_up_to_a_hundred(town: dict[str, Any]) -> None:
    answer = client_of(town["analyst"]).get(f"{NORTH}box/2/")
    page = unescape(answer.content.decode())
    rows = re.findall(r'<td class="num">(?:under )?([\d.]+)\xa0%</td>', page.split('class="box why-box"')[1])
    *parts, total = [float(r) for r in rows]
    assert total == 100.0
    assert sum(parts) == pytest.approx(100.0, abs=0.45)
    said = words_of(answer)
    for wanted in (
        "A box at random",
        "fits the records",
        "What helps here",
        "45 officer-minutes",
        "no ground for stop",
    ):
        assert wanted in said, wanted
    assert "Of the last five days it was among the four" in said


def test_each_boxs_page_is_of_the_box_with_that_number(town: dict[str, Any], site_home: Path) -> None:
    def interleaved(document: dict[str, Any]) -> None:
        view = document["view"]
        together = sorted([*view["firm"], *view["unsure"]], key=lambda b: b["number"])
        for box in together:
            box["kind"] = "firm" if box["number"] in (1, 3) else "unsure"
        view["firm"] = [b for b in together if b["kind"] == "firm"]
        view["unsure"] = [b for b in together if b["kind"] == "unsure"]

    rewrite(site_home, "map-North-burglary", interleaved)
    client = client_of(town["analyst"])
    places = {b["rank"]: b["place"] for b in client.get(f"{NORTH}places.json").json()["boxes"]}
    for number in (1, 2, 3, 4):
        page = client.get(f"{NORTH}box/{number}/").content.decode()
        heading = re.search(r"<h1>(.*?)</h1>", page)
        assert heading
        assert re.sub(r"<[^>]*>", "", heading[1]) == f"{number} {places[number] or f'Box {number}'}"


def test_a_box_at_its_cap_says_that_nobody_need_go(town: dict[str, Any]) -> None:
    from uuid import uuid4

    from peelian.forecasts.visits import GivenBox, How, Visit
    from peelian.site.clock import now
    from peelian.store.patrols import LoggedVisit, log_visit

    client = client_of(town["analyst"])
    assert "nobody need go" not in words_of(client.get(NORTH))
    assert "45 officer-minutes a day; 0 used." in words_of(client.get(f"{NORTH}box/2/"))
    document = _map_document()
    box = document["boxes"][1]
    given = GivenBox(
        "town", date.fromisoformat(NIGHT), "district", "North", "burglary", 2, box["x_min"], box["y_min"],
        document["size_m"],
    )  # fmt: skip
    at = now()
    visit = Visit(
        given, date.fromisoformat(NIGHT), at - timedelta(minutes=46), at, 46.0, How.BY_HAND, None,
        is_clock_doubtful=False, recorded_at=at,
    )  # fmt: skip
    log_visit(town["officer"].actor(), LoggedVisit(uuid4(), visit))
    assert "Box 2 has had its presence for today: nobody need go there." in words_of(client.get(NORTH))
    assert "45 officer-minutes a day; 46 used." in words_of(client.get(f"{NORTH}box/2/"))
    assert "nobody need go" in words_of(client.get(f"{NORTH}box/2/"))
    assert "nobody need go" not in words_of(client.get(f"{NORTH}box/1/"))


def test_a_box_that_is_not_there_is_answered_with_those_that_are(town: dict[str, Any]) -> None:
    client = client_of(town["analyst"])
    for number in ("0", "5", "99999999999999999999"):
        answer = client.get(f"{NORTH}box/{number}/")
        assert answer.status_code == 404
        assert "This map has no box" in words_of(answer)
        assert f"{NORTH}box/4/" in answer.content.decode()


def test_links_stand_only_for_those_who_may_follow_them(town: dict[str, Any]) -> None:
    analyst, officer, overseer = (client_of(town[r]) for r in ("analyst", "officer", "overseer"))
    assert NORTH.replace("/tonight/", "/desk/boxes/") in analyst.get(NORTH).content.decode()
    assert "/desk/" not in officer.get(NORTH).content.decode().split("<main")[1]
    link = re.search(r'href="(/patrol/wrong/[^"]*)"', officer.get(f"{NORTH}box/1/").content.decode())
    assert link
    assert officer.get(unescape(link[1])).status_code == 200
    assert "/patrol/" not in overseer.get(f"{NORTH}box/1/").content.decode().split("<main")[1]


def test_the_briefing_is_the_nights_own_file(town: dict[str, Any], site_home: Path) -> None:
    answer = client_of(town["north"]).get(f"/tonight/town/{NIGHT}/district/North/briefing.pdf")
    assert answer.headers["Content-Type"] == "application/pdf"
    kept = (site_home / "nights" / NIGHT / "briefing-North.pdf").read_bytes()
    assert answer.content == kept


@pytest.mark.parametrize("role", ["north", "officer", "sergeant"])
def test_after_its_end_no_box_is_shown_to_those_who_go_there(site_home: Path, role: str) -> None:
    client = client_of(open_town(site_home, clock=AFTER)[role])
    for tail in ("", "box/1/", "places.json"):
        answer = client.get(NORTH + tail)
        assert answer.status_code == 410
        assert "ring" not in answer.content.decode()
        assert "data-box" not in answer.content.decode()
    assert client.get(f"/tonight/town/{NIGHT}/district/North/briefing.pdf").status_code == 410
    opened = client.get("/tonight/", follow=True)
    assert opened.status_code == 410
    assert "This period has ended." in words_of(opened)


@pytest.mark.parametrize("role", ["analyst", "evaluator", "overseer", "administrator"])
def test_those_who_judge_see_what_has_ended_and_that_it_means_nothing_now(site_home: Path, role: str) -> None:
    client = client_of(open_town(site_home, clock=AFTER)[role])
    answer = client.get(NORTH)
    assert answer.status_code == 200
    assert "It means nothing now" in words_of(answer)
    for gone in ("briefing.pdf", "/desk/boxes/"):
        assert gone not in answer.content.decode()
    assert "/patrol/wrong/" not in client.get(f"{NORTH}box/1/").content.decode()
    assert client.get(f"/tonight/town/{NIGHT}/district/North/briefing.pdf").status_code == 410


def test_the_instant_of_its_end_is_no_longer_in_the_period(site_home: Path) -> None:
    index = json.loads(gzip.decompress((site_home / "nights" / NIGHT / "site/district/index.json.gz").read_bytes()))
    from peelian.site.maps.standing import Standing, standing

    start, end = (datetime.fromisoformat(index[name]) for name in ("valid_from", "valid_to"))
    assert standing(index, start) is Standing.NOW
    assert standing(index, end) is Standing.ENDED


def test_a_night_that_has_not_begun_says_so(site_home: Path) -> None:
    client = client_of(open_town(site_home, clock="2018-04-18T09:00:00-05:00")["officer"])
    answer = client.get("/tonight/", follow=True)
    assert answer.status_code == 200
    assert "Not begun yet" in words_of(answer)
    assert f"/{NIGHTS[0]}/" in answer.redirect_chain[0][0], "the next one to come, not the one after"


def test_switched_off_forecasts_show_no_box_on_any_page(town: dict[str, Any]) -> None:
    from peelian.store.nights import switch, utc_now

    switch("town", is_off=True, reason=f"a wrong feed {HOSTILE}", by="Ann Lead", at=utc_now())
    for role in ("officer", "analyst", "overseer"):
        client = client_of(town[role])
        for tail in ("", "box/1/", "places.json"):
            answer = client.get(NORTH + tail)
            assert answer.status_code == 409, (role, tail)
            assert "data-box" not in answer.content.decode()
            assert "ring" not in answer.content.decode().replace("during", "")
        assert client.get(f"/tonight/town/{NIGHT}/district/North/briefing.pdf").status_code == 409
    page = client.get(NORTH).content.decode()
    assert "Ann Lead switched them off" in page
    assert HOSTILE not in page


def test_without_a_valid_purpose_card_no_map_is_shown(town: dict[str, Any]) -> None:
    from peelian.forecasts.nights import PurposeCard
    from peelian.store.nights import agree_card, utc_now

    agree_card(PurposeCard("burglary", "g", "m", "o", "s", date(2018, 4, 19)), utc_now())
    agree_card(PurposeCard("*", "g", "m", "o", "s", date(2018, 4, 20)), utc_now())
    client = client_of(town["analyst"])
    assert client.get(NORTH).status_code == 200, "the card for all still speaks for burglary"
    agree_card(PurposeCard("*", "g", "m", "o", "s", date(2018, 4, 19)), utc_now())
    for tail in ("", "box/1/", "places.json"):
        assert client.get(NORTH + tail).status_code == 409, tail
    assert "purpose card" in words_of(client.get(NORTH))


def test_a_missing_night_is_answered_with_those_that_are_there(town: dict[str, Any]) -> None:
    for night in ("2018-04-11", "2018-02-30", "tonight", "../../etc", "9999-99-99"):
        answer = client_of(town["analyst"]).get(f"/tonight/town/{night}/district/North/burglary/")
        assert answer.status_code == 404, night
    answer = client_of(town["analyst"]).get("/tonight/town/2018-04-11/district/North/burglary/")
    assert "No night of 11 April 2018 is here" in words_of(answer)
    assert f"night={NIGHTS[0]}" in answer.content.decode()
    officer = client_of(town["officer"]).get("/tonight/town/2018-04-11/district/North/burglary/")
    assert NIGHTS[0] not in officer.content.decode()


def test_a_night_from_before_the_site_is_answered_like_a_missing_one(town: dict[str, Any], site_home: Path) -> None:
    for path in (site_home / "nights" / NIGHTS[0] / "site").rglob("*.gz"):
        path.unlink()
    answer = client_of(town["analyst"]).get(NORTH.replace(NIGHT, NIGHTS[0]))
    assert answer.status_code == 404
    assert client_of(town["analyst"]).get(NORTH).status_code == 200


def test_a_renamed_area_is_answered_with_the_areas_of_that_night(town: dict[str, Any], site_home: Path) -> None:
    def renamed(index: dict[str, Any]) -> None:
        index["areas"][0] |= {"name": "Upper Town", "slug": "Upper-Town", "id": "U1"}
        for row in index["maps"]:
            row["area"] = "Upper-Town" if row["area"] == "North" else row["area"]

    rewrite(site_home, "index", renamed)
    answer = client_of(town["analyst"]).get(NORTH)
    assert answer.status_code == 404
    assert "No district of this night is called 'North'" in answer.content.decode().replace("&#39;", "'")
    assert "area=Upper-Town" in answer.content.decode()
    assert client_of(town["analyst"]).get(NORTH.replace(NIGHT, NIGHTS[0])).status_code == 200, "the old night stays"


def test_a_crime_type_without_a_map_is_answered_with_those_that_have_one(town: dict[str, Any], site_home: Path) -> None:
    rewrite(site_home, "index", lambda d: d["withheld"].append({"kind": "Drugs", "reason": "police-found"}))
    client = client_of(town["analyst"])
    answer = client.get(f"/tonight/town/{NIGHT}/district/North/drugs/")
    assert answer.status_code == 404
    assert "police-found" in words_of(answer)
    assert "kind=burglary" in answer.content.decode()
    assert client.get(f"/tonight/town/{NIGHT}/ward/North/burglary/").status_code == 404


def test_whatever_is_asked_for_there_is_an_answer(town: dict[str, Any]) -> None:
    client = client_of(town["analyst"])
    for name in ("force", "night", "level", "area", "kind", "listed"):
        for value in ("", "/", "../..", HOSTILE, "\u0000", "東京", "a" * 5000):
            answer = client.get("/tonight/", {name: value}, follow=True)
            assert answer.status_code in (200, 404), (name, value)
            assert "<script>alert" not in answer.content.decode()


def test_an_empty_home_says_what_makes_the_first_night(site_home: Path) -> None:
    import shutil

    shutil.rmtree(site_home / "nights")
    answer = client_of(open_town(site_home)["analyst"]).get("/tonight/")
    assert answer.status_code == 404
    assert "peelian night" in words_of(answer)


def test_an_actor_without_an_area_of_the_night_is_told_so(town: dict[str, Any]) -> None:
    account = town["north"]
    account.areas = ["Elsewhere"]
    account.save()
    answer = client_of(account).get("/tonight/")
    assert answer.status_code == 404
    assert "No map here is of an area of yours." in words_of(answer)


def test_a_spoilt_document_is_an_error_with_its_mend(town: dict[str, Any], site_home: Path) -> None:
    path = site_home / "nights" / NIGHT / "site" / "district" / "map-North-burglary.json.gz"
    path.write_bytes(path.read_bytes()[:500])
    answer = client_of(town["analyst"]).get(NORTH)
    assert answer.status_code == 503
    assert "peelian night --again" in words_of(answer)


def test_a_night_in_another_shape_says_how_it_is_made_anew(town: dict[str, Any], site_home: Path) -> None:
    rewrite(site_home, "map-North-burglary", lambda d: d.update(schema=1))
    answer = client_of(town["analyst"]).get(NORTH)
    assert answer.status_code == 409
    assert f"peelian night --again --on {NIGHT}" in words_of(answer)


def test_a_map_that_lies_where_anothers_should_is_not_shown_as_it(town: dict[str, Any], site_home: Path) -> None:
    folder = site_home / "nights" / NIGHT / "site" / "district"
    mine = folder / "map-North-burglary.json.gz"
    other = next(p for p in folder.glob("map-*-burglary.json.gz") if p != mine and "-top-" not in p.name)
    mine.write_bytes(other.read_bytes())
    client = client_of(town["analyst"])
    for path in (NORTH, f"{NORTH}places.json", f"{NORTH}box/1/"):
        answer = client.get(path)
        assert answer.status_code == 503, path
        assert "is that of another map or night" in answer.content.decode(), path


@pytest.mark.parametrize("content", [b"[]", b"null", b"[" * 100_000])
@pytest.mark.parametrize("name", ["index", "map-North-burglary", "ground-North", "boxes"])
def test_a_document_that_is_none_is_answered_with_the_mend(
    town: dict[str, Any], site_home: Path, name: str, content: bytes
) -> None:
    (site_home / "nights" / NIGHT / "site" / "district" / f"{name}.json.gz").write_bytes(gzip.compress(content))
    path = "/api/v1/boxes" if name == "boxes" else NORTH
    answer = client_of(town["analyst"]).get(path)
    assert answer.status_code == 503
    assert "Make the night anew" in answer.content.decode()


def test_a_list_of_another_night_is_not_shown_as_this_ones(town: dict[str, Any], site_home: Path) -> None:
    rewrite(site_home, "index", lambda d: d.update(night="2018-04-19"))
    answer = client_of(town["analyst"]).get(NORTH)
    assert answer.status_code == 503
    assert "is that of another map or night" in answer.content.decode()


def test_every_text_of_a_document_is_text_on_the_page(town: dict[str, Any], site_home: Path) -> None:
    def spoil(value: Any) -> Any:  # noqa: ANN401 - any part of a document
        if isinstance(value, dict):
            return {k: v if k in KEPT else spoil(v) for k, v in value.items()}
        if isinstance(value, list):
            return [spoil(v) for v in value]
        return HOSTILE if isinstance(value, str) else value

    rewrite(site_home, "map-North-burglary", lambda d: d.update(spoil(d)))
    rewrite(site_home, "index", lambda d: d.update(dict.fromkeys(("feed", "period", "cutoff_words", "until"), HOSTILE)))
    rewrite(site_home, "index", lambda d: [a.update(name=HOSTILE) for a in d["areas"]])
    client = client_of(town["analyst"])
    for tail in ("", "box/1/"):
        page = client.get(NORTH + tail)
        assert page.status_code == 200
        assert "<script>alert" not in page.content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.content.decode()


#: Drawings of our own, which ``delivery`` escapes (tests/unit/delivery), and words that are part of an address.
KEPT = frozenset(
    {"map", "caught", "rank_bar", "plain", "crimes", "strip", "morning", "kind", "area", "crime_type", "type"}
)


def test_names_in_any_script_are_shown_as_they_are(town: dict[str, Any], site_home: Path) -> None:
    names = ["東京都 千代田区", "شارع الملك", "Улица Ленина", "Πλατεία", "Łódź – Śródmieście"]

    def named(document: dict[str, Any]) -> None:
        for box, name in zip([*document["view"]["firm"], *document["view"]["unsure"]], names, strict=False):
            box["place"] = name

    rewrite(site_home, "map-North-burglary", named)
    said = words_of(client_of(town["analyst"]).get(NORTH))
    assert all(name in said for name in names[:4])


def test_ten_thousand_boxes_are_paged_and_every_one_can_be_reached(town: dict[str, Any], site_home: Path) -> None:
    n = 10_000

    def many(document: dict[str, Any]) -> None:
        view, first = document["view"], (document["view"]["firm"] or document["view"]["unsure"])[0]
        small = {**first, "map": ""}
        view["firm"] = [small | {"number": i, "kind": "firm", "place": f"Corner {i}"} for i in range(1, n + 1)]
        view["unsure"] = []
        told = document["boxes"][0]
        document["boxes"] = [told | {"rank": i, "kind": "firm"} for i in range(1, n + 1)]

    rewrite(site_home, "map-North-burglary", many)
    client = client_of(town["analyst"])
    client.get(NORTH)  # reads the document once
    began = time.perf_counter()
    answer = client.get(NORTH)
    assert time.perf_counter() - began < 2.0
    page = answer.content.decode()
    assert len(page) < 400_000
    assert len(re.findall("<tr data-box", page)) == 50
    last = client.get(f"{NORTH}?page=200").content.decode()
    assert "Corner 10000" in last
    assert 'aria-current="page">200' in last
    assert "Corner 9951" in client.get(f"{NORTH}?page=99999").content.decode(), "past the end is the last page"
    assert client.get(f"{NORTH}box/10000/").status_code == 200
    assert len(client.get(f"{NORTH}places.json").json()["boxes"]) == n


def test_the_basemap_is_given_out_in_ranges_to_who_has_signed_in(town: dict[str, Any], site_home: Path) -> None:
    client = client_of(town["officer"])
    assert client.get("/basemap.pmtiles").status_code == 404
    assert 'data-basemap=""' in client.get(NORTH).content.decode()
    content = bytes(range(256)) * 40
    (site_home / "basemap.pmtiles").write_bytes(content)
    assert 'data-basemap="/basemap.pmtiles"' in client.get(NORTH).content.decode()
    part = client.get("/basemap.pmtiles", headers={"Range": "bytes=10-19", "Accept-Encoding": "gzip"})
    assert (part.status_code, part.content) == (206, content[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(content)}"
    rest = client.get("/basemap.pmtiles", headers={"Range": "bytes=10000-"})
    assert rest.content == content[10000:]
    beyond = client.get("/basemap.pmtiles", headers={"Range": f"bytes={len(content)}-"})
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(content)}")
    whole = client.get("/basemap.pmtiles", headers={"Range": "lines=1-2"})
    assert b"".join(whole.streaming_content) == content
    assert client_of().get("/basemap.pmtiles").status_code == 302


def test_a_month_is_chosen_by_its_name(town: dict[str, Any], site_home: Path) -> None:
    rewrite(site_home, "index", lambda d: d["force"].update(date_precision="month"))
    options = re.findall(
        r'<option value="(\d[^"]*)"[^>]*>([^<]*)<', client_of(town["analyst"]).get(NORTH).content.decode()
    )
    assert (NIGHTS[0], "April 2018") in options


def test_tactics_have_a_source_and_speak_for_every_crime_type(town: dict[str, Any]) -> None:
    del town
    from peelian.store.desk import tactics_for

    assert tactics_for("burglary").lines != tactics_for("a type nobody knows").lines
    for crime_type in ("burglary", "robbery", "vehicle-theft", "*"):
        tactics = tactics_for(crime_type)
        assert tactics.lines
        assert "doi" in tactics.source
        assert not any("stop and search" in line.lower() for line in tactics.lines)
        assert not tactics.is_due(tactics.review_by)
        assert tactics.is_due(date(2099, 1, 1))


def _map_document() -> dict[str, Any]:
    from peelian.site.maps.looking import folders

    return folders().map("town", date.fromisoformat(NIGHT), "district", "North", "burglary")


def _index(town: dict[str, Any]) -> str:
    del town
    from peelian.site.configuration import site_settings
    from peelian.store.night_folders import NightFolders

    held = NightFolders(site_settings().home)
    with pytest.raises(NotFoundError):
        held.index("town", date(2018, 4, 20), "ward")
    return json.dumps(held.index("town", date.fromisoformat(NIGHT), "district"))


def test_the_town_stands_within_its_second_night(town: dict[str, Any]) -> None:
    index = json.loads(_index(town))
    assert index["valid_from"] <= datetime.fromisoformat(CLOCK).isoformat() < index["valid_to"]
