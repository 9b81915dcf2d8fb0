"""``peelian ingest`` and ``peelian areas`` as a person runs them: words, JSON, exit codes, and never a traceback."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ANYTOWN = ROOT / "examples" / "anytown"
CITY = ROOT / "examples" / "city-of-london"


def peelian(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "peelian", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_feed_goes_in_with_a_table_and_again_changes_nothing(tmp_path: Path) -> None:
    words = ("ingest", "csv", ANYTOWN / "incidents.csv", "--mapping", ANYTOWN / "mapping.toml", "--home", tmp_path)
    first = peelian(*words)
    assert first.returncode == 0, first.stderr
    assert first.stderr == ""
    for told in ("anytown from csv: ingest 1", "kept", "301", "refused: police-found", "axes swapped", "Refused rows"):
        assert told in first.stdout
    again = peelian(*words)
    assert "nothing new" in again.stdout
    assert peelian("areas", "list", "--home", tmp_path).stdout.split()[:2] == ["district", "3"]


def test_the_mend_of_a_refused_row_names_the_table_of_the_mapping(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text((ANYTOWN / "mapping.toml").read_text().replace('"ROBBERY PERSONAL" = "robbery"\n', ""))
    done = peelian("ingest", "csv", ANYTOWN / "incidents.csv", "--mapping", mapping, "--home", tmp_path / "home")
    assert "add the label to the mapping's [crime_types]" in " ".join(done.stdout.replace("│", " ").split())


def test_json_is_for_programs_and_accounts_for_every_row(tmp_path: Path) -> None:
    done = peelian("ingest", "police-uk", CITY, "--json", "--home", tmp_path)
    report = json.loads(done.stdout)
    assert report["force_id"] == "city-of-london"
    parts = ("kept", "corrected", "duplicate", "retracted", "n_refused")
    assert sum(report[part] for part in parts) == report["rows_read"] == 1_966
    assert len(report["skipped"]) == 1
    example = report["refused"][0]["examples"][0]
    assert set(example) == {"file", "line", "value"}


def test_a_drafted_mapping_can_be_saved_and_used(tmp_path: Path) -> None:
    drafted = peelian("ingest", "csv", ANYTOWN / "incidents.csv", "--suggest")
    assert drafted.returncode == 0
    assert "CONFIRM" in drafted.stdout
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(drafted.stdout)
    done = peelian("ingest", "csv", ANYTOWN / "incidents.csv", "--mapping", mapping, "--home", tmp_path / "home")
    assert done.returncode == 0, done.stderr


def test_a_polygon_layer_named_in_the_mapping_comes_in_with_the_feed(tmp_path: Path) -> None:
    boundaries = ROOT / "examples" / "london-boundaries" / "boroughs.geojson.gz"
    text = (ANYTOWN / "mapping.toml").read_text()
    layer = f'\n[areas]\nlevel = "borough"\nfile = "{boundaries}"\nid = "gss_code"\nname = "name"\n'
    (tmp_path / "mapping.toml").write_text(text + layer)
    home = tmp_path / "home"
    done = peelian("ingest", "csv", ANYTOWN / "incidents.csv", "--mapping", tmp_path / "mapping.toml", "--home", home)
    assert done.returncode == 0, done.stderr
    listed = peelian("areas", "list", "--json", "--home", home)
    assert {"level": "borough", "areas": 33, "from": "polygons"} in json.loads(listed.stdout)


def test_areas_are_added_and_masked_for_the_only_force(tmp_path: Path) -> None:
    peelian("ingest", "police-uk", CITY, "--home", tmp_path)
    boroughs = ROOT / "examples" / "london-boundaries" / "boroughs.geojson.gz"
    added = peelian("areas", "add", "borough", boroughs, "--id", "gss_code", "--name", "name", "--home", tmp_path)
    assert "33 areas of level borough kept" in added.stdout
    masked = peelian("areas", "mask", boroughs, "--home", tmp_path)
    assert "33 polygons masked" in masked.stdout


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["ingest", "csv", "nowhere.csv", "--mapping", "x.toml"], 1, "x.toml: the mapping cannot be read"),
        (["ingest", "csv", "nowhere.csv"], 2, "--suggest"),
        (["ingest", "slmpd", "nowhere.csv"], 1, "nowhere.csv: there is no such file"),
        (["ingest", "slmpd"], 2, "Missing argument"),
        (["ingest", "police-uk", str(ANYTOWN)], 1, "not a street file of data.police.uk"),
        (["areas", "list"], 1, "known are none: run `peelian ingest` first"),
        (["areas", "add", "ward", "nowhere.gpkg", "--force", "x"], 1, "no events of force 'x'"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_a_code(tmp_path: Path, words: list[str], code: int, told: str) -> None:
    done = peelian(*words, "--home", tmp_path)
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
