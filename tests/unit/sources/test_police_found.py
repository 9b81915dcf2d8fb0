"""The table of police-found crime: what it holds back, what it lets through, and the page that shows it."""

from pathlib import Path

import polars as pl
import pytest

from peelian.sources.police_found import (
    is_police_found_label,
    names_police_found,
    police_files,
    police_found,
    why_police_activity,
)

PAGE = Path(__file__).parents[3] / "docs" / "methods" / "police-found-crime.md"


@pytest.mark.parametrize(
    "label",
    [
        *(
            "Drugs",
            "DRUG OFFENCES",
            "Narcotics - possession",
            "POSSESSION OF CANNABIS",
            "Controlled-substance violation",
        ),
        *("Possession of weapons", "possession-of-weapons", "WEAPONS VIOLATION", "Having a bladed article in public"),
        *("UNLAWFUL USE OF WEAPON", "Concealed carry license violation", "OFFENSIVE WEAPON"),
        *(
            "Stop and Search",
            "stop-and-frisk",
            "PROSTITUTION",
            "DUI - driving while intoxicated",
            "Liquor law violation",
        ),
        *("GAMBLING", "Loitering", "HANDLING STOLEN GOODS", "Going equipped for stealing", "Resisting arrest"),
        *(
            "OBSTRUCTING A POLICE CONSTABLE",
            "Assault on a police officer",
            "warrant",
            "Interference with Public Officer",
        ),
    ],
)
def test_what_police_find_is_refused_however_it_is_written(label: str) -> None:
    assert names_police_found(label)
    assert pl.select(is_police_found_label(pl.lit(label))).item()


@pytest.mark.parametrize(
    "label",
    [
        *("Burglary", "BURGLARY - DRUG STORE", "Theft from chemist (drugs taken)", "Robbery with weapons"),
        *("Assault with a deadly weapon", "Violence and sexual offences", "Public order", "Anti-social behaviour"),
        *("Theft of services", "Device theft", "Criminal damage", "Arson", "Motor vehicle theft", "Other crime"),
        *("Vehicle crime", "Bicycle theft", "Shoplifting", "Dwelling burglary"),
    ],
)
def test_what_the_public_reports_is_let_through(label: str) -> None:
    assert not names_police_found(label)
    assert not pl.select(is_police_found_label(pl.lit(label))).item()


def test_a_blank_label_is_not_police_found() -> None:
    assert (
        not pl.DataFrame({"l": [None, ""]}, schema={"l": pl.String})
        .select(is_police_found_label(pl.col("l")).fill_null(value=False))
        .to_series()
        .any()
    )


def test_every_class_has_a_way_to_be_known_a_reason_and_a_source() -> None:
    for offence in police_found():
        assert offence.codes or offence.begins or offence.anywhere, offence.name
        assert offence.reason.endswith("."), offence.name
        assert offence.source, offence.name
        assert (offence.feed == "slmpd") == bool(offence.codes), offence.name
        for words in (*offence.begins, *offence.anywhere):
            assert words == words.lower().strip()


def test_the_page_shows_the_whole_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for offence in police_found():
        known_by = ", ".join([*offence.codes, *(f"{w}…" for w in offence.begins), *offence.anywhere])
        assert f"| {offence.feed} | {offence.name} | {known_by} | {offence.reason} | {offence.source} |" in page
    for file in police_files():
        assert f"| {file.name} | {', '.join(file.columns)} | {file.reason} | {file.source} |" in page


@pytest.mark.parametrize(
    "column", ["Object of search", "SELF-DEFINED ETHNICITY", "frisked_flag", "ARREST_KEY", "Stop Reason"]
)
def test_a_file_of_police_activity_is_known_by_one_column(column: str) -> None:
    assert why_police_activity(["Date", column, "Latitude"]) is not None


def test_a_file_of_crimes_is_not_taken_for_police_activity() -> None:
    chicago = ["ID", "Date", "Primary Type", "Arrest", "Domestic", "Beat", "Latitude", "Longitude"]
    street = ["Crime ID", "Month", "Falls within", "Crime type", "Last outcome category"]
    assert why_police_activity(chicago) is None
    assert why_police_activity(street) is None
