"""The night's files as other programs read them: GDAL, poppler, another Python."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyogrio
import pytest
import shapely
from tests.conftest import needs
from tests.sample_nights import one_map, town_night

from peelian.delivery import boxes_geojson, briefing_pdf, night_files, night_of_area, write_geopackage
from peelian.delivery.words import NO_GROUND_ANY
from peelian.places import StudyArea

ROOT = Path(__file__).parents[2]
HOSTILE = '#eval("1") [x] $y$ \\ `z` _a_ *b* <c> @d "e" //f'


def test_another_process_with_another_hash_seed_writes_the_same_bytes() -> None:
    code = (
        "import hashlib; from tests.sample_nights import town_night; from peelian.delivery import *; n = town_night();"
        "print(*(hashlib.sha256(f(n)).hexdigest() for f in (boxes_geojson, boxes_csv, night_json, index_page)),"
        "hashlib.sha256(briefing_pdf(n, '1')).hexdigest())"
    )
    made = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            cwd=ROOT,
        ).stdout
        for seed in ("1", "2")
    ]
    assert made[0] == made[1]


def test_a_geopackage_has_three_layers_in_the_force_crs_with_every_box(tmp_path: Path) -> None:
    night, path = town_night(), tmp_path / "boxes.gpkg"
    write_geopackage(night, path)
    assert pyogrio.list_layers(path)[:, 0].tolist() == ["boxes", "areas", "version1"]
    info = pyogrio.read_info(path, layer="boxes")
    assert info["crs"] == "EPSG:27700"
    assert info["features"] == sum(a.boxes.table.height for a in night.areas)
    assert info["layer_metadata"]["note"] == NO_GROUND_ANY
    assert {"validity", "cutoff", "uncertainty", "location_precision"} <= set(info["layer_metadata"])


def test_version1_in_the_geopackage_is_as_large_as_its_cells(tmp_path: Path) -> None:
    night, path = town_night(), tmp_path / "boxes.gpkg"
    write_geopackage(night, path)
    *_, geometry, fields = pyogrio.raw.read(path, layer="version1")
    names = pyogrio.read_info(path, layer="version1")["fields"].tolist()
    areas = shapely.area(shapely.from_wkb(geometry))
    for a in night.areas:
        mine = (fields[names.index("area_id")] == a.area.id) & (fields[names.index("crime_type")] == a.bundle.name)
        cells = int((a.shading.step[a.area.cells] > 0).sum())
        assert areas[mine].sum() == pytest.approx(cells * night.layer.grid.cell_area_m2)


def test_an_equal_night_makes_an_equal_geopackage_and_leaves_no_setting_behind(tmp_path: Path) -> None:
    made = []
    for name in ("a.gpkg", "b.gpkg"):
        write_geopackage(town_night(), tmp_path / name)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") is None


@pytest.mark.parametrize("name", ["boxes.gpkg", "boxes.geojson"])
def test_ogrinfo_opens_what_we_write(tmp_path: Path, name: str) -> None:
    needs("ogrinfo", "gdal-bin")
    if name.endswith("gpkg"):
        write_geopackage(town_night(), tmp_path / name)
    else:
        (tmp_path / name).write_bytes(boxes_geojson(town_night()))
    said = subprocess.run(
        ["ogrinfo", "-ro", "-al", "-so", str(tmp_path / name)], check=True, capture_output=True, text=True
    ).stdout
    assert f"Feature Count: {sum(a.boxes.table.height for a in town_night().areas)}" in said


def pdf_text(pdf: bytes, folder: Path) -> list[str]:
    """Return the text of each page, blanks drawn together."""
    needs("pdftotext", "poppler-utils")
    (folder / "briefing.pdf").write_bytes(pdf)
    said = subprocess.run(
        ["pdftotext", "-raw", str(folder / "briefing.pdf"), "-"], check=True, capture_output=True, text=True
    ).stdout
    return [" ".join(page.split()) for page in said.split("\f") if page.strip()]


def test_a_briefing_is_one_page_a_crime_type_with_all_that_it_must_say(tmp_path: Path) -> None:
    night = town_night()
    area = night.layer.areas[0]
    pages = pdf_text(briefing_pdf(night, area.id), tmp_path)
    maps = [a for a in night.areas if a.area.id == area.id]
    assert len(pages) == len(maps)
    for page, a in zip(pages, maps, strict=True):
        assert NO_GROUND_ANY in page
        assert "Fri 21 Dec 18:00 to Sat 22 Dec 18:00, 2018" in page
        assert "Not valid after Sat 22 Dec 18:00. Records known at Fri 21 Dec 06:00." in page
        for wanted in ("plain counting", "boxes at random", "Goal:", "Owner:", "Stop rule:", "Wrong box?", "example"):
            assert wanted in page, wanted
        assert "No box gets more than 45 officer-minutes a day." in page
        for place in a.place_names[: len(a.boxes)]:
            assert place in page


def test_twenty_boxes_and_a_long_card_still_fit_their_page(tmp_path: Path) -> None:
    night = town_night()
    a = night.areas[0]
    card = dict.fromkeys(("goal", "measure", "owner", "stop_rule"), "words " * 90)
    long = replace(night.cards[0], **card)
    table = a.boxes.table.head(10)
    twice = table.vstack(table).with_row_index("n", offset=1).with_columns(rank=("n")).drop("n")
    twice = twice.cast(dict(a.boxes.table.schema)).select(a.boxes.table.columns)
    boxes = replace(a.boxes, table=twice.with_columns(is_chosen=True))
    names = tuple(f"Kingshighway and Birmingham {i}" for i in range(20))
    crowded = replace(one_map(night, boxes=boxes, place_names=names, chosen_before=(1,) * 20), cards=(long,))
    pages = pdf_text(briefing_pdf(crowded, a.area.id), tmp_path)
    assert len(pages) == 1
    assert all(name in pages[0] for name in names)


def test_nothing_in_a_name_is_markup_for_the_typesetter(tmp_path: Path) -> None:
    night = town_night()
    a = night.areas[0]
    names = tuple(f"{HOSTILE} {i}" for i in range(len(a.place_names)))
    hostile = replace(
        one_map(night, area=StudyArea(a.area.id, HOSTILE, a.area.cells), place_names=names),
        cards=tuple(replace(c, goal=HOSTILE, owner=HOSTILE) for c in night.cards),
        streets={f"{HOSTILE} & <{i}>": points for i, points in enumerate(night.streets.values())},
        delay_note=HOSTILE,
    )
    assert HOSTILE in " ".join(pdf_text(briefing_pdf(hostile, a.area.id), tmp_path))


def test_welsh_and_cyrillic_names_reach_the_paper(tmp_path: Path) -> None:
    night = town_night()
    a = night.areas[0]
    for name in ("Yr Ŵyddgrug a'r Tŷ", "Київ"):
        (page,) = pdf_text(
            briefing_pdf(one_map(night, area=StudyArea(a.area.id, name, a.area.cells)), a.area.id), tmp_path
        )
        assert name in page


def test_an_area_in_another_process_makes_the_same_files_as_the_whole_night() -> None:
    night = town_night()
    whole = {name: made for name, made in night_files(night) if name.startswith("briefing")}
    assert len(whole) == len(night.layer.areas)
    for area in night.layer.areas:
        apart = night_of_area(night, area.id)
        assert briefing_pdf(apart, area.id) == whole[f"briefing-{area.id}.pdf"]


def test_fonts_travel_with_the_package() -> None:
    fonts = ROOT / "src" / "peelian" / "delivery" / "fonts"
    assert sum(f.stat().st_size for f in fonts.iterdir()) < 1_000_000
    assert "SIL OPEN FONT LICENSE" in (fonts / "OFL.txt").read_text()
