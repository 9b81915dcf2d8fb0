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


def test_every_type_that_is_offered_is_proposed_by_its_keys_and_can_be_merged(sqlite_store: Store) -> None:
    from peelian.linkage import EntityType
    from peelian.store.records import merges

    add, tie = sqlite_store.add, sqlite_store.tie
    desk = add("phone", number="0161 496 0000")
    pairs = {
        "person": [add("person", surname="Quill", nhs_number=n) for n in ("943 476 5919", "9434765919")],
        "organisation": [add("organisation", name=n) for n in ("Acme Ltd", "ACME Limited")],
        "address": [add("address", address=a, postcode="wn3 4nl") for a in ("1 High St", "1, High Street")],
        "vehicle": [add("vehicle", chassis_number=n) for n in ("WBA-3A5C-50CF", "wba3a5c50cf")],
        "phone": [add("phone", number=n) for n in ("07700 900123", "+44 7700 900123")],
    }
    for firm in pairs["organisation"]:
        tie("has-phone", firm, desk)
    add("organisation", name="Acme Ltd")  # the same name alone is no key
    add("address", address="1 High Street", postcode="M1 1AA")
    assert set(pairs) == {kind.value for kind in EntityType}
    for kind, (one, two) in pairs.items():
        assert _find(sqlite_store, kind) == 1, kind
        (proposal,) = merges.queue(ANN, WHY)
        assert (proposal.left, proposal.right) == (one, two), kind
        assert proposal.reasons, kind
        assert merges.decide(sqlite_store.rules.catalogue, proposal.id, sqlite_store.by(), accept=True) is not None
        assert sqlite_store.show(one).entity.members == (one, two)
        assert _find(sqlite_store, kind) == 0, kind


def test_organisations_of_one_name_and_postcode_are_proposed_by_where_they_are(sqlite_store: Store) -> None:
    from peelian.store.records import merges

    add, tie = sqlite_store.add, sqlite_store.tie
    one, two = add("organisation", name="Acme Ltd"), add("organisation", name="The Acme Company")
    for firm, house in ((one, "1 High Street"), (two, "Unit 2")):
        tie("located-at", firm, add("address", address=house, postcode="WN3 4NL"))
    assert _find(sqlite_store, "organisation") == 1
    (proposal,) = merges.queue(ANN, WHY)
    assert (proposal.left, proposal.right, proposal.reasons) == (one, two, ("same name and postcode",))
