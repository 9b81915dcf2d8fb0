"""Mappings are strict: what is unknown, missing or senseless is named with its mend."""

import pytest
from tests.feeds import MAPPING

from peelian.errors import SourceError
from peelian.sources.mapping import parse_mapping


def test_a_whole_mapping_is_read() -> None:
    mapping = parse_mapping(MAPPING)
    assert mapping.force.id == "anytown"
    assert mapping.columns.occurred_from == ("From",)
    assert mapping.crime_types == {"Burglary": "burglary", "Robbery": "robbery"}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[place]", "[palce]", r"unknown key 'palce'; did you mean 'place'"),
        ("crime_type =", "crime_typ =", r"\[columns\]: unknown key 'crime_typ'; did you mean 'crime_type'"),
        ('x = "X"\n', "", r"\[columns\]: x is missing"),
        ("[crime_types]", "[refuse]\ncrime_types = []\n[crime_typez]", "unknown key 'crime_typez'"),
        ("EPSG:27700", "EPSG:99999", "CRS 'EPSG:99999' is not known"),
        ("Europe/London", "Europe/Londn", "time zone 'Europe/Londn' is not known"),
        ('"anytown"', '"Any Town"', "force id 'Any Town'"),
        ("assumed_delay_hours = 12", 'assumed_delay_hours = "12"', "assumed_delay_hours = '12'; write a number"),
        ("assumed_delay_hours = 12", "assumed_delay_hours = -1", "not negative"),
        ('formats = ["%d/%m/%Y %H:%M", "%d/%m/%Y"]', 'formats = ["dd/mm/yyyy"]', "formats = .*write such as"),
        ('"%d/%m/%Y"]', '"%m/%Y"]', "names no day"),
        ('y = "Y"', 'y = ""', r"\[columns\]: y is blank; name the file's column"),
        ('occurred_from = "From"', 'occurred_from = ["From", ""]', "occurred_from is blank"),
        ('occurred_from = "From"', "occurred_from = []", "occurred_from is blank"),
        ('y = "Y"', "y = 7", "y = 7; write a text in quotes"),
        ('name = "Anytown"', 'name = "Anytown"\ndate_precision = "hour"', "write one of minute, day, month"),
        ('y = "Y"', 'y = "Y"\nstatus = "S"', r"no \[status\] retracted"),
        ("[force]", "[force", "TOML has quotes"),
        ("[place]", '[file]\ndelimiter = ";;"\n[place]', "it is one character"),
    ],
)
def test_what_cannot_be_right_is_named_with_its_mend(old: str, new: str, words: str) -> None:
    assert old in MAPPING
    with pytest.raises(SourceError, match=words):
        parse_mapping(MAPPING.replace(old, new, 1))
