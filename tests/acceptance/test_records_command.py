"""The common store from the command line: import, a first search, a record, a refusal, and what wrong words answer."""

import json
from pathlib import Path

import pytest
from tests.homes import peelian
from tests.pole_files import count, write_pole_files

WHY = ["--purpose", "burglary 17: who had the van"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A home with the small set, and the folder it came from."""
    home = tmp_path_factory.mktemp("records") / "home"
    folder = write_pole_files(home.parent / "pole")
    done = peelian("records", "import", "manchester", str(folder), home=home)
    assert done.returncode == 0, done.stderr
    assert "A first search, for 'hamliton tod': 1 found" in done.stdout
    assert "Todd Hamilton" in done.stdout
    return home, folder


def test_import_again_as_json_adds_nothing(filled: tuple[Path, Path]) -> None:
    home, folder = filled
    done = peelian("records", "import", "manchester", str(folder), "--json", home=home)
    told = json.loads(done.stdout)["tally"]
    assert (told["records"], told["links"], told["same"]) == (0, 0, sum(count(folder)))
    assert "done" in peelian("records", "imports", home=home).stdout


def test_search_and_show(filled: tuple[Path, Path]) -> None:
    home, _ = filled
    found = json.loads(peelian("records", "search", "ry52apf", *WHY, "--json", home=home).stdout)
    assert [h["title"] for h in found["hits"]] == ["RY52 APF Toyota 4Runner"]
    near = peelian("records", "search", "", *WHY, "--type", "crime", "--near", "-2.61741,53.530988,50", home=home)
    assert "12 found" in near.stdout
    todd = json.loads(peelian("records", "search", "todd hamilton", *WHY, "--json", home=home).stdout)["hits"][0][
        "record"
    ]
    shown = peelian("records", "show", str(todd), *WHY, home=home)
    for words in ("Person", "Todd", "lives at 178 Polding Street", "Reviewed by"):
        assert words in shown.stdout
    past = peelian("records", "show", str(todd), *WHY, "--as-of", "2017-01-01", home=home)
    assert past.returncode == 1
    assert "first recorded" in past.stderr


def test_export_reads_back(filled: tuple[Path, Path], tmp_path: Path) -> None:
    home, folder = filled
    done = peelian("records", "export", "csv", str(tmp_path / "out"), *WHY, home=home)
    assert done.returncode == 0, done.stderr
    words = ["records", "import", "csv", str(tmp_path / "out"), "--mapping", str(tmp_path / "out" / "mapping.toml")]
    told = json.loads(peelian(*words, "--json", home=tmp_path / "second").stdout)["tally"]
    assert (told["records"], told["links"]) == count(folder)


def test_projection_makes_events_for_the_night(filled: tuple[Path, Path]) -> None:
    home, _ = filled
    words = ["records", "project", "gmp", "--name", "Greater Manchester", "--delay-hours", "12"]
    done = peelian(*words, home=home)
    assert "12 crimes read; events: 9 new" in done.stdout
    assert "3 police-found" in done.stdout
    assert "9 unchanged" in peelian(*words, home=home).stdout


def test_retention_from_the_command_line(filled: tuple[Path, Path]) -> None:
    home, _ = filled
    due = json.loads(peelian("records", "due", "--json", home=home).stdout)
    assert {d["type"] for d in due} == {"crime", "call"}
    done = peelian("records", "dispose", str(due[0]["record"]), "--reason", "nine years passed", home=home)
    assert "disposed of 1 records" in done.stdout
    gone = peelian("records", "show", str(due[0]["record"]), *WHY, home=home)
    assert "disposed of on" in gone.stderr
    assert "clocks changed" in peelian("records", "policy", home=home).stdout
    assert "records indexed" in peelian("records", "reindex", home=home).stdout
    assert "0 saved searches ran" in peelian("records", "alerts", home=home).stdout
    assert peelian("audit", "verify", home=home).returncode == 0


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["search", "x"], 2, "--purpose"),
        (["search", "x", "--purpose", "x"], 1, "purpose"),
        (["search", "", *WHY], 1, "say what to search for"),
        (["search", "x", *WHY, "--near", "here"], 2, "LONGITUDE"),
        (["search", "x", *WHY, "--since", "soon"], 2, "not a day"),
        (["show", "424242", *WHY], 1, "there is no record 424242"),
        (["import", "nonsense", "."], 2, "known are"),
        (["import", "csv", "."], 2, "mapping"),
        (["import", "manchester", "/no/such/folder"], 1, "no folder"),
        (["import", "sdm", "/no/such/file"], 2, "source"),
        (["import", "followthemoney", "/no/such/file", "--source", "x"], 1, "cannot be read"),
        (["export", "pdf", "out", *WHY], 2, "known are"),
        (["dispose", "424242", "--reason", "x"], 1, "there is no record"),
    ],
)
def test_wrong_words_are_an_error_in_a_sentence(
    filled: tuple[Path, Path], words: list[str], status: int, told: str
) -> None:
    home, _ = filled
    done = peelian("records", *words, home=home)
    assert done.returncode == status, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
