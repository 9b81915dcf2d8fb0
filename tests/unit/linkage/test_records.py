"""What linkage takes, and what it refuses with the mend."""

import polars as pl
import pytest

from peelian.errors import LinkageError
from peelian.linkage import Decisions, EntityType, LinkageRecords, LinkageSettings, propose, records_of
from peelian.linkage.names import name_words


def test_an_absent_column_is_empty_and_order_is_by_id() -> None:
    records = LinkageRecords.of(EntityType.VEHICLE, pl.DataFrame({"record_id": ["b", "a"], "plate": ["X1", " "]}))
    assert records.table.to_dict(as_series=False) == {"record_id": ["a", "b"], "plate": [None, "X1"], "vin": [None] * 2}


@pytest.mark.parametrize("said", ["", "  ", "unknown", "Not Known", "N/A", "-", "withheld"])
def test_not_knowing_is_nothing_said(said: str) -> None:
    assert records_of(EntityType.PERSON, [{"record_id": "a", "surname": said}]).table["surname"].to_list() == [None]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (pl.DataFrame({"plate": ["X1"]}), "no column 'record_id'"),
        (pl.DataFrame({"record_id": ["a"], "plaet": ["X1"]}), "did you mean 'plate'"),
        (pl.DataFrame({"record_id": ["a"], "xyz": ["X1"]}), "known are record_id, plate, vin"),
        (pl.DataFrame({"record_id": ["a", "a"]}), "'a' stands on two"),
        (pl.DataFrame({"record_id": ["a", None]}), "has no record_id"),
        (pl.DataFrame({"record_id": ["a", " "]}), "has no record_id"),
        (pl.DataFrame({"record_id": [1, 2]}), "holds Int64; wanted text"),
    ],
)
def test_a_table_that_cannot_be_compared_is_refused(table: pl.DataFrame, words: str) -> None:
    with pytest.raises(LinkageError, match=words):
        LinkageRecords.of(EntityType.VEHICLE, table)


@pytest.mark.parametrize("name", ["least_probability", "least_precision"])
@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, 2.0])
def test_a_chance_lies_between_nought_and_one(name: str, value: float) -> None:
    with pytest.raises(LinkageError, match=name):
        LinkageSettings(**{name: value})  # type: ignore[arg-type] # the name is the test's


def test_a_limit_below_a_pair_is_refused() -> None:
    with pytest.raises(LinkageError, match="most_in_block = 1"):
        LinkageSettings(most_in_block=1)


def test_settings_of_another_type_are_refused() -> None:
    with pytest.raises(LinkageError, match="settings for person records"):
        propose(records_of(EntityType.VEHICLE, []), LinkageSettings())


def test_a_pair_both_accepted_and_rejected_is_refused() -> None:
    with pytest.raises(LinkageError, match="both accepted and rejected"):
        Decisions.of(accepted=[("a", "b")], rejected=[("b", "a")])
    with pytest.raises(LinkageError, match="a pair is two records"):
        Decisions.of(accepted=[("a", "a")])


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("Sir William Chance, 2nd Baronet", ("william", "chance")),
        ("O’Neill", ("oneill",)),
        ("Major-General Thiselton-Dyer", ("thiselton", "dyer")),
        ("Müller, Zoë", ("muller", "zoe")),
        ("Василий", ("vasiliy",)),
        ("Sir", ("sir",)),
        ("anna anna", ("anna",)),
        ("", ()),
        ("\x00\x07", ()),
        ("x " * 1000, ("x",)),
    ],
)
def test_a_name_is_its_telling_words(written: str, words: tuple[str, ...]) -> None:
    assert name_words(written) == words
