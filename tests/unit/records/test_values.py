"""Values of records: what may be written, how dates and points read, who may read what, when a clock rings."""

from datetime import UTC, date, datetime
from types import MappingProxyType

import pytest

from peelian.errors import NotAllowedError, RecordError
from peelian.records.access import Actor, Role, program
from peelian.records.catalogue import Kind, Property, shipped
from peelian.records.dates import read_when
from peelian.records.drafts import LinkDraft, RecordDraft
from peelian.records.entities import entity_of, timeline
from peelian.records.entries import entry_of
from peelian.records.links import Link, united
from peelian.records.marking import Marking, Sensitivity, may_read
from peelian.records.matching import meet
from peelian.records.normal import address_words, phone_key
from peelian.records.points import read_point
from peelian.records.purpose import Purpose
from peelian.records.queries import Filters, Near, read_query
from peelian.records.retention import Group, Start, clock
from peelian.records.statements import Reliability, Stance, Statement
from peelian.records.writing import written

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        (Kind.NAME, "  Todd \t Hamilton\n", "Todd Hamilton"),
        (Kind.TEXT, "a\r\nb", "a\nb"),
        (Kind.NUMBER, "0012.50", "12.5"),
        (Kind.NUMBER, "1e3", "1000"),
        (Kind.PLATE, "ry52 apf", "RY52 APF"),
        (Kind.DATE, " 2026-02-01 ", "2026-02-01"),
        (Kind.POINT, "EPSG:27700 1 2 exact", "EPSG:27700 1.0 2.0 exact"),
    ],
)
def test_value_is_written_one_way(kind: Kind, given: str, kept: str) -> None:
    assert written(Property("x", kind, "X"), given) == kept


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (Kind.NAME, ""),
        (Kind.NAME, "a\0b"),
        (Kind.NAME, "\ud800"),
        (Kind.NAME, "x" * 501),
        (Kind.TEXT, "x" * 50_001),
        (Kind.NUMBER, "twelve"),
        (Kind.NUMBER, "NaN"),
        (Kind.NUMBER, "1e400"),
        (Kind.EMAIL, "nobody"),
        (Kind.DATE, "yesterday"),
        (Kind.DATE, "2026-02-30"),
        (Kind.DATE, "2026-02-01T10:00"),
        (Kind.DATE, "2026-03/2026-01"),
        (Kind.POINT, "EPSG:27700 nan 1 exact"),
        (Kind.POINT, "here"),
    ],
)
def test_value_of_another_kind_is_refused(kind: Kind, given: str) -> None:
    with pytest.raises(RecordError):
        written(Property("x", kind, "X"), given)


def test_closed_list_is_closed() -> None:
    prop = Property("origin", Kind.CODE, "Origin", codes=("reported", "found"))
    with pytest.raises(RecordError, match="reported, found"):
        written(prop, "guessed")


def test_day_lasts_a_day_and_a_leap_year_366() -> None:
    assert (read_when("2026-02-28").end - read_when("2026-02-28").start).days == 1
    assert (read_when("2024").end - read_when("2024").start).days == 366
    span = read_when("2026-02-01/2026-02-03")
    assert (span.start, span.end) == (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 2, 4, tzinfo=UTC))


def test_draft_holds_one_value_of_a_single_property_and_each_value_once() -> None:
    catalogue = shipped()
    twice = RecordDraft("person", "k", MappingProxyType({"surname": ("A", "A ", "B")})).checked(catalogue)
    assert twice.values["surname"] == ("A", "B")
    for values in ({"age": ("1", "2")}, {"surname": ("A", None)}, {"ghost": ("x",)}, {"age": ("old",)}):
        with pytest.raises(RecordError):
            RecordDraft("person", "k", MappingProxyType(values)).checked(catalogue)
    for key in ("", "x" * 121, "a\nb"):
        with pytest.raises(RecordError):
            RecordDraft("person", key, MappingProxyType({})).checked(catalogue)
    with pytest.raises(RecordError, match="itself"):
        LinkDraft("knows", "a", "a").checked(catalogue)


@pytest.mark.parametrize(
    ("actor", "readable"),
    [
        (Actor(1, "a", Role.ANALYST, ("*",)), {"open", "restricted"}),
        (Actor(1, "a", Role.OFFICER, ("north",)), {"open", "restricted"}),
        (Actor(1, "a", Role.OFFICER, ("south",)), {"open"}),
        (Actor(9, "a", Role.OFFICER, ()), {"open", "sealed"}),
        (program("job"), {"open", "restricted"}),
        (Actor(9, "a", Role.OVERSEER, ("*",)), set()),
        (Actor(9, "a", Role.EVALUATOR, ("*",)), set()),
        (Actor(None, "", Role.PUBLIC), set()),
    ],
)
def test_who_may_read_what(actor: Actor, readable: set[str]) -> None:
    markings = {
        "open": Marking(),
        "restricted": Marking(Sensitivity.RESTRICTED, "north", "North"),
        "sealed": Marking(Sensitivity.SEALED, "north", "DI Rees", frozenset({9})),
    }
    assert {name for name, marking in markings.items() if may_read(actor, marking)} == readable


@pytest.mark.parametrize("text", ["", "  x ", "a" * 501])
def test_purpose_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(NotAllowedError):
        Purpose(text)


def test_link_to_itself_is_no_link() -> None:
    with pytest.raises(RecordError, match="itself"):
        Link(1, "knows", 5, 5, "", "x", AT, "y", Reliability.STATED)


def test_circle_of_merges_is_one_group() -> None:
    links = [
        Link(n, "same-as", a, b, "", "x", AT, "y", Reliability.STATED)
        for n, (a, b) in enumerate([(1, 2), (2, 3), (1, 3)])
    ]
    assert set(united(links).values()) == {frozenset({1, 2, 3})}


@pytest.mark.parametrize(
    ("query", "line", "met"),
    [
        ("todd hamilton", "todd hamilton", True),
        ("sahw", "shaw", True),
        ("t h", "todd hamilton", True),
        ("todd todd", "todd hamilton", False),
        ("ali", "eli", False),
        ("hamilton x", "todd hamilton", False),
    ],
)
def test_every_word_of_a_query_needs_its_own_counterpart(query: str, line: str, *, met: bool) -> None:
    assert (meet(query.split(), line.split()) is not None) == met


def test_saint_is_no_street() -> None:
    assert address_words("12 St John's St") == ("12", "st", "johns", "street")
    assert address_words("polding st 178") == ("polding", "street", "178")


def test_phone_keeps_its_country() -> None:
    assert phone_key("+1 212 555 0123") == "12125550123"
    assert phone_key("0161 496 0000") == phone_key("+44 161 496 0000")


def test_query_reads_as_all_it_may_be() -> None:
    kinds = {k for k, _ in read_query("RY52 APF").keys}
    assert {Kind.PLATE, Kind.REFERENCE} <= kinds
    assert read_query("178 Polding Street WN3 4NL").names == ("178", "polding", "street")
    assert (Kind.POSTCODE, "WN34NL") in read_query("178 Polding Street WN3 4NL").keys


def test_filters_refuse_what_cannot_be() -> None:
    for bad in (
        lambda: Filters(since=datetime(2026, 1, 1)),  # noqa: DTZ001 - the zone is what is missing
        lambda: Filters(since=AT, until=AT),
        lambda: Near("EPSG:27700", 0.0, 0.0, 0.0),
        lambda: Near("EPSG:27700", 0.0, 0.0, float("nan")),
        lambda: Near("EPSG:27700", 0.0, 0.0, 1e6),
    ):
        with pytest.raises(RecordError):
            bad()


def test_clock_starts_at_the_latest_start_and_leaps_over_29_february() -> None:
    group = Group("g", "General", 1)
    told = clock(group, [Start(date(2024, 2, 29), "recorded"), Start(date(2020, 1, 1), "reset")])
    assert told.due == date(2025, 3, 1)
    assert told.reason == "Reviewed by 2025-03-01, because: general, 1 years after 2024-02-29 (recorded)."


def test_entity_tells_its_dates_in_order() -> None:
    told = [
        Statement(1, 1, "happened", Stance.SAYS, "2026-02", None, "a", None, AT, "y", Reliability.STATED),
        Statement(2, 1, "reported", Stance.SAYS, "2026-01-05", None, "a", None, AT, "y", Reliability.STATED),
        Statement(3, 1, "", Stance.DISPUTES, "it was later", None, "a", None, AT, "y", Reliability.STATED),
    ]
    entity = entity_of(shipped().types["crime"], (1,), told)
    assert [h.text for h in timeline(entity)] == ["Reported: 2026-01-05", "Happened: 2026-02", "Disputed: it was later"]
    with pytest.raises(RecordError):
        Statement(4, 1, "x", Stance.WITHDRAWS, "", 1, "a", None, AT, "y", Reliability.STATED)
    with pytest.raises(RecordError):
        Statement(4, 1, "x", Stance.SAYS, "v", 4, "a", None, AT, "y", Reliability.STATED)


def test_entry_holds_what_a_record_is_found_by() -> None:
    entry = entry_of(
        shipped().types["person"], {"given-name": ("Todd", "Tod"), "surname": ("Hamilton",), "nhs-number": ("12-3",)}
    )
    assert [(line.label, line.text) for line in entry.lines] == [
        ("Name", "Todd Hamilton"),
        ("Given name", "Tod"),
        ("NHS number", "12-3"),
    ]
    assert set(entry.terms()) == {("word", "todd"), ("word", "hamilton"), ("word", "tod"), ("reference", "123")}
    crime = entry_of(shipped().types["crime"], {"point": ("EPSG:27700 1.0 2.0 exact",), "crime-type": ("Robbery",)})
    assert crime.point == read_point("EPSG:27700 1.0 2.0 exact")
    assert crime.crime_type == "Robbery"
