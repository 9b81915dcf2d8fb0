"""The records' pages over HTTP: a purpose first, every read in the log, what is sealed stays sealed, changes add."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from tests.integration.site.records_town import WHY, add, by, reader, sealed, tie
from tests.site_home import client_of, copy_of, open_town


@pytest.fixture
def town(made_plain_home: Path, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A site without a night, whose attachments may be 1 MiB large."""
    from dataclasses import replace

    from peelian.jobs.terms import RecordTerms

    accounts = open_town(copy_of(made_plain_home, tmp_path / "home"))
    from django.conf import settings

    settings.PEELIAN = replace(settings.PEELIAN, records=RecordTerms(attachment_limit_mb=1))
    yield accounts

    from django.db import connections

    connections.close_all()


def test_without_a_purpose_nothing_is_read_and_one_is_asked_for(town: dict[str, Any]) -> None:
    number = add(town["analyst"], "person", surname="Quill")
    client = client_of(town["officer"])
    answer = client.get(f"/records/{number}/?on=2026-01-01")
    assert answer["Location"] == f"/records/purpose/?next=%2Frecords%2F{number}%2F%3Fon%3D2026-01-01"
    refused = client.post("/records/purpose/", {"purpose": "x"})
    assert refused.status_code == 400
    assert "five characters" in refused.content.decode()
    elsewhere = client.post("/records/purpose/", {"purpose": WHY, "next": "https://example.org/"})
    assert elsewhere["Location"] == "/records/"


def test_form_sent_without_a_purpose_is_kept_and_can_be_sent_once_it_is_told(town: dict[str, Any]) -> None:
    number = add(town["analyst"], "person", surname="Quill")
    client = reader(town["analyst"])
    page = client.get(f"/records/{number}/dispute/").content.decode()
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]+)"', page.split('class="stacked"')[1]))
    session = client.session
    del session["records_purpose"]
    session.save()
    answer = client.post(f"/records/{number}/dispute/", {**hidden, "says": "It is not so.", "source": "letter"})
    assert answer["Location"] == "/records/purpose/?next=%2Fkept%2F"
    assert "It is not so." in client.get("/kept/").content.decode()


def test_search_says_why_and_leaves_a_line_with_the_purpose(town: dict[str, Any]) -> None:
    from peelian.store import audit

    add(town["analyst"], "person", given_name="Todd", surname="Hamilton")
    shown = reader(town["officer"]).get("/records/", {"q": "hamliton tod"}).content.decode()
    assert "One record." in shown
    assert "one slip from" in shown
    line = audit.search(audit.Search(actor=town["officer"].pk), most=1)[0]
    assert (line.what, line.purpose) == ("searched for 'hamliton tod'", WHY)


def test_sealed_record_is_no_more_than_whom_to_ask_on_every_page(town: dict[str, Any]) -> None:
    ann, officer = town["analyst"], town["officer"]
    hidden = add(ann, "person", sealed(ann), given_name="Zebedee", surname="Nightshade")
    van = add(ann, "vehicle", registration="RY52 APF")
    tie(ann, "has-vehicle", hidden, van)
    tie(ann, "has-vehicle", add(ann, "person", surname="Quill"), van)
    client = reader(officer)
    paths = [
        "/records/?q=zebedee+nightshade",
        f"/records/{van}/",
        f"/records/{van}/chart/?steps=3",
        f"/records/{van}/chart.json",
        f"/records/{van}/merges/",
        *(f"/records/{hidden}/{rest}" for rest in ("", "chart/", "chart.json", "merges/", "state/", "dispute/")),
        f"/records/{hidden}/withdraw/1/",
    ]
    for path in paths:
        answer = client.get(path)
        told = answer.content.decode().replace("zebedee nightshade", "")  # the query, said back
        assert "Nightshade" not in told, path
        assert "Zebedee" not in told, path
        if path.startswith(f"/records/{hidden}/"):
            assert answer.status_code == 403, path
            assert "A record exists. Ask Inspector Eve." in told, path
    assert "A record exists. Ask Inspector Eve." in client.get(f"/records/{van}/").content.decode()
    assert client.get(f"/records/{van}/chart.json").json()["nodes"][0]["data"]["degree"] == 1
    assert client.post(f"/records/{hidden}/attach/", {"file": _file("a.txt", b"words")}).status_code == 403
    assert "Zebedee" in reader(ann).get(f"/records/{hidden}/").content.decode()


def test_who_looked_tells_nothing_of_a_tie_to_what_is_sealed(town: dict[str, Any]) -> None:
    ann, officer = town["analyst"], town["officer"]
    hidden = add(ann, "person", sealed(ann), given_name="Zebedee", surname="Nightshade")
    shown = add(ann, "person", surname="Quill")
    van = add(ann, "vehicle", registration="RY52 APF")
    tie(ann, "knows", shown, hidden)
    tie(ann, "has-vehicle", shown, van)
    told = reader(officer).get(f"/records/{shown}/").content.decode().split("Who looked</h2>")[1]
    assert "tied records: has-vehicle" in told
    assert "knows" not in told
    assert "tied records: knows" in reader(ann).get(f"/records/{shown}/").content.decode()


def test_record_sealed_meanwhile_is_not_opened_by_a_page_from_before(town: dict[str, Any]) -> None:
    from peelian.site.records.frame import catalogue
    from peelian.store.records.reading import marking_of, row_of
    from peelian.store.records.writing import mark

    ann = town["analyst"]
    number = add(ann, "person", surname="Nightshade")
    client = reader(ann)
    page = client.get(f"/records/{number}/mark/").content.decode()
    drawn = re.findall(r'name="drawn_from" value="(\w{64})"', page)[0]
    mark(catalogue(), number, sealed(ann), "a protected person", by(ann))
    wanted = {"sensitivity": "open", "area": "North", "reason": "she lives there", "drawn_from": drawn}
    answer = client.post(f"/records/{number}/mark/", wanted)
    assert answer.status_code == 400
    assert "Somebody changed this while the page was open" in answer.content.decode()
    assert marking_of(row_of(number)) == sealed(ann)


def test_day_beyond_the_calendar_is_answered_in_words(town: dict[str, Any]) -> None:
    number = add(town["analyst"], "person", surname="Quill")
    client = reader(town["analyst"])
    for path in (f"/records/{number}/?on=9999-12-31", "/records/?until=9999-12-31", "/records/?since=0001-01-01"):
        answer = client.get(path)
        assert answer.status_code == 400, path
        assert "Give a year from 1000 to 8999." in answer.content.decode(), path
    told = {"property": "date-of-birth", "value": "0001-01-01T00:00+14:00", "source": "x", "reliability": "stated"}
    assert client.post(f"/records/{number}/state/", told).status_code == 400


def test_correction_stands_beside_history_and_the_day_before_shows_what_was(town: dict[str, Any]) -> None:
    number = add(town["analyst"], "person", given_name="Ada", surname="Quil")
    client = reader(town["analyst"])
    first = client.get(f"/records/{number}/")
    statement = next(s for s in _statements(number) if s.value == "Quil")
    told = {"property": "surname", "value": "Quill <b>", "source": "her passport", "reliability": "confirmed"}
    answer = client.post(f"/records/{number}/state/?corrects={statement.id}", told)
    assert answer.status_code == 302
    shown = client.get(f"/records/{number}/").content.decode()
    assert "Ada Quill &lt;b&gt;" in shown
    assert "(no longer stands)" in shown
    assert "Ada Quil</h1>" in first.content.decode()
    past = client.get(f"/records/{number}/?on=2001-01-01")
    assert past.status_code == 404
    assert client.get(f"/records/{number}/state/?corrects=999999").status_code == 404
    both = client.post(f"/records/{number}/state/", {**told, "is_unknown": "on"})
    assert both.status_code == 400
    wrong = {"property": "date-of-birth", "value": "tomorrow", "source": "he", "reliability": "stated"}
    refused = client.post(f"/records/{number}/state/", wrong)
    assert refused.status_code == 400
    assert "cannot be read" in refused.content.decode()


def test_withdrawal_and_dispute_are_told_on_the_record(town: dict[str, Any]) -> None:
    number = add(town["analyst"], "person", given_name="Ada", alias="Slippers")
    client = reader(town["analyst"])
    alias = next(s for s in _statements(number) if s.value == "Slippers")
    said = {"says": "I was never called so.", "source": "letter of 3 March"}
    assert client.post(f"/records/{number}/dispute/?about={alias.id}", said).status_code == 302
    assert "I was never called so." in client.get(f"/records/{number}/").content.decode()
    assert client.post(f"/records/{number}/withdraw/{alias.id}/", {"reason": "a mix-up"}).status_code == 302
    assert client.post(f"/records/{number}/withdraw/{alias.id}/", {"reason": "again"}).status_code == 409
    assert "a mix-up" in client.get(f"/records/{number}/").content.decode()


def test_file_is_attached_downloaded_and_named_in_the_log(town: dict[str, Any]) -> None:
    from peelian.store import audit

    number = add(town["analyst"], "person", surname="Quill")
    client = reader(town["analyst"])
    assert (
        client.post(f"/records/{number}/attach/", {"file": _file("note.txt", b"a pale green Escort")}).status_code
        == 302
    )
    assert "One record." in client.get("/records/", {"q": "escort pale"}).content.decode()
    page = client.get(f"/records/{number}/").content.decode()
    address = page.split('href="/records/attachments/')[1].split('"')[0]
    got = client.get(f"/records/attachments/{address}")
    assert b"".join(got.streaming_content) == b"a pale green Escort"
    assert got["Content-Disposition"].startswith("attachment")
    assert audit.about(f"record/{number}", most=1)[0].what == "opened an attachment"
    lies = client.post(f"/records/{number}/attach/", {"file": _file("photo.png", b"MZ\x90 no picture")})
    assert lies.status_code == 400
    huge = client.post(f"/records/{number}/attach/", {"file": _file("big.txt", b"x" * (3 << 20))})
    assert huge.status_code == 413
    assert "larger than 1 MiB" in huge.content.decode()


def test_pair_is_accepted_shown_as_one_and_parted_again(town: dict[str, Any]) -> None:
    from peelian.store.records.merges import Proposed, propose

    ann = town["analyst"]
    one, two = add(ann, "vehicle", registration="RY52 APF"), add(ann, "vehicle", registration="RY52APF")
    steps = (("two records drawn at random", -10.0, -10.0), ("plate: the same", 14.0, 4.0))
    propose([Proposed(one, two, 0.94, ("the same plate",), steps)], "test", by(ann))
    client = reader(ann)
    listed = client.get("/records/duplicates/").content.decode()
    assert "One pair may be one and the same." in listed
    address = next(iter(re.findall(r'href="/records/duplicates/(\d+/)"', listed)))
    shown = client.get(f"/records/duplicates/{address}").content.decode()
    assert shown.count('class="for"') == 1
    assert "−10.0" in shown
    assert client.post(f"/records/duplicates/{address}", {"decision": "perhaps"}).status_code == 400
    assert client.post(f"/records/duplicates/{address}", {"decision": "accept"}).status_code == 302
    assert client.post(f"/records/duplicates/{address}", {"decision": "accept"}).status_code == 409
    merged = client.get(f"/records/{one}/merges/").content.decode()
    assert "2 records are one." in merged
    undo = merged.split("/undo/")[0].rsplit("/", 1)[1]
    assert client_of(town["officer"]).get(f"/records/{one}/merges/{undo}/undo/").status_code == 403
    assert client.post(f"/records/{one}/merges/{undo}/undo/", {"reason": "a copied plate"}).status_code == 302
    assert "This record stands alone." in client.get(f"/records/{two}/merges/").content.decode()


def test_saved_search_tells_what_is_new_once(town: dict[str, Any]) -> None:
    from peelian.jobs.alerting import run_saved_searches
    from peelian.site.configuration import site_settings
    from peelian.store.nights import utc_now

    ann = town["analyst"]
    client = reader(ann)
    assert client.post("/records/saved/new/", {"name": "the van", "asked": "q=ry52apf"}).status_code == 302
    number = add(ann, "vehicle", registration="RY52 APF")
    run_saved_searches(site_settings().home, lambda _: ann.actor(), utc_now())
    page = client.get("/records/saved/").content.decode()
    assert f'href="/records/{number}/"' in page
    alert = page.split("/records/alerts/")[1].split("/")[0]
    assert client.post(f"/records/alerts/{alert}/read/").status_code == 302
    assert f'href="/records/{number}/"' not in client.get("/records/saved/").content.decode()


def test_review_keeps_for_a_reason_and_disposes_for_good(town: dict[str, Any]) -> None:
    from datetime import date

    from peelian.store.records.tables import Record

    ann = town["analyst"]
    kept, gone = add(ann, "person", surname="Quill"), add(ann, "person", surname="Thorne")
    Record.objects.filter(pk__in=[kept, gone]).update(review_due=date(2018, 1, 1))
    client = reader(ann)
    assert "2 records are due for review." in client.get("/records/review/").content.decode()
    nothing = client.post("/records/review/", {"decision": "keep", "reason": "still open"})
    assert nothing.status_code == 400
    assert client.post("/records/review/", {"record": kept, "decision": "keep", "reason": "open"}).status_code == 302
    assert (
        client.post("/records/review/", {"record": gone, "decision": "dispose", "reason": "cleared"}).status_code == 302
    )
    assert "Disposed of for good: 1 records" in client.get("/records/review/").content.decode()
    answer = client.get(f"/records/{gone}/")
    assert answer.status_code == 404
    assert "cleared" in answer.content.decode()


def test_filters_that_cannot_be_meant_are_said_beside_their_field(town: dict[str, Any]) -> None:
    client = reader(town["analyst"])
    for asked, words in (
        ({"place": "here", "metres": "50"}, "two numbers"),
        ({"place": "53.4, -2.2"}, "how far around it"),
        ({"since": "2018-02-01", "until": "2018-01-01"}, "ends before it begins"),
        ({"type": "ghost"}, "ghost"),
        ({"q": "x", "place": "nan inf", "metres": "5"}, "lies nowhere"),
    ):
        answer = client.get("/records/", asked)
        assert answer.status_code == 400, asked
        assert words in answer.content.decode(), asked
    assert client.get("/records/", {"q": "quill", "page": "99999999999"}).status_code == 200
    assert client.get("/records/99999999999999999999999/").status_code == 404


def _statements(number: int) -> Any:  # noqa: ANN401 - rows from behind Django
    from peelian.store.records.reading import statements_of

    return statements_of([number], None)


def _file(name: str, content: bytes) -> BytesIO:
    file = BytesIO(content)
    file.name = name
    return file
