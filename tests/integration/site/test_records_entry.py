"""New records, ties, markings and clocks over HTTP: who may, what is refused beside its field, what the log says."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.site.records_town import add, reader, sealed, tie
from tests.site_home import copy_of, open_town


@pytest.fixture
def town(made_plain_home: Path, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A site without a night."""
    yield open_town(copy_of(made_plain_home, tmp_path / "home"))

    from django.db import connections

    connections.close_all()


def _opened(answer: Any) -> int:  # noqa: ANN401 - Django's own
    assert answer.status_code == 302, answer.content.decode()
    return int(re.findall(r"/records/(\d+)/", answer["Location"])[0])


def test_record_is_opened_with_several_values_an_unknown_and_who_says_so(town: dict[str, Any]) -> None:
    from peelian.store import audit

    client = reader(town["officer"])
    assert 'href="/records/new/person/"' in client.get("/records/new/").content.decode()
    told = {
        "is-given-name": "Ada\r\nAdelaide\r\n\r\n",
        "is-surname": "Quill <b>",
        "is-date-of-birth": "1961-02-03",
        "is-note": "Two lines\r\nof one note.",
        "unknown": ["gender"],
        "source": "her passport",
        "stated_on": "2018-11-02",
        "reliability": "confirmed",
        "area": "North",
    }
    number = _opened(client.post("/records/new/person/", told))
    page = client.get(f"/records/{number}/").content.decode()
    assert "Ada Quill &lt;b&gt;</h1>" in page
    assert "Adelaide" in page
    assert page.count("her passport, said 2 Nov 2018") == 11  # six in the history, five that give a value
    assert "known to be unknown: somebody asked" in page
    line = next(line for line in audit.about(f"record/{number}") if line.what == "opened a record")
    assert (line.act, line.actor_name) == ("collected", town["officer"].name)
    assert "Two lines\nof one note." in page


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"is-date-of-birth": "tomorrow"}, "cannot be read"),
        ({"is-surname": "Quill", "unknown": ["surname"]}, "one of the two"),
        ({}, "Say one thing of it at least"),
        ({"is-surname": "Quill", "source": ""}, "This field is required."),
        ({"is-surname": "\x07"}, "hidden character"),
        ({"is-surname": "Quill", "unknown": ["shoe-size"]}, "shoe-size"),
        ({"is-alias": "\n".join(f"Name {n}" for n in range(60))}, "at most 50"),
        ({"is-surname": "x" * 501}, "501 characters"),
    ],
)
def test_record_that_cannot_be_right_is_refused_beside_what_was_typed(
    town: dict[str, Any], told: dict[str, Any], words: str
) -> None:
    from peelian.store.records.tables import Record

    client = reader(town["analyst"])
    answer = client.post("/records/new/person/", {"source": "he", "reliability": "stated", **told})
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not Record.objects.exists()
    assert client.get("/records/new/ghost/").status_code == 404


def test_form_of_a_new_record_sent_twice_opens_one(town: dict[str, Any]) -> None:
    from peelian.store.records.tables import Record

    client = reader(town["analyst"])
    page = client.get("/records/new/vehicle/").content.decode()
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]+)"', page.split('class="stacked')[1].split("<label")[0]))
    told = {**hidden, "is-registration": "RY52 APF", "source": "seen", "reliability": "stated"}
    first, second = (client.post("/records/new/vehicle/", told) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Record.objects.count() == 1


def test_new_record_sent_after_the_purpose_was_lost_is_kept_whole(town: dict[str, Any]) -> None:
    client = reader(town["analyst"])
    page = client.get("/records/new/address/").content.decode()
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]+)"', page.split('class="stacked')[1].split("<label")[0]))
    session = client.session
    del session["records_purpose"]
    session.save()
    told = {**hidden, "is-address": "1 Lake Road", "is-postcode": "WN3 4NL", "source": "seen"}
    assert client.post("/records/new/address/", told)["Location"] == "/records/purpose/?next=%2Fkept%2F"
    kept = client.get("/kept/").content.decode()
    assert "1 Lake Road" in kept
    assert "WN3 4NL" in kept


def test_two_records_are_found_tied_and_parted_for_a_reason(town: dict[str, Any]) -> None:
    from peelian.store import audit

    ann = town["analyst"]
    ada, crime = add(ann, "person", given_name="Ada", surname="Quill"), add(ann, "crime", reference="06/017")
    client = reader(town["officer"])
    found = client.get(f"/records/{ada}/tie/", {"q": "06/017"}).content.decode()
    assert f'href="?to={crime}"' in found
    assert f'href="?to={crime}"' in client.get(f"/records/{ada}/tie/", {"q": str(crime)}).content.decode()
    page = client.get(f"/records/{ada}/tie/", {"to": crime}).content.decode()
    assert "Ada Quill is witness of 06/017" in page
    assert "lives at" not in page
    told = {"way": "witness-of>", "source": "her statement", "reliability": "confirmed", "detail": "from the window"}
    assert client.post(f"/records/{ada}/tie/?to={crime}", told).status_code == 302
    again = client.post(f"/records/{ada}/tie/?to={crime}", told)
    assert again.status_code == 400
    assert "already" in again.content.decode()
    assert client.post(f"/records/{ada}/tie/?to={crime}", {**told, "way": "lives-at>"}).status_code == 400
    back = client.get(f"/records/{crime}/").content.decode()
    assert "has witness" in back
    link = int(re.findall(rf'href="/records/{crime}/untie/(\d+)/"', back)[0])
    assert client.post(f"/records/{crime}/untie/{link}/", {"reason": ""}).status_code == 400
    assert client.post(f"/records/{crime}/untie/{link}/", {"reason": "another woman"}).status_code == 302
    assert client.get(f"/records/{crime}/untie/{link}/").status_code == 404
    assert "has witness" not in client.get(f"/records/{crime}/").content.decode()
    whats = [line.what for line in audit.about(f"record/{ada}")]
    assert "tied records: witness-of" in whats
    assert "took back a link: witness-of" in whats


def test_tie_the_other_way_round_leads_from_the_other_record(town: dict[str, Any]) -> None:
    ann = town["analyst"]
    flat, ada = add(ann, "address", address="1 Lake Road"), add(ann, "person", surname="Quill")
    client = reader(ann)
    assert "Quill lives at 1 Lake Road" in client.get(f"/records/{flat}/tie/?to={ada}").content.decode()
    told = {"way": "lives-at<", "source": "she", "reliability": "stated"}
    assert client.post(f"/records/{flat}/tie/?to={ada}", told).status_code == 302
    assert "lives at" in client.get(f"/records/{ada}/").content.decode()


def test_record_that_cannot_be_tied_is_said_at_the_field(town: dict[str, Any]) -> None:
    ann = town["analyst"]
    ada, email = add(ann, "person", surname="Quill"), add(ann, "email", address="a@example.org")
    flat, hidden = add(ann, "address", address="1 Lake Road"), add(ann, "person", sealed(ann), surname="Nightshade")
    client = reader(town["officer"])
    for to, words in (
        (ada, "a tie leads to another"),
        (999_999, "there is no record 999999"),
        (hidden, "A record exists. Ask Inspector Eve."),
    ):
        answer = client.get(f"/records/{ada}/tie/?to={to}")
        told = answer.content.decode()
        assert answer.status_code == 400, to
        assert words.lower() in told.lower(), to
        assert "Nightshade" not in told
    assert "No kind of link ties these two" in client.get(f"/records/{email}/tie/?to={flat}").content.decode()
    refused = {"way": "knows>", "source": "he", "reliability": "stated"}
    assert client.post(f"/records/{ada}/tie/?to={hidden}", refused).status_code == 400
    assert client.get(f"/records/{hidden}/tie/").status_code == 403


def test_tie_to_what_is_sealed_can_be_taken_back_only_by_who_reads_both(town: dict[str, Any]) -> None:
    ann = town["analyst"]
    hidden, van = add(ann, "person", sealed(ann), surname="Nightshade"), add(ann, "vehicle", registration="RY52 APF")
    link = tie(ann, "has-vehicle", hidden, van)
    officer = reader(town["officer"])
    answer = officer.get(f"/records/{van}/untie/{link}/")
    assert answer.status_code == 404
    assert "Nightshade" not in answer.content.decode()
    assert officer.post(f"/records/{van}/untie/{link}/", {"reason": "guessing"}).status_code == 404
    assert reader(ann).post(f"/records/{van}/untie/{link}/", {"reason": "sold"}).status_code == 302


def test_sealed_record_is_found_by_nobody_but_who_was_named(town: dict[str, Any]) -> None:
    from peelian.store import audit

    ann = town["analyst"]
    ada = add(ann, "person", given_name="Ada", surname="Nightshade")
    client, officer = reader(ann), reader(town["officer"])
    assert officer.get(f"/records/{ada}/mark/").status_code == 403
    wanted = {"sensitivity": "sealed", "keeper": "Inspector Eve", "cleared": [ann.pk], "reason": "a protected person"}
    for missing, words in (
        ("keeper", "Name whom to ask"),
        ("cleared", "Tick one at least"),
        ("reason", "This field is required."),
    ):
        refused = client.post(f"/records/{ada}/mark/", {k: v for k, v in wanted.items() if k != missing})
        assert refused.status_code == 400, missing
        assert words in refused.content.decode()
    assert client.post(f"/records/{ada}/mark/", {**wanted, "cleared": [999_999]}).status_code == 400
    nowhere = {**wanted, "sensitivity": "restricted"}
    assert "Name the area" in client.post(f"/records/{ada}/mark/", nowhere).content.decode()
    assert client.post(f"/records/{ada}/mark/", wanted).status_code == 302
    assert "Nightshade" in client.get(f"/records/{ada}/").content.decode()
    assert "checked" in client.get(f"/records/{ada}/mark/").content.decode().split("Sealed: only")[0][-120:]
    for path in (f"/records/{ada}/", f"/records/{ada}/mark/", f"/records/{ada}/clock/", f"/records/{ada}/tie/"):
        answer = officer.get(path)
        assert answer.status_code == 403, path
        assert "Nightshade" not in answer.content.decode()
    assert "Nightshade" not in officer.get("/records/?q=nightshad").content.decode().replace("nightshad", "")
    line = next(line for line in audit.about(f"record/{ada}") if line.what == "marked a record sealed")
    assert (line.act, line.purpose) == ("altered", "a protected person")


def test_clock_is_started_anew_by_who_reads_and_moved_by_who_keeps(town: dict[str, Any]) -> None:
    ann = town["analyst"]
    ada = add(ann, "person", surname="Quill")
    officer, client = reader(town["officer"]), reader(ann)
    page = officer.get(f"/records/{ada}/clock/").content.decode()
    assert "Start the clock anew" in page
    assert "Move it" not in page
    reset = {"act": "reset", "reset-why": "new offence", "reset-on": "2017-05-06"}
    assert officer.post(f"/records/{ada}/clock/", reset).status_code == 302
    for told, words in (
        ({**reset, "reset-on": "2999-01-01"}, "is to come"),
        ({**reset, "reset-why": "a whim"}, "a whim"),
        ({"act": "keep", "keep-reason": " "}, "This field is required."),
        ({"act": "move", "move-group": "forever", "move-reason": "so"}, "forever"),
    ):
        refused = client.post(f"/records/{ada}/clock/", told)
        assert refused.status_code == 400, told
        assert words in refused.content.decode(), told
    assert client.post(f"/records/{ada}/clock/", {"act": "burn"}).status_code == 400
    assert officer.post(f"/records/{ada}/clock/", {"act": "keep", "keep-reason": "mine"}).status_code == 403
    move = {"act": "move", "move-group": "grave", "move-reason": "a robber"}
    assert officer.post(f"/records/{ada}/clock/", move).status_code == 403
    assert client.post(f"/records/{ada}/clock/", move).status_code == 302
    shown = client.get(f"/records/{ada}/clock/").content.decode()
    assert "grave crime, 10 years after" in shown
    assert "moved to “Grave crime”" in shown
    assert client.post(f"/records/{ada}/clock/", {"act": "keep", "keep-reason": "still open"}).status_code == 302
    assert "kept: still open" in client.get(f"/records/{ada}/clock/").content.decode()
