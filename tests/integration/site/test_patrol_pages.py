"""The patrol's pages and what phones send, through the whole site but the network: rules, forms, JSON, caps, ends."""

import html
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from pypdf import PdfReader
from tests.site_home import CLOCK, client_of, open_town

from peelian.store.night_folders import NightFolders

NIGHT = "2018-04-20"
KEY = f"town/{NIGHT}/district/North/burglary/1"
PHONE = "/patrol/at/town/district/North/"
DATED = f"town/{NIGHT}/district/North/"
LAW = "gives no ground for stop and search"
NOW = datetime.fromisoformat(CLOCK)


def item(**changes: object) -> dict[str, object]:
    """Return a visit of twelve minutes to the first box, as a phone sends it."""
    square = _box()["square"]
    told = {
        "kind": "visit", "id": str(uuid4()), "box": KEY, "x": square[0], "y": square[1], "size": square[2],
        "offset_s": 0.0, "arrived": (site_now() - timedelta(minutes=20)).isoformat(),
        "left": (site_now() - timedelta(minutes=8)).isoformat(), "minutes": 12.0, "how": "timer",
    }  # fmt: skip
    return {**told, **changes}


def site_now() -> datetime:
    """Return the site's time: a demonstration's clock runs on from test to test."""
    from peelian.site.clock import now

    return now()


def _box(rank: int = 1) -> dict[str, Any]:
    from peelian.records.access import Actor, Role
    from peelian.site.patrols.boxes import meant_box

    meant = meant_box(Actor(1, "a test", Role.OFFICER, ("*",)), KEY.rsplit("/", 1)[0] + f"/{rank}")
    return {"square": meant.box.square, "box": meant.box}


def send(client: Client, *items: object, sent_at: datetime | None = None) -> HttpResponse:
    body = json.dumps({"sent_at": (sent_at or site_now()).isoformat(), "items": items})
    return client.post("/patrol/visits/", body, content_type="application/json")


def visits_kept() -> int:
    from peelian.store.patrols import VisitRow

    return VisitRow.objects.count()


# --- sending --------------------------------------------------------------------------------------------------------


def test_what_is_sent_twice_is_kept_once_and_known_the_second_time(town: dict[str, Any]) -> None:
    client, visit = client_of(town["north"]), item()
    first, second = send(client, visit).json(), send(client, visit).json()
    assert first["answers"] == [{"id": visit["id"], "became": "kept"}]
    assert second["answers"] == [{"id": visit["id"], "became": "known already"}]
    assert visits_kept() == 1


def test_every_kept_visit_leaves_one_line_in_the_log_and_a_known_one_none(town: dict[str, Any]) -> None:
    from peelian.store import audit

    client, visit = client_of(town["north"]), item()
    send(client, visit)
    send(client, visit)
    lines = audit.about(f"visit/{visit['id']}")
    assert [(line.actor, line.act) for line in lines] == [(town["north"].pk, "collected")]
    assert audit.verify().is_whole


def test_each_item_is_answered_by_itself(town: dict[str, Any]) -> None:
    good, bad, note = item(), item(minutes=9999), item()
    told = {k: note[k] for k in ("id", "box", "x", "y", "size", "offset_s")}
    note = {**told, "kind": "note", "because": "no way in", "text": "<b>fence</b>", "written": NOW.isoformat()}
    answers = send(client_of(town["north"]), good, bad, note).json()["answers"]
    assert [a["became"] for a in answers] == ["kept", "refused", "kept"]
    assert "minutes" in answers[1]["reason"]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"kind": "person"}, "kind"),
        ({"id": "not-an-id"}, "id"),
        ({"box": "nonsense"}, "names no box"),
        ({"box": f"town/{NIGHT}/district/North/burglary/²"}, "names no box"),
        ({"box": "town/2030-01-01/district/North/burglary/1"}, "no night"),
        ({"box": f"town/{NIGHT}/district/North/arson/1"}, "no map"),
        ({"box": f"../{NIGHT}/district/North/burglary/1"}, "no night"),
        ({"box": f"town/{NIGHT}/district/South/burglary/1"}, "not among your areas"),
        ({"box": ["a"]}, "names no box"),
        ({"box": "a\0b"}, "hidden character"),
        ({"minutes": "many"}, "minutes"),
        ({"minutes": -1}, "minutes"),
        ({"minutes": float("nan")}, "minutes"),
        ({"x": 1e300}, "x:"),
        ({"arrived": "yesterday"}, "arrived"),
        ({"arrived": "9999-12-31T23:59:59Z"}, "arrived"),
        ({"arrived": 5}, "arrived"),
        ({"how": "guessed"}, "how"),
        ({"offset_s": 1e12}, "offset_s"),
        ({"name": "somebody"}, "unknown"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_the_reason(
    town: dict[str, Any], changes: dict[str, object], word: str
) -> None:
    answer = send(client_of(town["north"]), item(**changes)).json()["answers"][0]
    assert answer["became"] == "refused"
    assert word in answer["reason"]
    assert visits_kept() == 0


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"items": 3}', b'{"items": [1], "sent_at": "2018-04-20T19:00:00Z"}', b'{"items": []}',
             b"\xff\xfe", b"[" * 100_000, b'{"items": [], "sent_at": "soon"}']
)  # fmt: skip
def test_what_cannot_be_read_is_an_error_in_a_sentence(town: dict[str, Any], body: bytes) -> None:
    answer = client_of(town["north"]).post("/patrol/visits/", body, content_type="application/json")
    assert answer.status_code == 400
    assert "cannot be read" in answer.json()["error"]


def test_more_than_fifty_at_once_are_asked_for_in_parts(town: dict[str, Any]) -> None:
    answer = send(client_of(town["north"]), *[item() for _ in range(51)])
    assert answer.status_code == 400
    assert "50" in answer.json()["error"]
    assert visits_kept() == 0


def test_an_id_of_another_account_is_refused_and_says_nothing_of_it(town: dict[str, Any]) -> None:
    visit = item()
    send(client_of(town["officer"]), visit)
    answer = send(client_of(town["north"]), visit).json()["answers"][0]
    assert answer["became"] == "refused"
    assert "another account" in answer["reason"]
    assert "Ann officer" not in json.dumps(answer)


def test_sending_asks_for_the_token_of_the_session(town: dict[str, Any]) -> None:
    client = client_of(town["north"], enforce_csrf_checks=True)
    assert send(client, item()).status_code == 403
    token = client.get(PHONE + "today").json()["csrf"]
    body = json.dumps({"sent_at": CLOCK, "items": [item()]})
    answer = client.post("/patrol/visits/", body, content_type="application/json", headers={"X-CSRFToken": token})
    assert answer.json()["answers"][0]["became"] == "kept"


def test_a_box_whose_map_was_made_anew_without_it_is_kept_where_the_officer_stood(town: dict[str, Any]) -> None:
    from peelian.store.patrols import VisitRow

    moved = item(x=740_001.25, y=4_270_007.5)
    assert send(client_of(town["north"]), moved).json()["answers"][0]["became"] == "kept"
    row = VisitRow.objects.get()
    assert (row.x_min, row.is_box_known) == (740_001.25, False)


# --- clocks ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def real_clock(site_home: Path) -> dict[str, Any]:
    """The town with the machine's own clock: no demonstration."""
    return open_town(site_home, clock="")


@pytest.mark.parametrize("days", [-2, 2])
def test_a_clock_two_days_wrong_costs_no_visit(real_clock: dict[str, Any], days: int) -> None:
    from peelian.store.patrols import VisitRow

    wrong = timedelta(days=days)
    real = datetime.now(UTC)
    told = item(
        offset_s=None,
        arrived=(real + wrong - timedelta(minutes=20)).isoformat(),
        left=(real + wrong - timedelta(minutes=8)).isoformat(),
    )
    answer = send(client_of(real_clock["north"]), told, sent_at=real + wrong).json()
    assert answer["answers"][0]["became"] == "kept"
    assert answer["clock_offset_s"] == pytest.approx(-wrong.total_seconds(), abs=5)
    row = VisitRow.objects.get()
    assert row.is_clock_doubtful
    assert row.phone_arrived == real + wrong - timedelta(minutes=20)
    assert abs(row.arrived_at - (real - timedelta(minutes=20))) < timedelta(seconds=5)
    assert abs(row.recorded_at - real) < timedelta(seconds=5)
    assert row.minutes == 12


def test_a_clock_that_set_itself_right_before_sending_keeps_what_it_knew_when_it_logged(town: dict[str, Any]) -> None:
    from peelian.store.patrols import VisitRow

    ahead, began = timedelta(days=2), site_now() - timedelta(minutes=20)
    told = item(offset_s=-ahead.total_seconds(), arrived=(began + ahead).isoformat())
    send(client_of(town["north"]), told)
    row = VisitRow.objects.get()
    assert row.arrived_at == began
    assert row.is_clock_doubtful
    assert abs(row.offset_at_sending_s) < 30


def test_a_sound_clock_is_not_doubted(town: dict[str, Any]) -> None:
    from peelian.store.patrols import VisitRow

    send(client_of(town["north"]), item())
    assert not VisitRow.objects.get().is_clock_doubtful


# --- cap and end ----------------------------------------------------------------------------------------------------


def test_minutes_are_of_everyone_and_of_the_ground(town: dict[str, Any]) -> None:
    other = KEY.replace("burglary/1", "larceny/3")
    send(client_of(town["north"]), item())
    send(client_of(town["officer"]), item(minutes=20.5))
    told = client_of(town["north"]).get(PHONE + "today").json()["minutes"]
    assert told[KEY] == 32.5
    same = [k for k, m in told.items() if m == 32.5]
    assert all(_square(k) == _square(KEY) for k in same)
    assert told.get(other, 0) in (0, 32.5)


def _square(key: str) -> tuple[float, float, float]:
    from peelian.records.access import Actor, Role
    from peelian.site.patrols.boxes import meant_box

    return meant_box(Actor(1, "a test", Role.OFFICER, ("*",)), key).box.square


def test_at_the_cap_a_box_is_gone_and_nobody_may_arrive_in_it(town: dict[str, Any]) -> None:
    client = client_of(town["north"])
    send(client, item(minutes=45))
    page = client.get(PHONE).content.decode()
    assert f'<li data-box="{KEY}" hidden>' in page
    assert "Arrive in box 1<" not in page
    refused = client.post("/patrol/arrive/", {"id": str(uuid4()), "box": KEY})
    assert refused.status_code == 409
    assert "has had its 45 officer-minutes today" in refused.content.decode()


def test_a_visit_beyond_the_cap_that_did_happen_is_kept(town: dict[str, Any]) -> None:
    client = client_of(town["north"])
    answers = [send(client, item(minutes=40)).json()["answers"][0]["became"] for _ in range(2)]
    assert answers == ["kept", "kept"]


@pytest.fixture
def ended(site_home: Path) -> dict[str, Any]:
    """The town an hour after its boxes ended."""
    return open_town(site_home, clock="2018-04-21T01:00:00-05:00")


def test_ended_boxes_are_nowhere_and_a_late_visit_to_them_is_kept(ended: dict[str, Any]) -> None:
    client = client_of(ended["north"])
    page = client.get(PHONE).content.decode()
    assert "These boxes ended" in page
    assert KEY not in page
    assert "Arrive in box" not in page
    assert client.get(PHONE + "today").json()["minutes"] == {}
    assert client.post("/patrol/arrive/", {"id": str(uuid4()), "box": KEY}).status_code == 409
    late = send(client, item(), sent_at=datetime.fromisoformat("2018-04-21T01:00:00-05:00"))
    assert late.json()["answers"][0]["became"] == "kept"


def test_officers_get_no_briefing_of_boxes_that_ended_and_judges_get_it_marked(ended: dict[str, Any]) -> None:
    assert client_of(ended["north"]).get(f"/patrol/briefing/{DATED}").status_code == 409
    page = client_of(ended["evaluator"]).get(f"/patrol/briefing/{DATED}").content.decode()
    assert "briefing.pdf" not in page
    assert "They mean nothing now" in page
    assert "Ended: it means nothing now." in page


def test_switched_off_there_are_no_boxes_and_the_reason_is_told(town: dict[str, Any]) -> None:
    from peelian.store.nights import switch, utc_now

    switch("town", is_off=True, reason="the board asked", by="a test", at=utc_now())
    client = client_of(town["north"])
    page = client.get(PHONE).content.decode()
    assert "the board asked" in page
    assert KEY not in page
    assert client.get(PHONE + "today").json()["minutes"] == {}
    assert client.get(f"/patrol/briefing/{DATED}").status_code == 409
    assert send(client, item()).json()["answers"][0]["became"] == "kept"


def test_without_a_valid_purpose_card_a_map_is_not_given(town: dict[str, Any]) -> None:
    from peelian.forecasts.nights import PurposeCard
    from peelian.store.nights import PurposeCardRow, agree_card, utc_now

    PurposeCardRow.objects.all().delete()
    agree_card(PurposeCard("larceny", "g", "m", "o", "s", date(2018, 12, 31)), utc_now())
    client = client_of(town["north"])
    told = client.get(PHONE + "today").json()["minutes"]
    assert told
    assert {k.split("/")[4] for k in told} == {"larceny"}
    page = client.get(f"/patrol/briefing/{DATED}").content.decode()
    assert "· Larceny" in page
    assert "· Burglary" not in page
    assert "briefing.pdf" not in page


# --- pages ----------------------------------------------------------------------------------------------------------


def test_an_officer_of_one_area_is_led_to_its_boxes_and_others_choose(town: dict[str, Any]) -> None:
    assert client_of(town["north"]).get("/patrol/").headers["Location"] == PHONE
    chooses = client_of(town["officer"]).get("/patrol/").content.decode()
    assert PHONE in chooses
    assert "/patrol/at/town/district/South/" in chooses


@pytest.mark.parametrize("address", [PHONE, f"/patrol/briefing/{DATED}", f"/patrol/shift/{DATED}"])
def test_every_form_of_the_briefing_says_that_a_box_is_no_ground_for_a_search(
    town: dict[str, Any], address: str
) -> None:
    page = client_of(town["sergeant"]).get(address).content.decode()
    # The foot of every page says so too: here it must stand in the page's own part.
    assert LAW in page[page.index("<main") : page.index("</main>")]


def test_the_briefing_says_what_the_printed_one_says_and_leads_to_it(town: dict[str, Any], site_home: Path) -> None:
    client = client_of(town["north"])
    page = client.get(f"/patrol/briefing/{DATED}").content.decode()
    paper = f"/tonight/{DATED}briefing.pdf"
    assert f'href="{paper}"' in page
    made = site_home / "nights" / NIGHT / "briefing-North.pdf"
    assert client.get(paper).content == made.read_bytes()
    printed = " ".join(PdfReader(made).pages[0].extract_text().split())
    told = NightFolders(site_home).briefing_words("town", date.fromisoformat(NIGHT), "district", "North")
    first = told["pages"][0]
    for words in (told["law"], first["says"], first["in_a_box"], *(row["place"] for row in first["groups"][0]["rows"])):
        assert words in html.unescape(page)
        assert " ".join(words.split()) in printed


def test_another_area_is_refused_on_every_page(town: dict[str, Any]) -> None:
    client = client_of(town["north"])
    for address in (
        "/patrol/at/town/district/South/",
        f"/patrol/briefing/town/{NIGHT}/district/South/",
    ):
        assert client.get(address).status_code == 403, address
    assert client.post("/patrol/arrive/", {"id": str(uuid4()), "box": KEY.replace("North", "South")}).status_code == 403
    # A phone whose officer was moved may still ask how to send; it is told of no box.
    assert client.get("/patrol/at/town/district/South/today").json()["minutes"] == {}


@pytest.mark.parametrize(
    "address",
    [
        "/patrol/at/nowhere/district/North/",
        "/patrol/at/town/borough/North/",
        "/patrol/at/town/district/West/",
        "/patrol/briefing/town/yesterday/district/North/",
        "/patrol/briefing/town/2018-04-21/district/North/",
        "/patrol/shift/town/2018-04-20/..%2F..%2F/North/",
    ],
)
def test_what_is_not_there_is_a_page_that_says_so(town: dict[str, Any], address: str) -> None:
    answer = client_of(town["sergeant"]).get(address)
    assert answer.status_code == 404
    assert "Traceback" not in answer.content.decode()


def test_without_script_an_officer_arrives_leaves_and_is_counted_once(town: dict[str, Any]) -> None:
    from peelian.store.patrols import VisitRow

    client, visit_id = client_of(town["north"]), str(uuid4())
    for _ in range(2):
        assert client.post("/patrol/arrive/", {"id": visit_id, "box": KEY}).status_code == 302
    assert "Leave box 1" in client.get(PHONE).content.decode()
    elsewhere = client.post("/patrol/arrive/", {"id": str(uuid4()), "box": KEY[:-1] + "2"})
    assert elsewhere.status_code == 409
    assert "leave it first" in elsewhere.content.decode()
    for _ in range(2):
        assert client.post("/patrol/leave/", {"id": visit_id, "minutes": "11"}).status_code == 302
    row = VisitRow.objects.get()
    assert (row.minutes, row.how) == (11, "by hand")
    assert "11 min" in client.get(PHONE).content.decode()


def test_a_timer_left_running_is_asked_for_its_minutes(town: dict[str, Any]) -> None:
    from peelian.store.patrols import VisitRow

    client, visit_id = client_of(town["north"]), str(uuid4())
    client.post("/patrol/arrive/", {"id": visit_id, "box": KEY})
    VisitRow.objects.update(arrived_at=NOW - timedelta(hours=3))
    asked = client.post("/patrol/leave/", {"id": visit_id})
    assert asked.status_code == 409
    assert "write how many minutes" in asked.content.decode()
    assert client.post("/patrol/leave/", {"id": visit_id, "minutes": "2000"}).status_code == 409
    assert client.post("/patrol/leave/", {"id": visit_id, "minutes": "15"}).status_code == 302
    assert VisitRow.objects.get().minutes == 15


def test_a_stay_begun_by_a_form_is_finished_by_a_phone(town: dict[str, Any]) -> None:
    from peelian.store.patrols import VisitRow

    client, visit_id = client_of(town["north"]), str(uuid4())
    client.post("/patrol/arrive/", {"id": visit_id, "box": KEY})
    still = client.get(PHONE + "today").json()["still"]
    assert (still["id"], still["box"]) == (visit_id, KEY)
    assert send(client, item(id=visit_id)).json()["answers"][0]["became"] == "kept"
    assert client.get(PHONE + "today").json()["still"] is None
    assert VisitRow.objects.get().minutes == 12


def test_a_note_is_counted_answered_and_read_by_its_author(town: dict[str, Any]) -> None:
    officer, analyst = client_of(town["north"]), client_of(town["analyst"])
    note_id = str(uuid4())
    missing = officer.post("/patrol/wrong/", {"id": note_id, "box": KEY, "because": "other", "text": " "})
    assert missing.status_code == 400
    assert "Say what it is." in missing.content.decode()
    told = {"id": note_id, "box": KEY, "because": "other", "text": "<script>alert(1)</script> نص"}
    for _ in range(2):
        assert officer.post("/patrol/wrong/", told).status_code == 302
    shift = analyst.get(f"/patrol/shift/{DATED}").content.decode()
    assert "Notes that wait for an answer: 1" in shift
    assert "<script>alert" not in shift
    assert "Ann north" not in shift
    assert client_of(town["sergeant"]).post(f"/patrol/notes/{note_id}/", {"answer": "a"}).status_code == 403
    assert analyst.post(f"/patrol/notes/{note_id}/", {"answer": ""}).status_code == 400
    assert analyst.post(f"/patrol/notes/{note_id}/", {"answer": "The card is changed."}).status_code == 302
    assert analyst.post(f"/patrol/notes/{note_id}/", {"answer": "Twice."}).status_code == 409
    assert "The card is changed." in officer.get(PHONE).content.decode()
    assert "The card is changed." not in client_of(town["officer"]).get(PHONE).content.decode()


def test_the_shift_shows_boxes_and_minutes_and_nobody(town: dict[str, Any]) -> None:
    send(client_of(town["north"]), item(), item(minutes=40))
    page = client_of(town["sergeant"]).get(f"/patrol/shift/{DATED}").content.decode()
    assert "One of four boxes was visited, 52 officer-minutes in all; one had all it may have." in page
    for name in ("Ann north", "Ann officer"):
        assert name not in page
    assert client_of(town["north"]).get(f"/patrol/shift/{DATED}").status_code == 403


def test_an_officer_sees_own_visits_only(town: dict[str, Any]) -> None:
    send(client_of(town["officer"]), item(minutes=33))
    assert "33 min" in client_of(town["officer"]).get(PHONE).content.decode()
    mine = client_of(town["north"]).get(PHONE).content.decode()
    assert "33 min" not in mine[mine.index('id="mine"') : mine.index('id="to-send"')]


# --- edits of the analyst --------------------------------------------------------------------------------------------


def edit(kind: str, box: Any, **more: object) -> None:  # noqa: ANN401 - a given box
    from peelian.forecasts.edits import BoxEdit, EditKind
    from peelian.records.access import program
    from peelian.store.edits import make_edit

    at = {"place": "Elm St", "reason": "the yard is shut", "by": "Ann analyst", "at": NOW, "rank": None, **more}
    where = (box.force, box.night, box.level, box.area_id, box.crime_type, EditKind(kind), box.x_min, box.y_min)
    make_edit(program("a test"), BoxEdit(0, *where, box.size_m, **at))


def test_a_suppressed_box_is_given_to_nobody_and_a_visit_made_before_is_kept(town: dict[str, Any]) -> None:
    visit = item()
    edit("suppress", _box()["box"], rank=1)
    client = client_of(town["north"])
    assert KEY not in client.get(PHONE).content.decode()
    assert KEY not in client.get(PHONE + "today").json()["minutes"]
    refused = client.post("/patrol/arrive/", {"id": str(uuid4()), "box": KEY})
    assert refused.status_code == 409
    assert send(client, visit).json()["answers"][0]["became"] == "kept"
    page = client.get(f"/patrol/briefing/{DATED}").content.decode()
    assert "Suppressed by Ann analyst: the yard is shut" in page
    assert "briefing.pdf" not in page


def test_an_added_box_is_given_by_its_letter_with_the_reason(town: dict[str, Any]) -> None:
    from dataclasses import replace

    from peelian.store.patrols import VisitRow

    box = _box()["box"]
    edit("add", replace(box, x_min=box.x_min + 10 * box.size_m))
    client, key = client_of(town["north"]), KEY[:-1] + "A"
    assert key in client.get(PHONE + "today").json()["minutes"]
    assert "added by Ann analyst: the yard is shut" in client.get(PHONE).content.decode()
    visit_id = str(uuid4())
    assert client.post("/patrol/arrive/", {"id": visit_id, "box": key}).status_code == 302
    assert "Leave box A" in client.get(PHONE).content.decode()
    assert client.post("/patrol/leave/", {"id": visit_id, "minutes": "12"}).status_code == 302
    row = VisitRow.objects.get()
    assert (row.rank, row.letter, row.minutes) == (0, "A", 12)
    assert "Added by analysts" in client.get(f"/patrol/briefing/{DATED}").content.decode()
    assert "Elm St" in client_of(town["sergeant"]).get(f"/patrol/shift/{DATED}").content.decode()


# --- the store ------------------------------------------------------------------------------------------------------


def test_visits_come_back_as_values_without_a_name(town: dict[str, Any]) -> None:
    from peelian.store.patrols import visits

    send(client_of(town["north"]), item(), item(minutes=3))
    kept = visits("town", date(2018, 4, 20), "district", "North", "burglary")
    assert [v.minutes for v in kept] == [12.0, 3.0] or [v.minutes for v in kept] == [3.0, 12.0]
    assert not any("Ann" in str(v) or "account" in str(v) for v in kept)
    assert visits("town", date(2018, 4, 20), "district", "North", "larceny") == ()


def test_the_database_itself_refuses_two_stays_at_once_and_minutes_without_an_end(town: dict[str, Any]) -> None:
    from django.db import IntegrityError, transaction

    from peelian.store.patrols import VisitRow, box_columns

    at = {"day": NOW.date(), "arrived_at": NOW, "how": "timer", "recorded_at": NOW}
    whole = {"account_id": town["north"].pk, **at, **box_columns(_box()["box"])}
    VisitRow.objects.create(id=uuid4(), **whole)
    left = {"left_at": NOW, "minutes": 1.0}
    for broken in (
        {},
        {"minutes": 5.0},
        {**left, "minutes": 1500.0},
        {**left, "left_at": NOW - timedelta(1)},
        {**left, "how": "guess"},
        {**left, "rank": 0},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            VisitRow.objects.create(**{"id": uuid4(), **whole, **broken})
    assert VisitRow.objects.count() == 1
