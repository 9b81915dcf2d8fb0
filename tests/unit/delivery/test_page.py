"""The HTML: whole, listed, escaped, without script or network."""

import gzip
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from tests.sample_nights import many_areas_night, one_map, town_night

from peelian.delivery import area_page, index_page, night_files
from peelian.delivery.words import NO_GROUND, NO_GROUND_ANY
from peelian.places import DatePrecision, StudyArea

HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}{% raw %}"
VOID = {"meta", "link", "br", "hr", "img", "input", "path", "use", "rect", "circle"}


class Reader(HTMLParser):
    """Collects ids, links, tags and text, and checks that tags close in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: Counter[str] = Counter()
        self.links: list[str] = []
        self.tags: Counter[str] = Counter()
        self.headings: list[int] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count the tag, keep its id and address."""
        values = dict(attrs)
        self.tags[tag] += 1
        if values.get("id"):
            self.ids[str(values["id"])] += 1
        if values.get("href"):
            self.links.append(str(values["href"]))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Hold the tag to the one that was opened last."""
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep what a reader reads."""
        if self.open and self.open[-1] != "style":
            self.text.append(data)


def read(page: bytes) -> Reader:
    reader = Reader()
    reader.feed(page.decode())
    reader.close()
    assert reader.open == []
    return reader


def text_of(page: bytes) -> str:
    return " ".join(" ".join(read(page).text).split())


def test_the_page_is_well_formed_and_its_ids_are_unique() -> None:
    page = read(index_page(town_night()))
    assert [i for i, n in page.ids.items() if n > 1] == []
    assert page.tags["h1"] == 1
    assert page.tags["main"] == 1
    steps = [b - a for a, b in zip(page.headings, page.headings[1:], strict=False)]
    assert max(steps) <= 1


def test_every_link_within_the_page_leads_somewhere() -> None:
    page = read(index_page(town_night()))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


def test_every_link_to_a_file_leads_to_a_file_of_the_night() -> None:
    night = many_areas_night()
    files = dict(night_files(night))
    names = {*files, "boxes.gpkg"}
    anchors = {name: read(page).ids for name, page in files.items() if name.endswith(".html")}
    for name, page in files.items():
        if name.endswith(".html"):
            for link in read(page).links:
                target, _, anchor = link.partition("#")
                assert target in names | {""}, link
                if anchor:
                    assert anchor in anchors[target or name], link


def test_the_page_runs_no_script_and_asks_no_one_for_anything() -> None:
    html = index_page(town_night()).decode()
    assert "<script" not in html
    assert not re.search(r"\son\w+=", html)
    addresses = set(re.findall(r"(?:https?:)?//[\w.]+", re.sub(r"base64,[^)]*", "", html)))
    assert addresses == set()
    assert "@import" not in html


def test_what_the_map_shows_the_page_lists() -> None:
    night = town_night()
    said = text_of(index_page(night))
    for a in night.areas:
        for place in a.place_names[: len(a.boxes)]:
            assert place in said


def test_every_map_shows_what_it_must() -> None:
    night = town_night()
    said = text_of(index_page(night))
    for wanted in (
        NO_GROUND,
        NO_GROUND_ANY,
        "Fri 21 Dec 18:00 to Sat 22 Dec 18:00, 2018",
        "Records known at Fri 21 Dec 2018 06:00",
        "Locations to the block.",
        night.delay_note,
        "White is lower, never “safe”.",
        "One box at random: about 1 in",
        "Why this map exists",
        "Better than counting?",
        "Sum",
        "1 km",
        "Example card: owner and dates are made up.",
    ):
        assert wanted in said, wanted
    assert said.count(NO_GROUND) >= len(night.areas)


def test_withheld_maps_are_shown_with_their_reason() -> None:
    said = text_of(index_page(town_night()))
    assert "Maps that were not made" in said
    assert "Drugs : police-found crime is refused as forecast input" in said


def test_no_word_of_a_feed_or_an_owner_is_markup() -> None:
    night = town_night()
    a = night.areas[0]
    hostile = replace(
        one_map(
            night,
            area=StudyArea(a.area.id, HOSTILE, a.area.cells),
            place_names=tuple(f"{HOSTILE} and {i}" for i in range(len(a.place_names))),
        ),
        cards=tuple(replace(c, goal=HOSTILE, measure=HOSTILE, owner=HOSTILE, stop_rule=HOSTILE) for c in night.cards),
        delay_note=HOSTILE,
        withheld=((HOSTILE, HOSTILE),),
        streets={f"{HOSTILE} {i}": points for i, points in enumerate(night.streets.values())},
        force=replace(night.force, name=HOSTILE),
    )
    page = index_page(hostile)
    assert b"<script" not in page
    assert b"{{7*7}}" in page
    assert HOSTILE in text_of(page)
    assert read(page).tags["script"] == 0


def test_names_in_any_script_reach_the_page() -> None:
    a = town_night().areas[0]
    name = "Ŵyddgrug · Київ · 東京 · القاهرة"
    assert name in text_of(index_page(one_map(town_night(), area=StudyArea(a.area.id, name, a.area.cells))))


def test_a_feed_of_months_says_so() -> None:
    night = town_night()
    months = replace(night, force=replace(night.force, date_precision=DatePrecision.MONTH))
    said = text_of(index_page(months))
    assert "Dated by the month only." in said
    assert "days ago" not in said
    assert "21-day" not in said
    assert "plain recent count" in said


def test_a_feed_without_streets_numbers_its_boxes() -> None:
    a = town_night().areas[0]
    bare = replace(one_map(town_night(), place_names=("",) * len(a.place_names), n_streets_in_boxes=None), streets={})
    said = text_of(index_page(bare))
    assert "Box 1" in said
    assert "The feed names no streets." in index_page(bare).decode()


def test_a_map_without_a_past_says_that_nothing_was_judged() -> None:
    said = text_of(index_page(one_map(town_night(), record=None)))
    assert "No past night to judge yet" in said
    assert "The morning after" not in said


def test_an_explanation_that_is_no_exact_sum_says_so() -> None:
    assert "not their exact sum" in text_of(index_page(one_map(town_night(), is_explanation_exact=False)))
    assert "not their exact sum" not in text_of(index_page(town_night()))


def test_a_night_without_maps_is_still_a_page() -> None:
    said = text_of(index_page(replace(town_night(), areas=())))
    assert "No map was made for Sampleton tonight." in said


def test_parts_outside_the_picture_are_told() -> None:
    a = town_night().areas[0]
    far = StudyArea(a.area.id, a.area.name, np.append(a.area.cells, town_night().layer.grid.n_cells - 1))
    assert "lie outside the picture" in text_of(index_page(one_map(town_night(), area=far)))
    assert "lie outside the picture" not in text_of(index_page(town_night()))


def test_an_area_without_a_cell_has_a_page_without_a_number_that_does_not_exist() -> None:
    a = town_night().areas[0]
    nowhere = StudyArea(a.area.id, a.area.name, a.area.cells[:0])
    none = replace(a.boxes, table=a.boxes.table.clear())
    empty = one_map(
        town_night(),
        area=nowhere,
        boxes=none,
        place_names=(),
        contributions=a.contributions.clear(),
        chosen_before=(),
        baseline_squares=a.baseline_squares.clear(),
        events=a.events.clear(),
        expected_in_area=0.0,
        chance_any_in_boxes=0.0,
        record=None,
    )
    for name, made in night_files(empty):
        plain = gzip.decompress(made) if name.endswith(".gz") else b"" if name.endswith("pdf") else made
        text = text_of(made) if name.endswith(".html") else plain.decode()
        assert not re.search(r"\b(nan|NaN|inf)\b", text), name
    assert "No box was chosen" in text_of(index_page(empty))


def test_many_areas_get_a_page_each_and_the_index_stays_small() -> None:
    night = many_areas_night()
    index = index_page(night)
    assert len(index) < 400_000
    for area in night.layer.areas:
        assert area.name in text_of(index)
        assert NO_GROUND in text_of(area_page(night, area.id))


@pytest.mark.parametrize(("size_m", "on_a_tag"), [(250.0, False), (40.0, True)])
def test_a_box_too_small_for_its_number_carries_it_on_a_tag(size_m: float, *, on_a_tag: bool) -> None:
    a = town_night().areas[0]
    html = index_page(one_map(town_night(), boxes=replace(a.boxes, size_m=size_m))).decode()
    assert (' tag"' in html) is on_a_tag
