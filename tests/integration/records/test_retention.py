"""Every record has a clock with its reason; what is disposed of is gone from the disk, but for the fact of it."""

from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from tests.integration.records.conftest import ANN, BEN, NOON, WHY, Store

from peelian.errors import NotAllowedError, NotFoundError, RecordError
from peelian.records.marking import Notice

YEARS = 24 * 366 * 12


def _raw(store: Store) -> bytes:
    """All bytes that the store has on the disk, or, on PostgreSQL, all rows of its tables."""
    from django.db import connection

    if store.vendor == "sqlite":
        return b"".join(p.read_bytes() for p in sorted(store.home.rglob("*")) if p.is_file())
    told = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t.*::text FROM "{table}" t')  # noqa: S608 - our own names
            told += [str(row) for row in cursor.fetchall()]
    return "\n".join(told).encode()


def test_clock_tells_when_and_why(store: Store) -> None:
    from peelian.store.records import retention

    todd = store.add("person", name="Todd")
    assert store.show(todd).review_reason == (
        "Reviewed by 2032-03-01, because: everything else, 6 years after 2026-03-01 (recorded)."
    )
    rob = store.add("crime", crime_type="Robbery", happened="2024-05-05")
    assert store.show(rob).review_reason == (
        "Reviewed by 2034-05-06, because: grave crime, 10 years after 2024-05-06 (happened)."
    )
    clock = retention.reset(store.rules.policy, todd, "new offence", date(2026, 3, 1), store.by(BEN, 1))
    assert clock.due == date(2032, 3, 1)
    clock = retention.move(store.rules.policy, todd, "grave", "wanted for robbery", store.by(ANN, 2))
    assert clock.due == date(2036, 3, 1)
    assert [d.kind for d in retention.decisions(todd, ANN, WHY)] == ["reset", "moved"]
    with pytest.raises(RecordError, match="starts no clear period"):
        retention.reset(store.rules.policy, todd, "because", date(2026, 3, 1), store.by())
    with pytest.raises(RecordError, match="is to come"):
        retention.reset(store.rules.policy, todd, "new offence", date(2030, 1, 1), store.by())


def test_queue_holds_what_is_due_and_a_kept_record_leaves_it(store: Store) -> None:
    from peelian.store.records import retention

    old = store.add("crime", crime_type="Burglary", happened="2015-01-01")
    store.add("person", name="Todd")
    (only,) = retention.due(NOON.date(), ANN)
    assert (only.record, only.due) == (old, date(2021, 1, 2))
    with pytest.raises(NotAllowedError):
        retention.keep(store.rules.policy, old, "x", store.by(BEN))
    clock = retention.keep(store.rules.policy, old, "an appeal is open", store.by())
    assert clock.reason.endswith("(an appeal is open).")
    assert retention.due(NOON.date(), ANN) == ()


def test_changed_policy_moves_every_clock(store: Store) -> None:
    from peelian.store.records import retention
    from peelian.store.records.rules import read_rules

    todd = store.add("person", name="Todd")
    text = 'resets = ["new offence"]\n[[group]]\nname = "all"\nlabel = "All"\nyears = 1\n'
    (store.home / "retention.toml").write_text(text, encoding="utf-8")
    assert retention.rewind(read_rules(store.home).policy, store.by()) == 1
    assert store.show(todd).review_reason.startswith("Reviewed by 2027-03-01, because: all, 1 years")
    assert retention.rewind(read_rules(store.home).policy, store.by()) == 0


def test_disposal_leaves_nothing_but_the_fact(store: Store) -> None:
    from peelian.jobs.attaching import attach
    from peelian.jobs.terms import RecordTerms
    from peelian.store import audit
    from peelian.store.records import retention
    from peelian.store.records.writing import Told, state, withdraw

    marks = ["Xanthippe", "Quagmire", "zephyrword", "xyloword", "Vexington"]
    person = store.add("person", given_name=marks[0], surname=marks[1], note=f"told of the {marks[2]}")
    crime = store.add("crime", crime_type="Burglary", narrative="a window was broken")
    store.tie("party-to", person, crime)
    attach(store.home, person, "letter.txt", BytesIO(f"the {marks[3]} stands here".encode()), store.by(), RecordTerms())
    made = state(store.rules.catalogue, person, "alias", marks[4], Told("x"), store.by(ANN, 1))
    withdraw(store.rules.catalogue, made.id, "misheard", store.by(ANN, 2))
    assert store.ids(marks[2]) == [person]
    before = _raw(store)
    assert all(mark.lower().encode() in before.lower() for mark in marks)
    late = store.by(ANN, YEARS)
    done = retention.dispose(store.rules.catalogue, store.rules.policy, [person], "six years passed", store.home, late)
    assert (done.records, done.statements, done.links, done.files) == (1, 5, 1, 1)
    after = _raw(store).lower()
    # The log keeps what was searched for; of the record itself no word is left.
    assert [m for m in marks if m.lower().encode() in after] == [marks[2]]
    assert store.ids("zephyrword") == []
    assert store.ids("quagmire") == []
    assert store.ids("window") == [crime]
    with pytest.raises(NotFoundError, match="disposed of on 2038"):
        store.show(person)
    line = audit.about(f"record/{person}")[0]
    assert (line.act, line.purpose) == ("erased", "six years passed")
    assert audit.verify().is_whole
    assert store.add("person", name="Somebody new") > person


def test_file_that_another_record_holds_stays(store: Store) -> None:
    from peelian.jobs.attaching import attach
    from peelian.jobs.terms import RecordTerms
    from peelian.store.records import retention
    from peelian.store.records.attachments import file_of

    one, two = store.add("person", name="A"), store.add("person", name="B")
    kept = [
        attach(store.home, pk, "same.txt", BytesIO(b"the same words"), store.by(), RecordTerms()) for pk in (one, two)
    ]
    path = file_of(store.home, kept[0].sha256)
    retention.dispose(store.rules.catalogue, store.rules.policy, [one], "due", store.home, store.by(ANN, YEARS))
    assert path.exists()
    assert store.ids("same words") == [two]
    retention.dispose(store.rules.catalogue, store.rules.policy, [two], "due", store.home, store.by(ANN, YEARS))
    assert not path.exists()


def test_record_not_yet_due_or_tied_as_one_is_not_disposed_of(store: Store) -> None:
    from peelian.store.records import merges, retention

    one, two = store.add("person", name="A"), store.add("person", name="B")
    with pytest.raises(RecordError, match="not due before 2032"):
        retention.dispose(store.rules.catalogue, store.rules.policy, [one], "early", store.home, store.by(ANN, 1))
    merges.merge(store.rules.catalogue, one, two, None, ["x"], store.by())
    late = store.by(ANN, YEARS)
    with pytest.raises(RecordError, match="is one with record"):
        retention.dispose(store.rules.catalogue, store.rules.policy, [one], "due", store.home, late)
    assert (
        retention.dispose(store.rules.catalogue, store.rules.policy, [one, two], "due", store.home, late).records == 2
    )
    with pytest.raises(NotAllowedError):
        retention.dispose(store.rules.catalogue, store.rules.policy, [one], "due", store.home, store.by(BEN))


def test_place_of_a_crime_goes_with_its_address(store: Store) -> None:
    from peelian.records.queries import Filters, Near
    from peelian.store.records import retention

    home = store.add("address", address="1 High Street", point="EPSG:27700 384000.0 398000.0 exact")
    crime = store.add("crime", crime_type="Burglary")
    store.tie("occurred-at", crime, home)
    near = Filters(near=Near("EPSG:27700", 384000.0, 398000.0, 10.0))
    assert store.ids("", near) == [crime, home] or store.ids("", near) == [home, crime]
    retention.dispose(store.rules.catalogue, store.rules.policy, [home], "due", store.home, store.by(ANN, YEARS))
    assert store.ids("", near) == []


def test_a_crime_that_is_at_another_address_too_is_found_there_when_one_is_disposed_of(store: Store) -> None:
    from peelian.records.queries import Filters, Near
    from peelian.store.records import retention

    front, back = (
        store.add("address", address=f"{n} High Street", point=f"EPSG:27700 38400{n}.0 398000.0 exact") for n in (1, 9)
    )
    crime = store.add("crime", crime_type="Burglary")
    for where in (front, back):
        store.tie("occurred-at", crime, where)
    retention.dispose(store.rules.catalogue, store.rules.policy, [back], "due", store.home, store.by(ANN, YEARS))
    assert set(store.ids("", Filters(near=Near("EPSG:27700", 384001.0, 398000.0, 1.0)))) == {front, crime}


def test_circular_links_are_read_searched_merged_parted_and_disposed_of(store: Store) -> None:
    from peelian.jobs.charting import open_chart
    from peelian.linkage import Opening
    from peelian.store.records import merges, reading, retention
    from peelian.store.records.surroundings import Surroundings
    from peelian.store.records.tables import LinkRow

    catalogue, policy = store.rules.catalogue, store.rules.policy
    ada, ben, eve = people = [store.add("person", name=name) for name in ("Ada Quill", "Ben Thorne", "Eve Marsh")]
    for one, two in ((ada, ben), (ben, eve), (eve, ada), (ben, ada)):
        store.tie("knows", one, two)
    outer, inner = (store.add("place", name=name) for name in ("The square", "The yard"))
    store.tie("within", outer, inner)
    store.tie("within", inner, outer)
    merge = merges.merge(catalogue, ada, ben, None, ["one woman"], store.by())  # tied to itself now, twice

    def neighbours(record: int) -> list[str]:
        page = reading.neighbours(catalogue, record, ANN, WHY)
        assert isinstance(page, reading.Neighbours)
        return sorted(n.title for n in page.neighbours)

    def on_chart(record: int) -> set[int]:
        chart = open_chart(record, ANN, WHY, Opening(steps=6))
        assert not isinstance(chart, Notice)
        return {int(node.node_id) for node in chart.nodes}

    assert len(neighbours(ada)) == 4
    assert store.ids("quill") == [ada]
    assert on_chart(ada) == set(people)
    assert on_chart(outer) == {outer, inner}
    assert Surroundings(catalogue, outer, ANN, WHY).places() == ()
    merges.undo(merge.id, "two women", store.by(ANN, 1))
    assert neighbours(eve) == ["Ada Quill", "Ben Thorne"]
    late = store.by(ANN, YEARS)
    assert (
        retention.dispose(catalogue, policy, [ada], "due", store.home, late).links == 4
    )  # the merge that was undone too
    assert neighbours(ben) == ["Eve Marsh"]
    assert on_chart(eve) == {ben, eve}
    assert retention.dispose(catalogue, policy, [ben, eve, outer, inner], "due", store.home, late).links == 3
    assert not LinkRow.objects.exists()
    assert store.ids("marsh") == []


def test_shipped_policy_takes_every_record() -> None:
    from peelian.records.catalogue import shipped
    from peelian.records.retention import clock, first_start, read_policy, shipped_policy

    policy = shipped_policy()
    for kind in shipped().types:
        group = policy.group_of(kind, "")
        assert clock(group, [first_start(NOON, None)]).due > NOON.date() + timedelta(days=365)
    for text in (
        "x = 1",
        "[[group]]",
        '[[group]]\nname="a"\nlabel="A"\nyears=0',
        '[[group]]\nname="a"\nlabel="A"\nyears=2\ntypes=["person"]',
        "=",
    ):
        with pytest.raises(RecordError):
            read_policy(text, str(Path("retention.toml")))
