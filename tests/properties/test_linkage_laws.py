"""Laws of linkage: weights add up, order and side change nothing, decisions hold."""

from fractions import Fraction

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.linkage_records import people

from peelian.linkage import Decisions, EntityType, LinkageRecords, LinkageSettings, Proposals, group, propose
from peelian.linkage.proposals import probability_of

FIRST = ("Anna", "Ana", "Hannah", "John", "Jack", "J.", "Mohammed", "Muhammad", "Li", "Zoë", None)
LAST = ("Novak", "Nowak", "Novák", "Smith", "Smyth", "Anna", "Khan", "O'Neill", None)
BORN = ("1980-03-04", "1980-04-03", "1980-03-14", "1981-01-01", "1999-99-99", "19800304", None)
POST = ("M14 5TP", "M14 5TQ", "m145tp", "LS1 4DY", "2119", None)
PERSON = st.fixed_dictionaries(
    {
        "given_name": st.sampled_from(FIRST),
        "surname": st.sampled_from(LAST),
        "date_of_birth": st.sampled_from(BORN),
        "postcode": st.sampled_from(POST),
        "phone": st.sampled_from(("020 7946 0018", "07700 900123", None)),
    }
)
PEOPLE = st.lists(PERSON, min_size=0, max_size=12)
#: Everything that shares a key is kept, however unlikely.
ALL = LinkageSettings(least_probability=1e-9, least_precision=1e-9)
QUICK = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def rows_of(proposals: Proposals) -> list[dict[str, object]]:
    return proposals.table.to_dicts()


@QUICK
@given(PEOPLE)
def test_the_parts_of_a_weight_add_up_exactly_in_any_order(rows: list[dict[str, str | None]]) -> None:
    for proposal in propose(people(*rows), ALL):
        assert proposal.weight is not None
        bits = [bits for _, bits, _ in proposal.waterfall()]
        assert sum(map(Fraction, bits)) == Fraction(proposal.weight)
        assert sum(bits) == sum(reversed(bits)) == sum(sorted(bits)) == proposal.weight
        assert list(proposal.waterfall())[-1][2] == proposal.weight
        assert proposal.probability == pytest.approx(probability_of(proposal.weight), rel=1e-12)


@QUICK
@given(PEOPLE, st.integers(0, 1000))
def test_the_order_of_the_records_changes_nothing(rows: list[dict[str, str | None]], seed: int) -> None:
    records = people(*rows)
    shuffled = LinkageRecords.of(EntityType.PERSON, records.table.sample(fraction=1.0, shuffle=True, seed=seed))
    assert rows_of(propose(records, ALL)) == rows_of(propose(shuffled, ALL))


@QUICK
@given(PERSON, PERSON)
def test_a_proposal_is_the_same_from_either_side(one: dict[str, str | None], other: dict[str, str | None]) -> None:
    forth, back = propose(people(one, other), ALL), propose(people(other, one), ALL)
    assert rows_of(forth) == rows_of(back)


@QUICK
@given(PEOPLE, st.data())
def test_decided_pairs_are_gone_and_the_rest_stands(rows: list[dict[str, str | None]], data: st.DataObject) -> None:
    records = people(*rows)
    before = [(each.left_id, each.right_id) for each in propose(records, ALL)]
    rejected = data.draw(st.sets(st.sampled_from(before))) if before else set()
    after = propose(records, ALL, Decisions.of(rejected=[(right, left) for left, right in rejected]))
    assert [(each.left_id, each.right_id) for each in after] == [pair for pair in before if pair not in rejected]


IDS = [f"r{place}" for place in range(8)]
PAIRS = st.sets(st.sampled_from([(a, b) for a in IDS for b in IDS if a < b]), max_size=12)


def _proposals(probabilities: dict[tuple[str, str], float]) -> Proposals:
    pairs = sorted(probabilities)
    empty = propose(people()).table
    table = pl.DataFrame(
        {
            "left_id": [left for left, _ in pairs],
            "right_id": [right for _, right in pairs],
            "probability": [probabilities[pair] for pair in pairs],
        },
        schema_overrides={"left_id": pl.String(), "right_id": pl.String(), "probability": pl.Float64()},
    )
    return Proposals(
        EntityType.PERSON, pl.concat([empty, table], how="diagonal").with_columns(pl.col("reasons").fill_null([]))
    )


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from([(a, b) for a in IDS for b in IDS if a < b]), st.floats(0.0, 1.0)), PAIRS, PAIRS)
def test_groups_hold_accepted_pairs_and_part_rejected_ones(
    probabilities: dict[tuple[str, str], float], accepted: set[tuple[str, str]], rejected: set[tuple[str, str]]
) -> None:
    decisions = Decisions.of(accepted - rejected, rejected)
    groups = group(_proposals(probabilities), decisions)
    of = {record_id: place for place, ids in enumerate(groups.members) for record_id in ids}
    assert len(of) == sum(len(ids) for ids in groups.members)  # nobody stands in two groups
    assert all(of[left] == of[right] for left, right in decisions.accepted)
    for left, right in rejected:
        is_together = left in of and of[left] == of.get(right)
        assert is_together == ((left, right) in groups.contradictions)
    assert all(list(ids) == sorted(ids) and len(ids) > 1 for ids in groups.members)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from([(a, b) for a in IDS for b in IDS if a < b]), st.floats(0.0, 1.0)))
def test_a_group_is_on_average_more_likely_one_than_not(probabilities: dict[tuple[str, str], float]) -> None:
    groups = group(_proposals(probabilities))
    for ids in groups.members:
        pairs = [(a, b) for a in ids for b in ids if a < b]
        # The last join had a mean of a half between its sides, and so had every join before it.
        assert sum(probabilities.get(pair, 0.0) for pair in pairs) / len(pairs) >= 0.5 - 1e-12
