"""Linkage against FEBRL's made-up people, whose truth is in their record numbers (see examples/record-linkage)."""

import math

import pytest
from tests.linkage_records import febrl, febrl_linked, person_of, precision_and_recall

from peelian.linkage import EntityType, LinkageRecords, LinkageSettings, group, propose
from peelian.linkage.blocking import person_keys
from peelian.linkage.features import person_features
from peelian.linkage.weighing import _linker


@pytest.mark.parametrize(
    ("samples", "least"),
    [(("febrl_dataset3",), 0.99), (("febrl_dataset4a", "febrl_dataset4b"), 0.99)],
    ids=["duplicates in one list", "the same people in two lists"],
)
def test_febrl_is_linked(samples: tuple[str, ...], least: float) -> None:
    records = febrl(*samples)
    proposals = febrl_linked(*samples)
    precision, recall = precision_and_recall(proposals, records)
    assert 2 * precision * recall / (precision + recall) >= least
    # What the model expects of itself, without labels, is what is found with them.
    assert proposals.expected_precision == pytest.approx(precision, abs=0.01)
    groups = group(proposals)
    assert all(len({person_of(record_id) for record_id in ids}) == 1 for ids in groups.members)


def test_learned_chances_follow_the_record_and_not_the_start() -> None:
    proposals = febrl_linked("febrl_dataset4a", "febrl_dataset4b")
    postcode = next(each for each in proposals.comparisons if each.name == "postcode")
    # FEBRL 4 changes about one postcode in seven, mostly by one digit; strangers share one in a thousand.
    assert postcode.levels[0].m == pytest.approx(0.84, abs=0.05)
    assert postcode.levels[1].m == pytest.approx(0.15, abs=0.05)
    assert 0.0002 < postcode.levels[0].u < 0.003
    # 400 people in 800 records: one pair in 799 is one person's.
    assert 2.0**proposals.start_bits == pytest.approx(1 / 799, rel=0.05)


def test_learned_weights_add_up_exactly_too() -> None:
    proposals = febrl_linked("febrl_dataset3")
    assert any(part.rarity_bits for part in proposals[0].parts)
    for proposal in proposals:
        assert sum(bits for _, bits, _ in proposal.waterfall()) == proposal.weight
        assert proposal.start_bits + sum(part.total_bits for part in proposal.parts) == proposal.weight


def test_a_run_repeats_to_the_bit_whatever_the_order() -> None:
    records = febrl("febrl_dataset4a", "febrl_dataset4b")
    shuffled = LinkageRecords.of(EntityType.PERSON, records.table.sample(fraction=1.0, shuffle=True, seed=3))
    one, other = febrl_linked("febrl_dataset4a", "febrl_dataset4b"), propose(shuffled)
    assert one.table.equals(other.table)
    assert one.comparisons == other.comparisons
    assert one.start_bits == other.start_bits


def test_weighing_a_few_records_at_a_time_changes_no_proposal() -> None:
    in_parts = propose(febrl("febrl_dataset3"), LinkageSettings(records_at_a_time=150))
    assert in_parts.table.equals(febrl_linked("febrl_dataset3").table)


def test_the_waterfall_is_the_weight_that_splink_gives() -> None:
    records, proposals = febrl("febrl_dataset3"), febrl_linked("febrl_dataset3")
    features = person_features(records)
    keyed = features.join(person_keys(features, 200, 40).table, on="record_id")
    with _linker(keyed, proposals.comparisons, is_rare_telling=True) as linker:
        splink = linker.inference.predict().as_duckdbpyrelation().select("record_id_l, record_id_r, match_weight").pl()
    its_start = math.log2(0.0001 / 0.9999)  # the chance Splink starts from when it is told none
    weights = {frozenset((left, right)): weight - its_start for left, right, weight in splink.rows()}
    for proposal in proposals:
        parts = sum(part.total_bits for part in proposal.parts if part.name != "household")
        assert parts == pytest.approx(weights[frozenset((proposal.left_id, proposal.right_id))], abs=1e-3)
