"""The analyst's desk: what is kept, who may, and how bad input is answered."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.homes import peelian
from tests.site_home import NIGHTS, PASSWORD, client_of, open_town

NIGHT = date.fromisoformat(NIGHTS[1])
MAP = f"/desk/boxes/town/{NIGHT}/district/North/burglary/"
#: What may be typed anywhere; the mark that turns writing round is told by its number.
HOSTILE = "<script>alert(1)</script> \"&' {{ 7 * 7 }} – שלום 漢字 \u200f é"


def _text(answer: Any) -> str:  # noqa: ANN401 - Django's answer
    text: str = answer.content.decode()
    return text


def _document() -> dict[str, Any]:
    from peelian.site.configuration import site_settings
    from peelian.store.night_folders import NightFolders

    return NightFolders(site_settings().home).map("town", NIGHT, "district", "North", "burglary")


def _edits(**more: Any) -> Any:  # noqa: ANN401 - handed on
    from peelian.store.desk import edits

    return edits("town", NIGHT, "district", "North", "burglary", **more)


def _audit() -> list[str]:
    from peelian.store import audit

    return [line.what for line in reversed(list(audit.lines()))]


def _middle(box: dict[str, Any]) -> str:
    return f"{box['x_min'] + 125:.1f}, {box['y_min'] + 125:.1f}"


def test_front_page_says_in_a_sentence_how_the_night_stands(town: dict[str, Any]) -> None:
    from peelian.store.nights import NightRun

    client = client_of(town["analyst"])
    assert re.search(
        r"<h1>The night of Fri 20 Apr was published [^<]*; nothing waits for you\.</h1>", _text(client.get("/desk/"))
    )
    NightRun.objects.filter(night=NIGHT).update(status="failed", error="the disk was full.")
    assert re.search(
        r"<h1>The night of Fri 20 Apr is late: the last try, [^<]*failed: the disk was full\.</h1>",
        _text(client.get("/desk/")),
    )
    assert "the disk was full." in _text(client.get("/desk/nights/"))
    NightRun.objects.filter(night=NIGHT).delete()
    assert "is late: it began at 00:00, and nobody made it" in _text(client.get("/desk/"))


def test_front_page_tells_of_cards_that_end(town: dict[str, Any]) -> None:
    from peelian.forecasts.nights import PurposeCard
    from peelian.store.nights import PurposeCardRow, agree_card, utc_now

    client = client_of(town["analyst"])
    for kind in ("burglary", "robbery"):
        agree_card(PurposeCard(kind, "g", "m", "o", "s", NIGHT + timedelta(days=9)), utc_now())
    assert "Two purpose cards end within 14 days: burglary and robbery." in _text(client.get("/desk/"))
    PurposeCardRow.objects.update(expires=NIGHT - timedelta(days=1))
    assert "Three purpose cards expired" in _text(client.get("/desk/"))
    assert "No map is published of burglary, larceny and robbery" in _text(client.get("/desk/cards/"))
    PurposeCardRow.objects.all().delete()
    assert "No purpose card: no map is published." in _text(client.get("/desk/"))


def test_suppressed_box_is_kept_apart_with_its_reason_and_can_be_given_back(town: dict[str, Any]) -> None:
    client = client_of(town["analyst"])
    answer = client.post(f"{MAP}suppress/2/", {"reason": HOSTILE})
    (edit,) = _edits()
    assert answer.headers["Location"] == f"{MAP}#edit-{edit.id}"
    box = _document()["boxes"][1]
    assert (edit.rank, edit.x_min, edit.y_min, edit.by) == (2, box["x_min"], box["y_min"], "Ann analyst")
    page = _text(client.get(MAP))
    assert "Burglary, District North: box 2 suppressed." in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "{{ 7 * 7 }}" in page
    assert f"suppressed a box of burglary, North, {NIGHT}: {box['place']}" in _audit()
    assert client.get(f"/desk/edits/{edit.id}/withdraw/").status_code == 200
    assert client.post(f"/desk/edits/{edit.id}/withdraw/", {"reason": "the road is open"}).status_code == 302
    assert _edits() == ()
    (ended,) = _edits(with_withdrawn=True)
    assert (ended.reason, ended.withdrawn_reason, ended.withdrawn_by) == (
        edit.reason,
        "the road is open",
        "Ann analyst",
    )
    assert "the road is open" in _text(client.get(MAP))
    again = client.post(f"/desk/edits/{edit.id}/withdraw/", {"reason": "twice"})
    assert again.status_code == 400
    assert "withdrawn already" in _text(again)


def test_row_of_an_edit_is_never_changed_by_its_end(town: dict[str, Any]) -> None:
    from peelian.store.edits import BoxEditRow

    client = client_of(town["analyst"])
    client.post(f"{MAP}suppress/1/", {"reason": "roadworks"})
    before = BoxEditRow.objects.values().get()
    client.post(f"/desk/edits/{before['id']}/withdraw/", {"reason": "over"})
    assert BoxEditRow.objects.values().get() == before


def test_same_box_is_not_suppressed_twice(town: dict[str, Any]) -> None:
    client, other = client_of(town["analyst"]), client_of(town["administrator"])
    assert client.post(f"{MAP}suppress/1/", {"reason": "roadworks"}).status_code == 302
    answer = other.post(f"{MAP}suppress/1/", {"reason": "I saw them too"})
    assert answer.status_code == 400
    assert "suppressed already by Ann analyst: roadworks" in _text(answer)
    assert "I saw them too" in _text(answer)
    assert len(_edits()) == 1


def test_box_is_added_at_a_nearly_chosen_one_or_at_a_point(town: dict[str, Any]) -> None:
    client, document = client_of(town["analyst"]), _document()
    nearly = [b for b in document["boxes"] if b["kind"] == "nearly"]
    assert client.post(f"{MAP}add/", {"nearly": str(nearly[0]["rank"]), "reason": "the market"}).status_code == 302
    (first,) = _edits()
    assert (first.letter, first.rank, first.x_min, first.place) == ("A", None, nearly[0]["x_min"], nearly[0]["place"])
    x, y = nearly[1]["x_min"], nearly[1]["y_min"]
    assert client.post(f"{MAP}add/", {"point": _middle(nearly[1]), "reason": "a fair"}).status_code == 302
    second = _edits()[1]
    assert (second.letter, second.x_min, second.y_min) == ("B", x, y)
    assert "Burglary, District North: box A and box B added." in _text(client.get(MAP))
    client.post(f"/desk/edits/{first.id}/withdraw/", {"reason": "it is over"})
    assert [e.letter for e in _edits()] == ["B"]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"reason": "because"}, "Say where"),
        ({"point": "38.6, -90.2", "nearly": "5", "reason": "because"}, "Two places are named"),
        ({"street": "Ash St", "reason": "because"}, "Name both streets"),
        ({"street": "Nowhere", "crossing": "Elm St", "reason": "because"}, "no street"),
        ({"point": "somewhere", "reason": "because"}, "is no point"),
        ({"point": "51.5, -0.1", "reason": "because"}, "outside this area"),
        ({"nearly": "5", "reason": "  \n "}, "This field is required"),
        ({"nearly": "5", "reason": "a\x00b"}, "hidden character (U+0000)"),
        ({"nearly": "5", "reason": "a\x07b"}, "hidden character (U+0007)"),
        ({"nearly": "5", "reason": "a\u202eb"}, "hidden character (U+202E)"),
        ({"nearly": "5", "reason": "\u200d\u200d"}, "Nothing that can be read"),
        ({"nearly": "1", "reason": "because"}, "Select a valid choice"),
        ({"nearly": "5", "reason": "x" * 2001}, "at most 2000 characters"),
    ],
)
def test_edit_that_cannot_be_taken_keeps_what_was_typed_and_says_why(
    town: dict[str, Any], said: dict[str, str], why: str
) -> None:
    answer = client_of(town["analyst"]).post(f"{MAP}add/", said)
    assert answer.status_code == 400
    assert why in _text(answer)
    assert ("because" in said["reason"]) == ("because</textarea>" in _text(answer))
    assert _edits() == ()


def test_box_that_is_in_the_list_already_is_not_added(town: dict[str, Any]) -> None:
    client, document = client_of(town["analyst"]), _document()
    first = document["boxes"][0]
    answer = client.post(f"{MAP}add/", {"point": _middle(first), "reason": "again"})
    assert answer.status_code == 400
    assert f"is box 1, {first['place']} already" in _text(answer)
    client.post(f"{MAP}suppress/1/", {"reason": "roadworks"})
    assert (
        client.post(f"{MAP}add/", {"point": _middle(first), "reason": "on foot, beside the works"}).status_code == 302
    )


def test_desk_is_for_analysts_and_administrators_of_the_area(town: dict[str, Any]) -> None:
    from peelian.records.access import Role, program
    from peelian.store.accounts import open_account
    from peelian.store.nights import utc_now

    assert client_of(town["sergeant"]).get(MAP).status_code == 403
    some = open_account(program("a test"), "some", "Some", Role.ANALYST, ["South"], PASSWORD, at=utc_now())
    client = client_of(some)
    assert client.get(MAP).status_code == 404
    assert client.post(f"{MAP}suppress/1/", {"reason": "mine"}).status_code == 404
    assert client.get(MAP.replace("North", "South")).status_code == 200
    assert "North" not in _text(client.get("/desk/boxes/"))
    client_of(town["analyst"]).post(f"{MAP}suppress/1/", {"reason": "roadworks"})
    assert client.get(f"/desk/edits/{_edits()[0].id}/withdraw/").status_code == 404
    for address in ("/desk/cards/new/", "/desk/tactics/edit/"):
        assert client.get(address).status_code == 403
    assert client.post("/desk/bundles/", {"name": "b", "weights": "burglary 1"}).status_code == 403
    assert client.post("/desk/shifts/town/", {"name": "Early"}).status_code == 403
    for part in ("", "cards/", "bundles/", "shifts/town/", "tactics/", "models/"):
        assert client.get(f"/desk/{part}").status_code == 200, part


@pytest.mark.parametrize(
    "address",
    [
        MAP.replace(str(NIGHT), "2018-02-30"),
        MAP.replace("burglary", "arson"),
        MAP.replace("North", "..%2F.."),
        MAP.replace("town", "elsewhere"),
        MAP.replace("district", "ward"),
        f"{MAP}suppress/99/",
        f"{MAP}suppress/5/",
        "/desk/edits/999/withdraw/",
        "/desk/edits/9999999999999999999999/withdraw/",
        "/desk/shifts/elsewhere/",
        "/desk/tactics/edit/?crime_type=nonsense",
    ],
)
def test_address_that_leads_nowhere_is_answered_so(town: dict[str, Any], address: str) -> None:
    assert client_of(town["analyst"]).get(address).status_code == 404


@pytest.mark.parametrize("days", [-2, 2])
def test_clock_two_days_wrong_edits_nothing_that_has_ended(site_home: Path, days: int) -> None:
    at = datetime(2018, 4, 21, 0, tzinfo=UTC) + timedelta(days=days)
    client = client_of(open_town(site_home, clock=at.isoformat())["analyst"])
    wrong = {"Date": "Mon, 01 Jan 2001 00:00:00 GMT"}
    answer = client.post(f"{MAP}suppress/1/", {"reason": "roadworks"}, headers=wrong)
    if days > 0:
        assert answer.status_code == 409
        assert "ended on Sat 21 Apr 2018 00:00" in _text(answer)
        assert _edits() == ()
        assert "No night is under way" in _text(client.get("/desk/boxes/"))
        assert "Suppress<" not in _text(client.get(MAP))
    else:
        assert answer.status_code == 302
        assert _edits()[0].at.date() == date(2018, 4, 19)


def test_edits_are_judged_by_the_next_night_and_change_no_score_of_the_forecast(site_home: Path) -> None:
    from django.db import connections

    from peelian.store.night_folders import NightFolders

    def document() -> dict[str, Any]:
        return NightFolders(site_home).map("town", date(2018, 4, 21), "district", "North", "burglary")

    assert peelian("night", "--on", "2018-04-21", home=site_home).returncode == 0
    without = document()
    assert without["edits_score"] is None
    client = client_of(open_town(site_home, clock="2018-04-20T00:05:00-05:00")["analyst"])
    client.post(f"{MAP}suppress/1/", {"reason": "roadworks"})
    nearly = next(b for b in _document()["boxes"] if b["kind"] == "nearly")
    client.post(f"{MAP}add/", {"nearly": str(nearly["rank"]), "reason": "the market"})
    connections.close_all()
    assert peelian("night", "--on", "2018-04-21", "--again", home=site_home).returncode == 0
    told = document()
    numbers = told["edits_score"]["numbers"]
    assert (numbers["added"]["n_boxes"], numbers["suppressed"]["n_boxes"]) == (1, 1)
    assert numbers["added"]["events"] == numbers["suppressed"]["events"] > 0
    assert "The forecast's own score is not touched by it." in told["edits_score"]["sentence"]
    assert told["score"] == without["score"]
    assert told["boxes"] == without["boxes"]
    open_town(site_home, clock="2018-04-21T12:00:00-05:00")
    assert "How edits of this map did" in _text(client.get(MAP.replace(str(NIGHT), "2018-04-21")))


def test_tonight_shows_what_was_added_and_suppressed_with_the_reason(town: dict[str, Any]) -> None:
    client, officer = client_of(town["analyst"]), client_of(town["officer"])
    tonight = MAP.replace("/desk/boxes/", "/tonight/")
    before = _text(officer.get(tonight))
    assert 'class="added"' not in before
    assert "Suppressed by" not in before
    nearly = next(b for b in _document()["boxes"] if b["kind"] == "nearly")
    client.post(f"{MAP}suppress/2/", {"reason": HOSTILE})
    client.post(f"{MAP}add/", {"nearly": str(nearly["rank"]), "reason": "the <b>market</b>"})
    page = _text(officer.get(tonight))
    assert 'rect class="added"' in page
    assert page.count('path class="struck') == 2
    assert "Suppressed by Ann analyst: &lt;script&gt;alert(1)" in page
    assert "Ann analyst: the &lt;b&gt;market&lt;/b&gt;" in page
    assert "Suppressed by Ann analyst" in _text(officer.get(f"{tonight}box/2/"))
    assert "Suppressed by Ann analyst" not in _text(officer.get(f"{tonight}box/1/"))
    drawn = officer.get(f"{tonight}places.json").json()["edits"]
    assert [(e["kind"], e["letter"]) for e in drawn] == [("add", "A"), ("suppress", "")]
    assert [c for corner in drawn[0]["ring"] for c in corner] == pytest.approx([c for p in nearly["ring"] for c in p])


def test_tactics_agreed_on_stand_on_the_box(town: dict[str, Any]) -> None:
    client = client_of(town["analyst"])
    said = {"text": "Count the bicycles.", "source": "our own walk", "review_by": "2018-05-01"}
    client.post("/desk/tactics/edit/?crime_type=burglary", said)
    page = _text(client.get(f"{MAP.replace('/desk/boxes/', '/tonight/')}box/1/"))
    assert "Count the bicycles." in page
    assert "our own walk" in page


def test_edits_travel_with_the_plan_that_workers_read(tmp_path: Path) -> None:
    from tests.unit.evaluation.test_edits import edit

    from peelian.events import Bundle
    from peelian.forecasts.edits import EditKind
    from peelian.jobs.bundle_night import NightPlan
    from peelian.jobs.terms import NightTerms

    ended = edit(EditKind.SUPPRESS, withdrawn_at=datetime(2018, 4, 20, 5, tzinfo=UTC), withdrawn_by="Ben")
    plan = NightPlan(tmp_path, "town", NIGHT, NightTerms(), (Bundle.of("burglary"),), edits=(edit(letter="A"), ended))
    plan.write(tmp_path)
    assert NightPlan.read(tmp_path) == plan
