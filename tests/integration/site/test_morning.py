"""The morning after is always there: whatever became of switch, card or night since."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from tests.site_home import NIGHTS, client_of

from peelian.records.access import Role

MORNING = f"/morning/town/{NIGHTS[1]}/district/North/burglary/"


def test_it_opens_on_the_latest_morning_of_ones_own_area(town: dict[str, Any]) -> None:
    answer = client_of(town["north"]).get("/morning/", follow=True)
    assert answer.status_code == 200
    assert answer.redirect_chain[-1][0].startswith(f"/morning/town/{NIGHTS[1]}/district/North/")


@pytest.mark.parametrize("role", ["officer", "sergeant", "overseer", "evaluator"])
def test_page_shows_boxes_beside_every_baseline_and_the_nights_on_record(town: dict[str, Any], role: str) -> None:
    text = client_of(town[role]).get(MORNING).content.decode()
    for said in (
        "These boxes",
        "Plain 21-day count",
        "All history counted",
        "Boxes at random",
        "with hindsight",
        "PAI",
    ):
        assert said in text
    assert "Share caught, month by month" in text
    assert "Night by night" in text
    assert "made afterwards" in text


def test_page_says_what_the_nights_document_says(town: dict[str, Any], site_home: Path) -> None:
    document = json.loads(
        gzip.decompress(
            (site_home / "nights" / NIGHTS[1] / "site" / "district" / "map-North-burglary.json.gz").read_bytes()
        )
    )
    text = client_of(town["analyst"]).get(MORNING).content.decode()
    assert document["view"]["morning"]["sentence"] in text


def test_switching_forecasts_off_or_losing_the_card_does_not_hide_it(town: dict[str, Any]) -> None:
    from peelian.store import nights

    nights.switch("town", is_off=True, reason="a test", by="a test", at=nights.utc_now())
    nights.PurposeCardRow.objects.all().delete()
    assert client_of(town["officer"]).get(MORNING).status_code == 200


def test_an_area_that_is_not_ones_own_is_refused(town: dict[str, Any]) -> None:
    answer = client_of(town["north"]).get(MORNING.replace("North", "South"))
    assert answer.status_code == 403


def test_the_months_of_another_map_that_has_the_address_now_are_not_shown(
    town: dict[str, Any], site_home: Path
) -> None:
    client = client_of(town["analyst"])
    assert "on record. " in client.get(MORNING).content.decode()
    path = site_home / "reviews" / "force=town" / "district" / "site" / "review-North-burglary.json.gz"
    review = json.loads(gzip.decompress(path.read_bytes()))
    path.write_bytes(gzip.compress(json.dumps({**review, "crime_type": "robbery"}).encode()))
    assert "on record. " not in client.get(MORNING).content.decode()


@pytest.mark.parametrize("part", ["town", NIGHTS[1], "district", "North", "burglary"])
def test_an_address_that_leads_nowhere_says_so(town: dict[str, Any], part: str) -> None:
    answer = client_of(town["analyst"]).get(MORNING.replace(part, "nowhere"))
    assert answer.status_code == 404
    said = answer.content.decode()
    assert "nowhere" in said or "is here" in said or "It has these" in said


def test_models_page_says_where_no_backtest_was_made(town: dict[str, Any]) -> None:
    assert "No backtest has been made yet" in client_of(town["officer"]).get("/morning/models/").content.decode()


def test_models_page_claims_what_the_verdict_claims_and_shows_the_report_to_those_who_judge(
    town: dict[str, Any], site_home: Path
) -> None:
    folder = site_home / "backtests" / "week"
    folder.mkdir(parents=True)
    sentence = "<b>cannot</b> be told apart"
    verdict = {
        "force": "town", "level": "district", "from": "2018-04-01", "to": "2018-04-07", "periods": 7,
        "boxes_per_area": 4, "box_m": 250.0, "baseline": "recent-counts", "is_complete": True,
        "comparisons": [{"crime_type": "*", "method": "mixture", "sentence": sentence}],
    }  # fmt: skip
    (folder / "verdict.json").write_text(json.dumps(verdict), encoding="utf-8")
    (folder / "plan.json").write_text("{}", encoding="utf-8")
    (folder / "scores.parquet").write_bytes(b"")
    (folder / "report.html").write_text("<p>the report</p>", encoding="utf-8")
    text = client_of(town["evaluator"]).get("/morning/models/").content.decode()
    assert "&lt;b&gt;cannot&lt;/b&gt; be told apart" in text
    report = "/morning/models/week/report.html"
    assert client_of(town["evaluator"]).get(report).status_code == 200
    assert client_of(town["officer"]).get(report).status_code == 403
    assert Role.OFFICER.value in {a.role for a in town.values()}
    for other in ("none", "*", "%2e%2e", "a" * 200):
        assert client_of(town["evaluator"]).get(f"/morning/models/{other}/report.html").status_code == 404
