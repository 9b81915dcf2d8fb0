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
