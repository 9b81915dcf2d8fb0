"""Linkage against FEBRL's made-up people, whose truth is in their record numbers (see examples/record-linkage)."""

import pytest
from tests.linkage_records import febrl, febrl_linked, person_of, precision_and_recall

from peelian.linkage import group


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
