"""``peelian backtest`` and ``peelian choose`` as a person runs them: words, JSON, files, exit status."""

import json
from pathlib import Path

import polars as pl
import pytest
from tests.homes import make_home, peelian

RANGE = ("--from", "2018-04-02", "--to", "2018-04-15", "--name", "april")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("home"))


def test_a_backtest_prints_claims_and_keeps_its_files(home: Path) -> None:
    done = peelian("backtest", *RANGE, "-m", "smoothed-counts", "-m", "smoothed-counts@floating", home=home)
    assert done.returncode == 0, done.stderr
    assert "recent-counts" in done.stdout
    assert "smoothed-counts@floating" in done.stdout
    assert "95 % interval" in done.stdout or "too few events" in done.stdout
    folder = home / "backtests" / "april"
    for name in ("report.html", "verdict.json", "scores.parquet", "boxes.parquet", "plan.json"):
        assert (folder / name).exists(), name
    assert pl.read_parquet(folder / "boxes.parquet").height > 0


def test_the_verdict_as_json_is_that_of_the_file(home: Path) -> None:
    asked = ("backtest", *RANGE, "-m", "smoothed-counts", "-m", "smoothed-counts@floating")
    done = peelian(*asked, "--json", home=home)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    kept = json.loads((home / "backtests" / "april" / "verdict.json").read_text(encoding="utf-8"))
    assert {k: v for k, v in said.items() if k != "folder"} == kept
    assert said["is_complete"] is True
    assert {m["method"] for m in said["measures"]} == {"recent-counts", "smoothed-counts", "smoothed-counts@floating"}


def test_the_grids_luck_is_told_in_the_table_the_json_and_the_report(home: Path) -> None:
    asked = ("backtest", "--from", "2018-04-02", "--to", "2018-04-09", "--name", "luck", "-m", "all-history")
    done = peelian(*asked, "--origins", "4", home=home)
    assert done.returncode == 0, done.stderr
    assert "the grid's luck: 4 places within a cell" in done.stdout
    kept = json.loads((home / "backtests" / "luck" / "verdict.json").read_text(encoding="utf-8"))
    assert {(r["crime_type"], r["method"]) for r in kept["origins"]} >= {
        ("burglary", "all-history"),
        ("*", "all-history"),
    }
    assert "What the grid’s place is worth" in (home / "backtests" / "luck" / "report.html").read_text(encoding="utf-8")
    other = peelian(*asked, "--origins", "9", home=home)
    assert other.returncode == 1
    assert other.stderr.startswith("peelian: origins = 9")
    again = peelian(*asked, home=home)
    assert "was made with origins = 4, asked is 1" in again.stderr


def test_choosing_says_why_for_every_area_and_type(home: Path) -> None:
    peelian("backtest", *RANGE, "-m", "smoothed-counts", "-m", "smoothed-counts@floating", home=home)
    done = peelian("choose", "--on", "2018-04-16", "--json", home=home)
    assert done.returncode == 0, done.stderr
    choices = json.loads(done.stdout)["choices"]
    assert {c["area"] for c in choices} == {"North", "South"}
    assert all(c["why"] for c in choices)
    assert (home / "choices" / "town" / "2018-04-16.json").exists()
    told = peelian("choose", "--on", "2018-04-16", home=home)
    assert "best over all areas" in told.stdout.replace("\n", " ") or "better here" in told.stdout


def test_a_period_without_an_answer_is_told_and_the_exit_status_says_so(home: Path) -> None:
    done = peelian(
        "backtest", "--from", "2018-04-02", "--to", "2018-04-05", "--name", "arson", "--crime-type", "burglery",
        "--crime-type", "larceny", "-m", "smoothed-counts", home=home,
    )  # fmt: skip
    assert done.returncode == 1
    said = done.stdout.replace("\n", " ")
    assert "no answer: recent-counts, burglery, 4 periods from 2018-04-02" in said
    assert "did you mean 'burglary'?" in said
    assert (home / "backtests" / "arson" / "report.html").exists()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--from", "2018-04-02", "--to", "2018-07-15"), "cannot be judged"),
        (("--from", "2017-01-02", "--to", "2017-01-15"), "no event was known"),
        (("--from", "2018-04-02", "--to", "2018-04-05", "-m", "mixtur"), "did you mean 'mixture'"),
        (("--from", "2018-04-02", "--to", "2018-04-05", "--horizon", "week"), "no whole week"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_sentence(home: Path, words: tuple[str, ...], reason: str) -> None:
    done = peelian("backtest", *words, "--name", "wrong", home=home)
    assert done.returncode == 1
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("peelian: ")


def test_day_that_is_none_is_a_wrong_use(home: Path) -> None:
    done = peelian("backtest", "--from", "2018-04-99", "--to", "2018-04-05", home=home)
    assert done.returncode == 2
    assert "is not a day" in done.stderr


def test_help_names_every_option_of_the_guide() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guide" / "backtest.md").read_text(encoding="utf-8")
    import os
    import re
    import subprocess
    import sys

    shown = subprocess.run(
        [sys.executable, "-m", "peelian", "backtest", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "200"},
    ).stdout
    options = set(re.findall(r"--[a-z][a-z-]+", shown)) - {"--help"}
    missing = sorted(o for o in options if f"{o}`" not in guide and f"{o} " not in guide)
    assert not missing, f"docs/guide/backtest.md does not tell of {', '.join(missing)}"
