"""People weighed with the starting chances: which slips are forgiven, what the waterfall says, what is decided."""

import math
import re
from pathlib import Path

import pytest
from tests.linkage_records import people

from peelian.errors import LinkageError
from peelian.linkage import Decisions, LinkageSettings, group, propose
from peelian.linkage.comparisons import GRAIN, PERSON_COMPARISONS

ANNA: dict[str, str | None] = {
    "given_name": "Anna",
    "surname": "Novak",
    "date_of_birth": "1980-03-04",
    "postcode": "M14 5TP",
}


@pytest.mark.parametrize(
    ("slip", "name", "level"),
    [
        ({"given_name": "Novak", "surname": "Anna"}, "given", "found elsewhere in the other's name"),
        ({"given_name": "Novak", "surname": "Anna"}, "family", "found elsewhere in the other's name"),
        ({"given_name": "Novack", "surname": "Ana"}, "given", "found elsewhere in the other's name"),
        ({"given_name": "A."}, "given", "the other's initial"),
        ({"given_name": "Anne"}, "given", "a short form of the other"),
        ({"given_name": "Annna"}, "given", "spelt almost the same"),
        ({"given_name": "Boris"}, "given", "different"),
        ({"surname": "Nowak"}, "family", "spelt alike"),
        ({"surname": "Petrova"}, "family", "different"),
        ({"date_of_birth": "1980-04-03"}, "born", "day and month swapped"),
        ({"date_of_birth": "1980-03-14"}, "born", "one digit apart"),
        ({"date_of_birth": "1980-30-40"}, "born", "two digits apart"),
        ({"date_of_birth": "1980-12-28"}, "born", "the same year"),
        ({"date_of_birth": "about 1980"}, "born", "not said on both"),
        ({"postcode": "M14 5TQ"}, "postcode", "one character apart"),
        ({"postcode": "M14 5XA"}, "postcode", "the same sector"),
        ({"postcode": "M14 9XA"}, "postcode", "the same district"),
        ({"postcode": "M1 1AE"}, "postcode", "the same area"),
        ({"postcode": "LS1 4DY"}, "postcode", "different"),
        ({"postcode": None}, "postcode", "not said on both"),
    ],
)
def test_a_slip_is_called_what_it_is(slip: dict[str, str | None], name: str, level: str) -> None:
    anna = ANNA | {"phone": "020 7946 0018"}  # a rule names the pair whatever the slip
    proposal = propose(people(anna, anna | slip)).between("r1", "r0")
    assert proposal is not None
    assert {part.name: part.level for part in proposal.parts}[name] == level


@pytest.mark.parametrize(
    "slip",
    [
        {"given_name": "Novak", "surname": "Anna"},
        {"given_name": "A"},
        {"date_of_birth": "1980-04-03"},
        {"surname": "Nowak", "postcode": None},
        {"given_name": "Ana", "surname": "Novák", "date_of_birth": "1980-03-14"},
    ],
)
def test_one_slip_is_forgiven(slip: dict[str, str | None]) -> None:
    (proposal,) = propose(people(ANNA, ANNA | slip))
    assert proposal.probability is not None
    assert proposal.probability > 0.9


@pytest.mark.parametrize(
    "other",
    [
        {"given_name": "Anna", "surname": "Novak", "date_of_birth": "1951-11-29", "postcode": "LS1 4DY"},
        {"given_name": "Peter", "surname": "Novak", "date_of_birth": "1978-07-21", "postcode": "M14 5TP"},
    ],
    ids=["a namesake", "a husband"],
)
def test_another_person_is_not_proposed(other: dict[str, str | None]) -> None:
    assert len(propose(people(ANNA, other))) == 0


def test_what_a_household_shares_does_not_make_one_person() -> None:
    home = {"address": "12 Mill Lane", "place": "Manchester", "phone": "020 7946 0018"}
    husband = ANNA | home | {"given_name": "Peter", "date_of_birth": "1978-07-21"}
    (proposal,) = propose(people(ANNA | home, husband))
    assert proposal.reasons == ("same phone number",)
    shared = [part for part in proposal.parts if part.name in {"family", "postcode", "address", "place", "phone"}]
    *_, taken_back = proposal.parts
    assert taken_back.name == "household"
    assert taken_back.bits == -sum(part.total_bits for part in shared)
    assert proposal.probability is not None
    assert proposal.probability < 0.01


def test_the_waterfall_adds_up_and_says_each_step() -> None:
    (proposal,) = propose(people(ANNA, ANNA | {"date_of_birth": "1980-04-03", "postcode": None}))
    steps = list(proposal.waterfall())
    assert [words for words, _, _ in steps] == [
        "two records drawn at random",
        "given name: the same",
        "surname: the same",
        "date of birth: day and month swapped",
        "postcode: not said on both",
    ]
    assert steps[-1][1] == 0.0
    assert steps[-1][2] == sum(bits for _, bits, _ in steps) == proposal.weight
    assert proposal.probability == pytest.approx(1 / (1 + 2 ** -steps[-1][2]))
    assert proposal.parts[0].factor == pytest.approx(0.70 / 0.010, rel=1e-4)


def test_the_waterfall_of_the_page_is_true() -> None:
    page = Path(__file__).parents[3] / "docs" / "methods" / "linkage.md"
    other = {"given_name": "Kate", "surname": "O'Neal", "date_of_birth": "1984-11-03", "postcode": "M14 5TQ"}
    kate = {"given_name": "Katherine", "surname": "O'Neill", "date_of_birth": "1984-03-11", "postcode": "M14 5TP"}
    (proposal,) = propose(people(kate | {"phone": "0161 496 0123"}, other))
    text = re.sub(r" \([^)]*\) \|", " |", page.read_text(encoding="utf-8"))  # the page adds what was written
    for words, bits, so_far in proposal.waterfall():
        assert f"| {words} | {bits:.2f} | {so_far:.2f} |" in text


def test_starting_chances_of_a_comparison_sum_to_one() -> None:
    for each in PERSON_COMPARISONS:
        assert math.fsum(level.m for level in each.levels) == pytest.approx(1.0, abs=1e-9), each.name
        assert math.fsum(level.u for level in each.levels) == pytest.approx(1.0, abs=6e-3), each.name
        assert all((level.bits * GRAIN).is_integer() for level in each.levels)


def test_a_pair_that_only_a_rule_wants_says_what_speaks_against_it() -> None:
    phone = {"phone": "020 7946 0018"}
    other = {"given_name": "Boris", "surname": "Kowalski", "date_of_birth": "1951-11-29", "postcode": "LS1 4DY"}
    (proposal,) = propose(people(ANNA | phone, other | phone))
    assert proposal.reasons == ("same phone number",)
    assert proposal.probability is not None
    assert proposal.probability < 0.5
    against = {part.name for part in proposal.parts if part.bits < 0}
    assert against == {"given", "family", "born", "postcode", "household"}


def test_what_people_decided_is_not_proposed_again() -> None:
    records = people(ANNA, ANNA, ANNA)
    assert len(propose(records)) == 3
    decided = Decisions.of(accepted=[("r1", "r0")], rejected=[("r2", "r1")])
    (left,) = propose(records, decisions=decided)
    assert (left.left_id, left.right_id) == ("r0", "r2")


def test_a_rejected_pair_is_kept_apart_and_an_accepted_one_together() -> None:
    records = people(ANNA, ANNA, ANNA | {"given_name": "Ana"}, {"surname": "Kowalski"})
    decided = Decisions.of(accepted=[("r0", "r3")], rejected=[("r0", "r1")])
    groups = group(propose(records, decisions=decided), decided)
    together = {frozenset(ids) for ids in groups.members}
    assert any({"r0", "r3"} <= ids for ids in together)
    assert not any({"r0", "r1"} <= ids for ids in together)
    assert groups.contradictions == ()


def test_decisions_that_contradict_are_named() -> None:
    decided = Decisions.of(accepted=[("a", "b"), ("b", "c")], rejected=[("a", "c")])
    groups = group(propose(people()), decided)
    assert groups.members == (("a", "b", "c"),)
    assert groups.contradictions == (("a", "c"),)


def test_proposals_go_to_a_page_as_plain_values() -> None:
    (proposal,) = propose(people(ANNA, ANNA))
    page = proposal.as_json()
    assert page["left_id"] == "r0"
    assert page["reasons"] == ["same name, date of birth and postcode"]
    assert isinstance(page["waterfall"], list)
    assert page["waterfall"][0] == {
        "words": "two records drawn at random",
        "bits": proposal.start_bits,
        "so_far": proposal.start_bits,
    }


def test_too_low_a_precision_raises_the_bar() -> None:
    doubtful = [ANNA, ANNA | {"date_of_birth": None, "postcode": None, "given_name": "Anja"}]
    careful = propose(people(*doubtful), LinkageSettings(least_precision=0.999))
    bold = propose(people(*doubtful), LinkageSettings(least_probability=0.01, least_precision=0.01))
    assert len(careful) == 0
    assert careful.threshold == 0.999
    assert len(bold) == 1


def test_unknown_pair_has_no_proposal() -> None:
    assert propose(people(ANNA, ANNA)).between("r0", "r9") is None


def test_table_of_another_shape_is_refused() -> None:
    proposals = propose(people(ANNA, ANNA))
    with pytest.raises(LinkageError, match="proposals with columns"):
        type(proposals)(proposals.entity_type, proposals.table.drop("weight"), proposals.comparisons)
