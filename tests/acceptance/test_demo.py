"""The README's first command, as a newcomer gives it, and other people's programs reading what it made."""

import json
import subprocess
from pathlib import Path

import pytest
from tests.conftest import needs
from tests.homes import peelian

NIGHT = "2018-12-21"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The demo's last night, and what it printed."""
    home = tmp_path_factory.mktemp("demo")
    done = peelian("demo", home=home)
    assert done.returncode == 0, done.stderr
    return home / "nights" / NIGHT, done.stdout


def test_demo_prints_areas_types_boxes_scores_and_where_the_page_is(demo: tuple[Path, str]) -> None:
    folder, printed = demo
    for word in ("District 1", "District 6", "burglary", "counts", "random", "95 %", "no ground for stop and search"):
        assert word in printed
    assert str(folder / "index.html") in printed.replace("\n", "")


def test_demo_given_again_makes_the_same_night(demo: tuple[Path, str]) -> None:
    folder, _ = demo
    before = (folder / "boxes.csv").read_bytes()
    again = peelian("demo", home=folder.parents[1])
    assert again.returncode == 0, again.stderr
    assert (folder / "boxes.csv").read_bytes() == before


@pytest.mark.parametrize("name", ["boxes.geojson", "boxes.gpkg"])
def test_gdal_reads_the_boxes(demo: tuple[Path, str], name: str) -> None:
    needs("ogrinfo", "gdal-bin")
    folder, _ = demo
    read = subprocess.run(
        ["ogrinfo", "-ro", "-so", "-al", str(folder / name)], capture_output=True, text=True, check=False
    )
    assert read.returncode == 0, read.stderr
    assert "Polygon" in read.stdout
    # Six districts, four crime types, ten boxes and four nearly chosen.
    assert "Feature Count: 336" in read.stdout or "Feature Count: 240" in read.stdout


def test_briefing_says_on_every_page_that_a_box_gives_no_ground(demo: tuple[Path, str]) -> None:
    needs("pdftotext", "poppler-utils")
    folder, _ = demo
    for briefing in sorted(folder.glob("briefing-*.pdf")):
        text = subprocess.run(
            ["pdftotext", "-layout", str(briefing), "-"], capture_output=True, text=True, check=True
        ).stdout
        pages = text.split("\f")[:-1]
        assert len(pages) == 4
        assert all("no ground for stop and search" in page for page in pages)


def test_night_tells_what_it_was_made_from_and_how_yesterday_did_beside_every_baseline(demo: tuple[Path, str]) -> None:
    folder, _ = demo
    night = json.loads((folder / "night.json").read_text(encoding="utf-8"))
    assert len(night["inputs"]["fingerprint"]) == 64
    assert len(night["maps"]) == 24
    for one in night["maps"]:
        judged = [row["method"] for row in one["score"]["last"]]
        assert judged == ["boxes", "recent-counts", "all-history", "random", "hindsight"]
        assert not one["score"]["is_replayed"]


def test_reasons_of_every_box_add_up_to_the_whole(demo: tuple[Path, str]) -> None:
    folder, _ = demo
    assert (folder / "index.html").read_text(encoding="utf-8").count("100.0") >= 240
