"""Tables that break careless linkage: nothing, one, all the same, all empty, and blocks that explode."""

import subprocess
import sys

import pytest
from tests.linkage_records import people

from peelian.linkage import LinkageSettings, group, propose
from peelian.linkage.blocking import person_keys
from peelian.linkage.features import person_features


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_records_give_no_proposal(count: int) -> None:
    proposals = propose(people(*[{"surname": "Novak"}] * count))
    assert len(proposals) == 0
    assert group(proposals).members == ()


@pytest.mark.parametrize("count", [3, 600])
def test_records_that_say_nothing_give_no_proposal(count: int) -> None:
    assert len(propose(people(*[{}] * count))) == 0


def test_a_column_that_nobody_fills_is_left_out() -> None:
    rows: list[dict[str, str | None]] = [{"surname": f"Novak{place}", "given_name": None} for place in range(600)]
    proposals = propose(people(*rows))
    assert "given" not in {each.name for each in proposals.comparisons}


def test_a_thousand_namesakes_are_compared_with_their_neighbours_only() -> None:
    records = people(*[{"given_name": "John", "surname": "Smith"}] * 1000)
    keys = person_keys(person_features(records), 200, 40)
    sizes = keys.table.explode("keys").group_by("keys").len().get_column("len")
    assert sizes.max() == 200
    # Runs of 200 that overlap by half: in each of a namesake's keys two runs, not a thousand records.
    assert int((sizes * (sizes - 1) // 2).sum()) < 1000 * 200 * keys.table.get_column("keys").list.n_unique().max()  # type: ignore[operator] # the column holds lists
    assert keys.narrowed[0].endswith(
        "the most common by 1,000: there each record was compared with its nearest neighbours only."
    )
    proposals = propose(records)
    assert len(proposals) == 0  # a name alone, the commonest there is, makes nobody one
    assert keys.narrowed[0] in proposals.remarks


def test_the_runs_of_a_large_block_put_those_who_agree_side_by_side() -> None:
    rows: list[dict[str, str | None]] = [
        {"given_name": "John", "surname": "Smith", "date_of_birth": f"{1900 + place % 100}-{1 + place % 12:02d}-11"}
        for place in range(900)
    ]
    keys = person_keys(person_features(people(*rows)), 50, 40).table.sort("record_id")
    born = {f"r{place}": row["date_of_birth"] for place, row in enumerate(rows)}
    shared: dict[str, set[str]] = {}
    for record_id, mine in keys.iter_rows():
        for key in mine:
            shared.setdefault(key, set()).add(record_id)
    together = {frozenset((a, b)) for ids in shared.values() for a in ids for b in ids if a < b}
    twins = {frozenset((a, b)) for a in born for b in born if a < b and born[a] == born[b]}
    assert twins <= together


def test_a_thousand_identical_records_are_tied_to_one() -> None:
    john: dict[str, str | None] = {
        "given_name": "John",
        "surname": "Smith",
        "date_of_birth": "1990-01-02",
        "postcode": "N1 9GU",
    }
    proposals = propose(people(*[john] * 1000))
    assert len(proposals) == 999
    assert {reason for each in proposals for reason in each.reasons} == {"same name, date of birth and postcode"}


def test_hostile_text_is_compared_as_text() -> None:
    odd: dict[str, str | None] = {
        "given_name": "\x00é😀ﷺ",
        "surname": "O'Brien\"; drop table people; --",
        "date_of_birth": "99999-99-99",
        "postcode": "N1' or '1'='1",
        "email": "a" * 100_000 + "@example.org",
        "address": "{{ 1 + 1 }} <script>" * 1000,
    }
    proposals = propose(people(odd, odd, odd | {"surname": None}))
    assert proposals.between("r0", "r1") is not None


def test_a_missing_package_is_named_with_the_mend() -> None:
    script = (
        "import sys; sys.modules['splink'] = None\n"
        "from peelian.linkage import EntityType, LinkageSettings, propose, records_of\n"
        "from peelian.errors import LinkageError\n"
        "records = records_of(EntityType.PERSON, [{'record_id': i, 'phone': '020 7946 0018'} for i in 'ab'])\n"
        "assert len(propose(records, LinkageSettings(is_weighed=False))) == 1\n"
        "try:\n"
        "    propose(records)\n"
        "except LinkageError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == (
        "weighing persons needs Splink, and splink is not installed: pip install 'peelian[linkage]', "
        "or ask for the rules alone (is_weighed = false).\n"
    )


def test_a_small_store_is_weighed_by_the_starting_chances() -> None:
    rows: list[dict[str, str | None]] = [{"given_name": "Anna", "surname": f"Novak{place}"} for place in range(20)]
    assert propose(people(*rows)).comparisons == propose(people(*rows), LinkageSettings(seed=7)).comparisons
