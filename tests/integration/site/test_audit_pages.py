"""The audit log on the page: read, looked up, checked and taken away by overseers and administrators."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.site_home import client_of

Town = dict[str, Any]


def write(town: Town, n: int = 3) -> None:
    from peelian.records.access import Act
    from peelian.store import audit

    for i in range(n):
        audit.tell(
            town["analyst"].actor(), Act.CONSULTED, f"looked at {i}", record=f"person/{i}", purpose="a <b>test</b>"
        )


def body(answer: Any) -> str:  # noqa: ANN401 - Django's answer
    return b"".join(answer.streaming_content).decode()


@pytest.mark.parametrize("role", ["overseer", "administrator"])
def test_the_newest_lines_stand_first_and_nothing_in_them_is_markup(plain: Town, role: str) -> None:
    write(plain)
    text = client_of(plain[role]).get("/audit/").content.decode()
    assert text.index("looked at 2") < text.index("looked at 0")
    assert "a &lt;b&gt;test&lt;/b&gt;" in text


def test_whatever_a_line_adds_can_be_read(plain: Town) -> None:
    from peelian.records.access import Act
    from peelian.store import audit

    added = {
        "role": {"from": "officer", "to": "analyst"},
        "filters": {},
        "asked": {"near": [-90.2, 38.6, 500], "type": "person"},
        "weights": {"burglary": 2, "robbery": 7.5},
        "hits": [],
        "areas": ["*"],
        "rows": [{"first": 1}, {"first": 2}],
        "until": None,
        "is_active": {"from": True, "to": False},
    }
    audit.tell(plain["analyst"].actor(), Act.CONSULTED, "searched", details=added)
    answer = client_of(plain["overseer"]).get("/audit/")
    assert answer.status_code == 200
    text = answer.content.decode()
    for told in (
        "role officer → analyst",
        "filters none",
        "asked near -90.2, 38.6, 500, type person",
        "weights burglary 2, robbery 7.5",
        "hits none",
        "areas all",
        "rows first 1, first 2",
        "until none",
        "is active yes → no",
    ):
        assert told in text, told


def test_no_act_is_told_twice_in_one_line(plain: Town) -> None:
    from peelian.records.access import Act
    from peelian.store import audit

    audit.tell(plain["analyst"].actor(), Act.SIGNED_IN, "signed in from 192.0.2.7, by password")
    text = client_of(plain["overseer"]).get("/audit/").content.decode()
    assert "<b>signed in</b> from 192.0.2.7, by password" in text


def test_day_beyond_the_calendar_is_answered_in_words(plain: Town) -> None:
    for day in ("9999-12-31", "0001-01-01"):
        answer = client_of(plain["overseer"]).get("/audit/", {"day": day})
        assert answer.status_code == 400, day
        assert "Give a year from 1000 to 8999." in answer.content.decode()


def test_lines_are_found_by_person_act_record_and_day(plain: Town) -> None:
    write(plain)
    client = client_of(plain["overseer"])
    today = datetime.now(UTC).date().isoformat()
    for query in (
        {"person": plain["analyst"].pk},
        {"act": "consulted"},
        {"record": "person/1"},
        {"person": plain["analyst"].pk, "act": "consulted", "record": "person/1", "day": today},
    ):
        text = client.get("/audit/", query).content.decode()
        assert "looked at 1" in text, query
        assert "opened account" not in text.split("<tbody>")[1].split("</tbody>")[0], query
    assert "holds nothing of this" in client.get("/audit/", {"day": "2001-01-01"}).content.decode()
    assert client.get("/audit/", {"day": "no day"}).status_code == 400
    assert client.get("/audit/", {"act": "nothing"}).status_code == 400
    assert client.get("/audit/", {"before": "nonsense"}).status_code == 200


def test_the_log_is_leafed_through_to_its_first_line(plain: Town) -> None:
    write(plain, 130)
    client = client_of(plain["overseer"])
    seen: list[int] = []
    query = ""
    for _ in range(10):
        text = client.get(f"/audit/?{query}").content.decode()
        cells = text.split('<td class="num">')[1:]
        seen += [int(c.split("<")[0]) for c in cells]
        if ">Older<" not in text:
            break
        query = text.split('href="/audit/?')[-1].split('"')[0].replace("&amp;", "&")
    assert seen == list(range(seen[0], 0, -1))


def test_looking_somebody_up_is_written_down_leafing_is_not(plain: Town) -> None:
    from peelian.store import audit

    client = client_of(plain["overseer"])
    before = audit.head()[0]
    client.get("/audit/")
    client.get("/audit/", {"act": "altered"})
    assert audit.head()[0] == before
    client.get("/audit/", {"person": plain["analyst"].pk})
    (line,) = audit.search(audit.Search(), most=1)
    assert (line.actor_name, line.act) == ("Ann overseer", "consulted")
    assert line.details == {"person": str(plain["analyst"].pk)}


def test_the_verdict_is_a_sentence(plain: Town) -> None:
    client = client_of(plain["overseer"])
    text = client.post("/audit/verify/").content.decode()
    assert "The log is whole: 7 lines, and every seal fits the one before." in text
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER audit_line_no_UPDATE")
        cursor.execute("UPDATE audit_line SET what = 'nothing' WHERE number = 3")
    text = client.post("/audit/verify/").content.decode()
    assert "The log is broken: line 3 was changed after it was written." in text
    assert "The 2 lines before it are whole" in text


def test_the_log_is_taken_away_as_json_lines_and_that_is_in_it(plain: Town) -> None:
    write(plain)
    answer = client_of(plain["overseer"]).post("/audit/export/", {"as": "jsonl", "record": "person/1"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="peelian-audit.jsonl"'
    (line,) = [json.loads(text) for text in body(answer).splitlines()]
    assert (line["what"], line["record"]) == ("looked at 1", "person/1")
    from peelian.store import audit

    (last,) = audit.search(audit.Search(), most=1)
    assert (last.act, last.what) == ("disclosed", "took the audit log away as jsonl")


def test_no_cell_of_the_csv_is_a_formula(plain: Town) -> None:
    from peelian.records.access import Act
    from peelian.store import audit

    audit.tell(plain["analyst"].actor(), Act.CONSULTED, '=HYPERLINK("http://evil.example")', record="+1", purpose="@x")
    answer = client_of(plain["overseer"]).post("/audit/export/", {"as": "csv"})
    rows = list(csv.DictReader(io.StringIO(body(answer))))
    told = next(r for r in rows if "HYPERLINK" in r["what"])
    assert (told["what"][0], told["record"], told["purpose"]) == ("'", "'+1", "'@x")


def test_another_format_is_refused(plain: Town) -> None:
    assert client_of(plain["overseer"]).post("/audit/export/", {"as": "exe"}).status_code == 404


def test_checking_again_and_again_is_limited(plain: Town) -> None:
    client = client_of(plain["overseer"])
    assert [client.post("/audit/verify/").status_code for _ in range(7)] == [200] * 6 + [429]
