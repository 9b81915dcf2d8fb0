"""Severity tables as the command prints them, and as a backtest or a night then reads them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from peelian.errors import SourceError
from peelian.events import Bundle
from peelian.settings import read_settings
from peelian.sources.severity import severity_names, severity_table


def said(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "peelian", "severity", *words], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", severity_names())
def test_every_shipped_number_says_what_it_is_where_it_was_read_and_how_far_it_was_checked(name: str) -> None:
    table = severity_table(name)
    assert all((table.title, table.unit, table.published, table.reference, table.read_from, table.standing, table.law))
    assert all(row.of for row in table.rows)


def test_mix_is_the_mean_by_recorded_offences() -> None:
    weights = dict(severity_table("cambridge-2026").bundle("harm", ["burglary", "criminal-damage-arson"]).weights)
    assert weights["burglary"] == pytest.approx((273.5 * 166_316 + 183.5 * 78_332) / (166_316 + 78_332), abs=0.005)
    assert weights["criminal-damage-arson"] == pytest.approx((2 * 432_167 + 185 * 22_837) / 455_004, abs=0.005)


def test_what_the_command_prints_is_a_bundle_that_the_settings_read_back(tmp_path: Path) -> None:
    done = said("bundle", "harm", "--table", "cambridge-2026", "--crime-type", "robbery", "--crime-type", "burglary")
    assert done.returncode == 0, done.stderr
    (tmp_path / "peelian.toml").write_text(done.stdout, encoding="utf-8")
    written = read_settings(tmp_path).bundles["harm"]
    table = severity_table("cambridge-2026").bundle("harm", ["burglary", "robbery"])
    assert dict(Bundle.from_mapping("harm", written).weights) == pytest.approx(dict(table.weights), rel=1e-4)
    assert "not compared with it" in done.stdout


def test_list_tells_the_source_beside_the_numbers() -> None:
    done = said("list", "cambridge-2026")
    assert done.returncode == 0
    assert "10.1093/police/paw003" in done.stdout
    assert "365.00" in done.stdout
    rows = json.loads(said("list", "--json").stdout)["cambridge-2026"]["rows"]
    assert {"crime_type": "shoplifting", "weight": 1.0, "of": "Shoplifting, 2 offences, both 1"} in rows


def test_unknown_table_is_one_sentence_and_exit_one() -> None:
    done = said("list", "cambridge-1066")
    assert done.returncode == 1
    assert "known are cambridge-2026" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "text", ["", "row = 3", '[[row]]\ncrime_type = "robbery"\ndays = 3', "title = [", "[[row]]\nmix = [[1, 0]]"]
)
def test_file_that_does_not_say_where_its_numbers_come_from_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match="wants title, unit"):
        severity_table(str(file))


#: As a workbook's sheet is saved: a title, notes, headings, groups without a weight. Weights made up for this test.
SHEET = """Table 3: List of weights
,,
Code,Offence description,Weight
,Robbery,
34A,Robbery of business property,"1,200.5"
34B,Robbery of personal property,800
30C,Residential burglary,400
,Source: made up,
"""
ABOUT = ("--title", "Made up", "--published", "nowhere")


def test_a_published_sheet_becomes_a_table_with_its_source_and_the_mixing_in_words(tmp_path: Path) -> None:
    sheet, table = tmp_path / "weights.csv", tmp_path / "ons.toml"
    sheet.write_text(SHEET, encoding="utf-8-sig")
    types = [
        "robbery=Robbery of business property*1000",
        "robbery=Robbery of personal property*3000",
        "burglary=Residential burglary",
    ]
    done = said("add", str(sheet), "--to", str(table), *ABOUT, *(w for t in types for w in ("--crime-type", t)))
    assert done.returncode == 0, done.stderr
    made = severity_table(str(table))
    weights = {row.crime_type: row.weight for row in made.rows}
    assert weights == pytest.approx({"robbery": (1200.5 * 1000 + 800 * 3000) / 4000, "burglary": 400.0}, abs=1e-4)
    assert "Robbery of personal property (800; 3000 recorded)" in made.rows[0].of
    assert made.read_from.startswith("weights.csv, SHA-256 ")
    assert said("bundle", "harm", "--table", str(table), "--crime-type", "robbery").returncode == 0


def test_a_workbook_is_read_by_its_sheet_of_weights(tmp_path: Path) -> None:
    import numpy as np
    import pyogrio

    book = tmp_path / "tool.xlsx"
    columns = [["Notes", "", "Offence", "Robbery"], ["", "", "Weight", "746"]]
    pyogrio.raw.write(
        book, None, [np.array(c, dtype=object) for c in columns], ["a", "b"], layer="List of weights", driver="XLSX"
    )
    table = tmp_path / "ons.toml"
    done = said("add", str(book), "--to", str(table), *ABOUT, "--crime-type", "robbery=Robbery")
    assert done.returncode == 0, done.stderr
    assert severity_table(str(table)).rows[0].weight == 746.0


@pytest.mark.parametrize(
    ("text", "words", "reason"),
    [
        (SHEET, "robbery=Robbery of busines property", "did you mean 'Robbery of business property'?"),
        (SHEET, "robbery", "write CRIME_TYPE=OFFENCE"),
        (SHEET, "robbery=Robbery of personal property*-3", "write CRIME_TYPE=OFFENCE"),
        ("a,b\n1,2\n", "robbery=a", "no row of headings with a weight and an offence"),
        ("Offence,Weight\nx,none\n", "robbery=x", "no offence with a weight"),
        ("Offence,Weight\nx,1\nx,2\n", "robbery=x", "weighs 1 and 2"),
        ("\xff\xfe", "robbery=x", "no row of headings"),
    ],
)
def test_a_sheet_that_is_none_is_named_with_its_mend(tmp_path: Path, text: str, words: str, reason: str) -> None:
    sheet, table = tmp_path / "weights.csv", tmp_path / "ons.toml"
    sheet.write_text(text, encoding="utf-8")
    done = said("add", str(sheet), "--to", str(table), *ABOUT, "--crime-type", words)
    assert done.returncode == 1
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
    assert not table.exists()


def test_the_old_excel_form_and_a_missing_file_say_what_to_do(tmp_path: Path) -> None:
    for name, reason in (("datatool.xls", "save the sheet as CSV or XLSX"), ("none.csv", "cannot be read as CSV")):
        done = said("add", str(tmp_path / name), "--to", str(tmp_path / "t"), *ABOUT, "--crime-type", "robbery=x")
        assert done.returncode == 1
        assert reason in done.stderr
