"""Two people at one record in the same moment: what was answered stands, and the second is told of it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from tests.integration.records.conftest import ANN, NOON, WHY, Store

from peelian.errors import ConflictError, NotFoundError, PeelianError, RecordError
from peelian.records.statements import Stance

OLD: dict[str, Any] = {"crime_type": "Burglary", "happened": "2015-01-01"}


def _alone(act: Callable[[], object]) -> object:
    """Run in a thread's own connection; give what it answered, or the error."""
    from django.db import connections

    try:
        return act()
    except PeelianError as error:
        return error
    finally:
        connections.close_all()


def _together(*acts: Callable[[], object]) -> list[object]:
    """Begin all acts at the same instant and return what each answered."""
    gate, answers = threading.Barrier(len(acts)), dict.fromkeys(range(len(acts)))

    def one(number: int) -> None:
        gate.wait(10)
        answers[number] = _alone(acts[number])

    threads = [threading.Thread(target=one, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return list(answers.values())


def _refused(answers: list[object]) -> list[object]:
    return [a for a in answers if isinstance(a, PeelianError)]


@contextmanager
def _while_it_waits(act: Callable[[], object]) -> Iterator[list[object]]:
    """Begin an act in another thread while a transaction of this one holds the store; it goes on at the end."""
    from peelian.store.records.writing import kept

    answers: list[object] = []
    thread = threading.Thread(target=lambda: answers.append(_alone(act)))
    with kept():
        thread.start()
        thread.join(1.0)
        assert not answers, "it did not wait"
        yield answers
    thread.join(60)


def test_record_kept_while_its_disposal_waits_is_not_disposed_of(store: Store) -> None:
    from peelian.store.records import retention

    old = store.add("crime", **OLD)
    catalogue, policy = store.rules.catalogue, store.rules.policy

    def dispose() -> object:
        return retention.dispose(catalogue, policy, [old], "past its time", store.home, store.by())

    with _while_it_waits(dispose) as answers:
        retention.keep(policy, old, "an appeal is pending", store.by())
    assert isinstance(answers[0], RecordError), answers
    assert "is not due before" in str(answers[0])
    assert store.show(old).entity.texts("crime-type") == ("Burglary",)


def test_statement_corrected_twice_at_once_is_corrected_once(store: Store) -> None:
    from peelian.store.records.writing import Told, state

    todd = store.add("person", surname="Hamliton")
    said = store.show(todd).statements[0].id

    def correct(value: str) -> Callable[[], object]:
        told = Told("her passport")
        return lambda: state(store.rules.catalogue, todd, "surname", value, told, store.by(), corrects=said)

    answers = _together(correct("Hamilton"), correct("Hampton"))
    assert [type(a) for a in _refused(answers)] == [ConflictError], answers
    assert len(store.show(todd).entity.texts("surname")) == 1


def test_statement_withdrawn_twice_at_once_is_withdrawn_once(store: Store) -> None:
    from peelian.store.records.writing import withdraw

    todd = store.add("person", surname="Hamliton")
    said = store.show(todd).statements[0].id
    act = [lambda: withdraw(store.rules.catalogue, said, "not him", store.by())] * 2
    answers = _together(*act)
    assert [type(a) for a in _refused(answers)] == [ConflictError], answers
    assert [s.stance for s in store.show(todd).statements if s.about] == [Stance.WITHDRAWS]


def test_two_records_tied_twice_at_once_are_tied_once(store: Store) -> None:
    todd, van = store.add("person", surname="Hamilton"), store.add("vehicle", registration="RY52 APF")
    answers = _together(*[lambda: store.tie("has-vehicle", todd, van)] * 2)
    assert [type(a) for a in _refused(answers)] == [ConflictError], answers


def test_tie_taken_back_twice_at_once_is_taken_back_once_and_the_second_is_told(store: Store) -> None:
    from peelian.store.records.writing import untie

    todd, van = store.add("person", surname="Hamilton"), store.add("vehicle", registration="RY52 APF")
    link = store.tie("has-vehicle", todd, van)
    answers = _together(*[lambda: untie(store.rules.catalogue, link, "sold", store.by())] * 2)
    assert [type(a) for a in _refused(answers)] == [NotFoundError], answers


def test_two_records_merged_and_parted_twice_at_once_are_so_once(store: Store) -> None:
    from peelian.store.records import merges

    one, two = store.add("person", surname="Hamilton"), store.add("person", surname="Hamliton")

    def merge() -> object:
        return merges.merge(store.rules.catalogue, one, two, None, ["same prints"], store.by())

    answers = _together(merge, merge)
    assert [type(a) for a in _refused(answers)] == [ConflictError], answers
    (tie,) = store.show(one).merges
    answers = _together(*[lambda: merges.undo(tie.id, "brothers", store.by())] * 2)
    assert [type(a) for a in _refused(answers)] == [NotFoundError], answers
    assert store.show(one).merges == ()


def test_proposal_accepted_and_rejected_at_once_is_decided_once(store: Store) -> None:
    from peelian.store.records import merges

    one, two = store.add("person", surname="Hamilton"), store.add("person", surname="Hamliton")
    merges.propose([merges.Proposed(one, two, 0.9, ("one slip",))], "by hand", store.by())
    (waiting,) = merges.queue(ANN, WHY)

    def decide(*, accept: bool) -> Callable[[], object]:
        return lambda: merges.decide(store.rules.catalogue, waiting.id, store.by(), accept=accept)

    answers = _together(decide(accept=True), decide(accept=False))
    assert [type(a) for a in _refused(answers)] == [ConflictError], answers
    assert len(store.show(one).merges) == len(merges.queue(ANN, WHY, decision="accepted"))


def test_file_kept_again_while_its_last_record_is_disposed_of_stays(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from peelian.jobs.attaching import attach
    from peelian.jobs.terms import RecordTerms
    from peelian.store.records import attachments, retention

    old, new = store.add("crime", **OLD), store.add("crime", **OLD)

    def keep(record: int) -> int:
        return attach(store.home, record, "a.txt", BytesIO(b"the same words"), store.by(), RecordTerms()).id

    keep(old)
    came: list[object] = []
    thread = threading.Thread(target=lambda: came.append(_alone(lambda: keep(new))))
    file_of = attachments.file_of

    def upload_comes_in_between(home: object, digest: str) -> object:
        if threading.current_thread() is not thread and not thread.ident:
            thread.start()
            thread.join(2.0)  # a mended disposal makes the upload wait: it ends after
        return file_of(home, digest)  # type: ignore[arg-type] # handed on as it came

    monkeypatch.setattr(attachments, "file_of", upload_comes_in_between)
    retention.dispose(store.rules.catalogue, store.rules.policy, [old], "past its time", store.home, store.by())
    thread.join(60)
    (attachment,) = came
    assert isinstance(attachment, int), came
    _, stream = attachments.open_attachment(store.home, attachment, ANN, WHY)
    with stream:
        assert stream.read() == b"the same words"


def test_clock_moved_twice_at_once_shows_the_later_of_both(store: Store) -> None:
    from peelian.store.records import retention

    old = store.add("crime", **OLD)
    policy = store.rules.policy
    _together(
        lambda: retention.reset(policy, old, "new offence", date(2020, 1, 1), store.by()),
        lambda: retention.keep(policy, old, "an appeal is pending", store.by()),
    )
    from peelian.store.records.tables import Record

    row = Record.objects.get(pk=old)
    assert row.review_due == retention.clock_of(policy, row).due
    assert row.review_due.year >= NOON.year
