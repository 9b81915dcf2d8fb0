"""A record keeps all that was said of it: as it stands, as it stood, by whom, and what the database itself refuses."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from tests.integration.records.conftest import ANN, BEN, NOON, WHY, Store

from peelian.errors import ConflictError, NotAllowedError, NotFoundError, RecordError
from peelian.records.access import Actor, Role
from peelian.records.marking import Marking, Notice, Sensitivity
from peelian.records.statements import Reliability, Stance

SEALED = Marking(Sensitivity.SEALED, "", "DI Rees", frozenset({9}))


def _told(source: str = "passport", reliability: Reliability = Reliability.STATED) -> Any:  # noqa: ANN401 - a value from behind Django
    from peelian.store.records.writing import Told

    return Told(source, None, reliability)


def _said(store: Store, record: int, name: str) -> Any:  # noqa: ANN401 - a value from behind Django
    return next(s for s in store.show(record).statements if s.property == name)


def test_record_reads_as_it_stood_on_any_day(store: Store) -> None:
    from peelian.store.records.writing import state, withdraw

    todd = store.add("person", given_name="Todd", surname="Hamilton")
    wrong = _said(store, todd, "surname")
    right = state(store.rules.catalogue, todd, "surname", "Fothergill", _told(), store.by(ANN, 24), corrects=wrong.id)
    state(store.rules.catalogue, todd, "alias", "Toddy", _told("a neighbour"), store.by(BEN, 48))
    withdraw(store.rules.catalogue, right.id, "it was his brother's passport", store.by(ANN, 72))

    def surname(hours: float) -> tuple[str, ...]:
        return tuple(store.show(todd, as_of=NOON + timedelta(hours=hours)).entity.texts("surname"))

    assert [surname(h) for h in (1, 25, 49, 73)] == [("Hamilton",), ("Fothergill",), ("Fothergill",), ("Hamilton",)]
    assert store.show(todd, as_of=NOON + timedelta(hours=25)).entity.texts("alias") == ()
    assert store.show(todd).entity.title == "Todd Hamilton"
    with pytest.raises(NotFoundError, match="first recorded"):
        store.show(todd, as_of=NOON - timedelta(hours=1))


def test_unknown_is_not_empty(store: Store) -> None:
    from peelian.store.records.writing import state

    todd = store.add("person", given_name="Todd", surname="Hamilton", date_of_birth=None)
    entity = store.show(todd).entity
    assert entity.unknown == {"date-of-birth"}
    assert "gender" not in entity.unknown
    asked = _said(store, todd, "date-of-birth")
    state(store.rules.catalogue, todd, "date-of-birth", "1990-05", _told(), store.by(ANN, 1), corrects=asked.id)
    entity = store.show(todd).entity
    assert entity.unknown == frozenset()
    assert entity.texts("date-of-birth") == ("1990-05",)


def test_several_values_keep_their_sources_and_the_better_believed_stands_first(store: Store) -> None:
    from peelian.store.records.writing import state

    todd = store.add("person", name="Tod Hamilton")
    for source, reliability in (("a neighbour", Reliability.DOUBTFUL), ("passport", Reliability.CONFIRMED)):
        state(store.rules.catalogue, todd, "name", "Todd Hamilton", _told(source, reliability), store.by(ANN, 1))
    first, second = store.show(todd).entity.values["name"]
    assert (first.text, first.sources, first.reliability) == (
        "Todd Hamilton",
        ("a neighbour", "passport"),
        Reliability.CONFIRMED,
    )
    assert second.text == "Tod Hamilton"


def test_dispute_stands_beside_the_record(store: Store) -> None:
    from peelian.store.records.writing import dispute, withdraw

    todd = store.add("person", given_name="Todd", surname="Hamilton")
    told = _told("Todd Hamilton, by letter")
    made = dispute(
        todd, "My name is Tod, with one d.", told, store.by(ANN, 1), about=_said(store, todd, "given-name").id
    )
    entity = store.show(todd).entity
    assert [d.value for d in entity.disputes] == ["My name is Tod, with one d."]
    assert entity.title == "Todd Hamilton"
    withdraw(store.rules.catalogue, made.id, "he took it back", store.by(ANN, 2))
    assert store.show(todd).entity.disputes == ()


def test_withdrawn_twice_or_corrected_twice_is_refused(store: Store) -> None:
    from peelian.store.records.writing import state, withdraw

    todd = store.add("person", given_name="Todd", surname="Hamilton")
    said = _said(store, todd, "surname")
    withdraw(store.rules.catalogue, said.id, "misread", store.by(ANN, 1))
    with pytest.raises(ConflictError):
        withdraw(store.rules.catalogue, said.id, "misread", store.by(ANN, 2))
    with pytest.raises(ConflictError):
        state(store.rules.catalogue, todd, "surname", "X", _told(), store.by(ANN, 2), corrects=said.id)
    with pytest.raises(RecordError, match="say why"):
        withdraw(store.rules.catalogue, _said(store, todd, "given-name").id, " ", store.by(ANN, 2))


def test_sealed_record_is_a_notice_and_no_more(store: Store) -> None:
    from peelian.jobs.charting import open_chart
    from peelian.store.records import reading
    from peelian.store.records.surroundings import Surroundings
    from peelian.store.records.writing import state

    vera = store.add("person", given_name="Vera", surname="Lightfoot", marking=SEALED)
    flat = store.add("address", address="1 Lake Road")
    cleared = Actor(9, "Rees", Role.SERGEANT, ())
    store.tie("lives-at", vera, flat, cleared)
    assert store.show(vera) == Notice("DI Rees")
    assert reading.neighbours(store.rules.catalogue, vera, ANN, WHY) == Notice("DI Rees")
    assert open_chart(vera, ANN, WHY) == Notice("DI Rees")
    assert Surroundings(store.rules.catalogue, vera, ANN, WHY).places() == Notice("DI Rees")
    with pytest.raises(NotAllowedError, match=r"A record exists\. Ask DI Rees\."):
        state(store.rules.catalogue, vera, "surname", "X", _told(), store.by(ANN))
    seen = reading.neighbours(store.rules.catalogue, flat, ANN, WHY)
    assert isinstance(seen, reading.Neighbours)
    (only,) = seen.neighbours
    assert (only.link, only.record, only.title, only.words, only.notice) == (
        None,
        None,
        "",
        "",
        "A record exists. Ask DI Rees.",
    )
    around = open_chart(flat, ANN, WHY)
    assert not isinstance(around, Notice)
    assert [n.node_id for n in around.nodes] == [str(flat)]
    assert store.show(vera, cleared).entity.title == "Vera Lightfoot"


def test_merged_view_keeps_out_a_sealed_twin(store: Store) -> None:
    from peelian.store.records import merges
    from peelian.store.records.writing import mark

    one = store.add("person", given_name="Vera", surname="Lightfoot")
    two = store.add("person", given_name="Vera", surname="Quill", note="new name")
    merges.merge(store.rules.catalogue, one, two, 0.9, ["same prints"], store.by())
    mark(store.rules.catalogue, two, SEALED, "under protection", store.by(ANN, 1))
    view = store.show(one)
    assert view.entity.members == (one,)
    assert "Quill" not in str(view.entity)
    assert view.merges == ()
    assert view.notices == ("A record exists. Ask DI Rees.",)


def test_reading_leaves_its_purpose_in_the_log_and_refusal_too(store: Store) -> None:
    from peelian.store import audit

    todd = store.add("person", given_name="Todd", surname="Hamilton")
    store.show(todd, BEN)
    vera = store.add("person", given_name="Vera", surname="L", marking=SEALED)
    store.show(vera, BEN)
    lines = audit.about(f"record/{todd}")
    assert [(line.actor_name, line.act, line.purpose) for line in lines[:1]] == [("Ben", "consulted", WHY.text)]
    assert audit.about(f"record/{vera}")[0].act == "refused"
    assert audit.verify().is_whole


def test_link_to_itself_or_of_wrong_types_or_twice_is_refused(store: Store) -> None:
    todd = store.add("person", given_name="Todd", surname="Hamilton")
    van = store.add("vehicle", registration="AB12 CDE")
    with pytest.raises(RecordError, match="itself"):
        store.tie("knows", todd, todd)
    with pytest.raises(RecordError, match="leads from"):
        store.tie("lives-at", todd, van)
    with pytest.raises(RecordError, match="merged"):
        store.tie("same-as", todd, store.add("person", name="X"))
    store.tie("has-vehicle", todd, van)
    with pytest.raises(ConflictError):
        store.tie("has-vehicle", todd, van)


def test_circle_of_links_is_walked_once(store: Store) -> None:
    from peelian.jobs.charting import open_chart
    from peelian.linkage import Opening

    people = [store.add("person", name=f"Person {n}") for n in range(4)]
    for one, two in zip(people, [*people[1:], people[0]], strict=True):
        store.tie("knows", one, two)
    around = open_chart(people[0], ANN, WHY, Opening(steps=6))
    assert not isinstance(around, Notice)
    assert sorted(int(n.node_id) for n in around.nodes) == people
    assert len(around.links) == 4
    assert not any(around.unread.values())
    assert not any(around.unshown.values())


def test_timeline_holds_own_dates_and_those_of_events_but_none_kept_close(store: Store) -> None:
    from peelian.store.records.surroundings import Surroundings

    todd = store.add("person", name="Todd", date_of_birth="1990-05-01")
    one = store.add("crime", crime_type="Burglary", happened="2026-02-01", reference="A1")
    two = store.add("crime", crime_type="Robbery", happened="2025-02-01", marking=SEALED)
    store.tie("party-to", todd, one)
    store.tie("party-to", todd, two, Actor(9, "Rees", Role.SERGEANT, ()))
    told = Surroundings(store.rules.catalogue, todd, ANN, WHY).happenings()
    assert [(h.text, h.record) for h in told if not isinstance(told, Notice)] == [
        ("Date of birth: 1990-05-01", None),
        ("is party to Burglary 2026-02-01 A1", one),
    ]
    assert Surroundings(store.rules.catalogue, two, ANN, WHY).happenings() == Notice("DI Rees")


def test_link_taken_back_is_gone_and_was_there(store: Store) -> None:
    from peelian.store.records import reading
    from peelian.store.records.writing import untie

    todd = store.add("person", name="Todd")
    van = store.add("vehicle", registration="AB12 CDE")
    link = store.tie("has-vehicle", todd, van)
    untie(store.rules.catalogue, link, "sold it", store.by(ANN, 24))

    def tied(as_of: datetime | None) -> int:
        page = reading.neighbours(store.rules.catalogue, todd, ANN, WHY, as_of=as_of)
        assert isinstance(page, reading.Neighbours)
        return len(page.neighbours)

    assert tied(None) == 0
    assert tied(NOON + timedelta(hours=1)) == 1
    with pytest.raises(NotFoundError):
        untie(store.rules.catalogue, link, "again", store.by(ANN, 25))


def test_same_form_sent_twice_opens_one_record(store: Store) -> None:
    one = store.add("incident", key="phone-1", kind="noise")
    again = store.add("incident", key="phone-1", kind="noise")
    assert one == again
    assert len(store.show(one).statements) == 1


def test_type_of_a_force_s_own_is_a_file(store: Store) -> None:
    from dataclasses import replace

    from peelian.store.records.rules import read_rules

    (store.home / "record-types").mkdir()
    text = 'name = "boat"\nfamily = "objects"\nlabel = "Boat"\ntitle = [["hull"]]\n'
    text += '[properties]\nhull = { kind = "plate", label = "Hull number" }\n'
    text += '[links.sails]\nlabel = "sails"\nback = "is sailed by"\nstart = ["person"]\nend = ["boat"]\n'
    (store.home / "record-types" / "boat.toml").write_text(text, encoding="utf-8")
    own = replace(store, rules=read_rules(store.home))
    boat = own.add("boat", hull="GB-123-X")
    own.tie("sails", own.add("person", name="Ann Bonny"), boat)
    assert own.ids("gb123x") == [boat]
    with pytest.raises(RecordError, match="not known"):
        own.add("ship", hull="X")


_SAY = """INSERT INTO record_statement
  (record_id, property, stance, value, source, recorded_at, recorder, reliability)
  SELECT record_id, property, '{}', '{}', source, recorded_at, recorder, reliability FROM record_statement"""
_TIE = """INSERT INTO record_link
  (type, start_id, end_id, detail, source, key, recorded_at, recorder, reliability, reasons)
  SELECT type, start_id, {}, '', source, {}, recorded_at, recorder, reliability, '[]' FROM record_link"""


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE record_statement SET value = 'X'",
        "UPDATE record_link SET type = 'family'",
        "UPDATE record SET sensitivity = 'sealed', keeper = ''",
        "UPDATE record SET sensitivity = 'secret'",
        _SAY.format("says", ""),
        _SAY.format("withdraws", "x"),
        _SAY.format("whispers", "x"),
        _TIE.format("start_id", "'k'"),
        _TIE.format("end_id", "key"),
    ],
)
def test_database_itself_refuses(store: Store, sql: str) -> None:
    from django.db import connection

    todd, tom = store.add("person", name="Todd"), store.add("person", name="Tom")
    store.tie("knows", todd, tom)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert store.show(todd).entity.title == "Todd"


def test_restricted_name_without_a_keeper_is_refused() -> None:
    with pytest.raises(RecordError, match="whom to ask"):
        Marking(Sensitivity.RESTRICTED, "north")


def test_node_with_many_links_is_read_a_page_at_a_time(store: Store) -> None:
    from types import MappingProxyType

    from peelian.jobs.charting import open_chart
    from peelian.linkage import Opening
    from peelian.records.drafts import LinkDraft, RecordDraft
    from peelian.store.records import reading

    hub = RecordDraft("place", "hub", MappingProxyType({"name": ("The square",)}))
    crimes = [RecordDraft("crime", f"c{n}", MappingProxyType({"reference": (f"R{n}",)})) for n in range(2_000)]
    taken, _ = store.take("feed", [hub, *crimes], [LinkDraft("occurred-at", c.key, "hub") for c in crimes])
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        page = reading.neighbours(store.rules.catalogue, taken.new[0], ANN, WHY, after=after, size=700)
        assert isinstance(page, reading.Neighbours)
        seen += [n.record for n in page.neighbours if n.record]
        after = page.next_after
    assert sorted(seen) == sorted(taken.new[1:])
    around = open_chart(taken.new[0], ANN, WHY, Opening(most_links=30))
    assert not isinstance(around, Notice)
    assert len(around.nodes) == 31
    assert around.nodes[0].degree == 2_000


def test_stance_of_every_row_is_a_word_we_know(sqlite_store: Store) -> None:
    todd = sqlite_store.add("person", name="Todd", age=None)
    assert {s.stance for s in sqlite_store.show(todd).statements} == {Stance.SAYS, Stance.UNKNOWN}


def test_first_of_several_values_leads_in_the_record_and_in_the_index_alike(store: Store) -> None:
    from types import MappingProxyType

    from peelian.records.drafts import RecordDraft
    from peelian.store.records.reading import titles_of

    draft = RecordDraft("person", "p1", MappingProxyType({"name": ("Ada Quill", "Adelaide Quill")}))
    taken, _ = store.take("feed", [draft], [])
    assert store.show(taken.new[0]).entity.title == "Ada Quill"
    assert titles_of(taken.new)[taken.new[0]][1] == "Ada Quill"


def test_map_timeline_and_neighbours_of_a_past_day_say_what_the_record_then_said(store: Store) -> None:
    from peelian.store.records import reading
    from peelian.store.records.surroundings import Surroundings
    from peelian.store.records.writing import state, untie

    catalogue = store.rules.catalogue
    old, new = "EPSG:27700 383819.0 398052.0 exact", "EPSG:27700 384000.0 398100.0 exact"
    flat = store.add("address", address="1 Lake Raod", point=old)
    home = store.add("address", address="2 Hill Street", point="EPSG:27700 390000.0 390000.0 exact")
    crime = store.add("crime", reference="A1", happened="2026-02-01")
    todd = store.add("person", name="Todd", date_of_birth="1990-05-01")
    lives = store.tie("lives-at", todd, flat)
    store.tie("occurred-at", crime, flat)
    store.tie("party-to", todd, crime)
    for name, value in (("point", new), ("address", "1 Lake Road")):
        before = _said(store, flat, name)
        state(catalogue, flat, name, value, _told(), store.by(ANN, 24), corrects=before.id)
    untie(catalogue, lives, "moved", store.by(ANN, 48))
    moved = Surroundings(catalogue, crime, ANN, WHY).places()
    assert not isinstance(moved, Notice)
    assert {p.x for p in moved} == {384000.0}  # the crime stands where its address now is
    said = _said(store, crime, "happened")
    state(catalogue, crime, "happened", "2026-02-03", _told(), store.by(ANN, 48), corrects=said.id)
    store.tie("lives-at", todd, home)  # told at noon of the first day

    def at(hours: float | None) -> tuple[set[tuple[str, float]], list[str], list[str]]:
        as_of = None if hours is None else NOON + timedelta(hours=hours)
        around = Surroundings(catalogue, todd, ANN, WHY, as_of)
        points, stops = around.places(), around.happenings()
        page = reading.neighbours(catalogue, todd, ANN, WHY, as_of=as_of)
        assert not isinstance(points, Notice)
        assert not isinstance(stops, Notice)
        assert not isinstance(page, Notice)
        return (
            {(p.title, p.x) for p in points},
            [f"{stop.at:%d}" for stop in stops if stop.record == crime],
            sorted(n.title for n in page.neighbours),
        )

    first = at(1)
    assert first == (
        {("1 Lake Raod", 383819.0), ("2 Hill Street", 390000.0), ("2026-02-01 A1", 383819.0)},
        ["01"],
        ["1 Lake Raod", "2 Hill Street", "2026-02-01 A1"],
    )
    assert at(30)[0] == {("1 Lake Road", 384000.0), ("2 Hill Street", 390000.0), ("2026-02-01 A1", 384000.0)}
    assert at(None) == at(72)
    assert at(72)[1:] == (["03"], ["2 Hill Street", "2026-02-03 A1"])
    view = store.show(flat, as_of=NOON + timedelta(hours=1))
    assert view.entity.title == "1 Lake Raod"
