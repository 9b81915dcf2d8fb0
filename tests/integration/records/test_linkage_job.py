"""Linkage over the store: pairs come to the queue with their weight taken apart; decisions and seals stand."""

import pytest
from tests.integration.records.conftest import ANN, WHY, Store

from peelian.errors import LinkageError
from peelian.records.marking import Marking, Sensitivity


def _find(store: Store, kind: str, *, is_weighed: bool = False) -> int:
    from peelian.jobs.linkage import find_duplicates

    return find_duplicates(store.rules.catalogue, kind, WHY, store.by(), is_weighed=is_weighed).new


def test_two_plates_that_are_one_are_proposed_once_and_a_rejection_stands(store: Store) -> None:
    from peelian.store.records import merges

    one, two = store.add("vehicle", registration="RY52 APF"), store.add("vehicle", registration="ry52apf")
    store.add("vehicle", registration="AB12 CDE")
    assert _find(store, "vehicle") == 1
    assert _find(store, "vehicle") == 0
    (proposal,) = merges.queue(ANN, WHY)
    assert (proposal.left, proposal.right) == (one, two)
    assert proposal.reasons
    merges.decide(store.rules.catalogue, proposal.id, store.by(), accept=False, note="another car")
    assert _find(store, "vehicle") == 0
    assert merges.queue(ANN, WHY) == ()


def test_weighed_pair_brings_a_waterfall_that_ends_at_its_weight_and_can_be_accepted(sqlite_store: Store) -> None:
    pytest.importorskip("splink")
    from peelian.store.records import merges

    for _ in range(2):
        phone = sqlite_store.add("phone", number="07700 900123")
        ada = sqlite_store.add("person", given_name="Ada", surname="Quillfeather", date_of_birth="1961-02-03")
        sqlite_store.tie("has-phone", ada, phone)
    sqlite_store.add("person", given_name="Ben", surname="Thorne", date_of_birth="1990-10-11")
    assert _find(sqlite_store, "person", is_weighed=True) == 1
    (proposal,) = merges.queue(ANN, WHY)
    assert proposal.waterfall[0][0] == "two records drawn at random"
    assert sum(bits for _, bits, _ in proposal.waterfall) == pytest.approx(proposal.waterfall[-1][2])
    assert merges.decide(sqlite_store.rules.catalogue, proposal.id, sqlite_store.by(), accept=True) is not None
    assert _find(sqlite_store, "person", is_weighed=True) == 0


def test_merge_undone_is_not_proposed_again_and_a_sealed_record_never(store: Store) -> None:
    from peelian.store.records import merges

    one, two = store.add("vehicle", registration="RY52 APF"), store.add("vehicle", registration="RY52 APF")
    link = merges.merge(store.rules.catalogue, one, two, None, ("the same plate",), store.by())
    assert _find(store, "vehicle") == 0
    merges.undo(link.id, "a copied plate", store.by())
    assert _find(store, "vehicle") == 0
    store.add("vehicle", registration="AB12 CDE")
    store.add(
        "vehicle", registration="AB12 CDE", marking=Marking(Sensitivity.SEALED, keeper="Eve", cleared=frozenset({9}))
    )
    assert _find(store, "vehicle") == 0


def test_type_that_linkage_does_not_know_is_refused_with_those_it_knows(sqlite_store: Store) -> None:
    with pytest.raises(LinkageError, match="known are person"):
        _find(sqlite_store, "crime")
