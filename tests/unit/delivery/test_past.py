"""A box's past in words and as a strip; the parts of a map's document that the site shows beside the night's page."""

import gzip
import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import polars as pl
from tests.sample_nights import town_night

from peelian.delivery.page import draw_area
from peelian.delivery.past import past_of
from peelian.delivery.site_documents import map_documents
from peelian.forecasts.nights import HISTORY_SCHEMA, AreaNight, Night


def with_history(night: Night, ranks: list[int | None], events: list[float]) -> tuple[Night, AreaNight]:
    """Return the night, its first box with this past, the last entry the latest."""
    first = night.areas[0]
    starts = [first.period.start - timedelta(days=len(ranks) - i) for i in range(len(ranks))]
    table = {"square": [0] * len(ranks), "period_start": starts, "rank": ranks, "n_events": events}
    told = replace(first, history=pl.DataFrame(table, schema=HISTORY_SCHEMA))
    return replace(night, areas=(told, *night.areas[1:])), told


def document_of(night: Night) -> dict[str, Any]:
    area_id = night.areas[0].area.id
    _, packed = next(iter(map_documents(night, draw_area(night, area_id))))
    read: dict[str, Any] = json.loads(gzip.decompress(packed))
    return read


def test_the_sentence_says_how_often_it_was_chosen_and_what_fell() -> None:
    night, first = with_history(town_night(), [None, 3, 1, None], [0.0, 1.0, 0.0, 1.0])
    past = past_of(night, first, 0)
    assert past is not None
    assert past.sentence == (
        "Of the last four nights it was among the ten on two. Two burglaries were recorded in it in that time."
    )
    assert [row[1:] for row in past.rows] == [
        ("not chosen", "1 burglary"), ("rank 1", "–"), ("rank 3", "1 burglary"),
    ]  # fmt: skip
    assert past.rest == "On the other one night it was not chosen, and no burglary is on record in it."


def test_words_for_never_always_one_and_parts() -> None:
    night, first = with_history(town_night(), [None], [0.0])
    assert "among the ten never. No burglary was recorded" in past_of(night, first, 0).sentence  # type: ignore[union-attr]  # it has a past
    night, first = with_history(town_night(), [1, 2], [1.0, 0.0])
    assert "each time. One burglary was recorded" in past_of(night, first, 0).sentence  # type: ignore[union-attr]  # as above
    night, first = with_history(town_night(), [1, 2], [0.5, 0.0])
    assert "0.50 burglaries were recorded" in past_of(night, first, 0).sentence  # type: ignore[union-attr]  # as above


def test_without_a_judged_period_there_is_no_past() -> None:
    night = town_night()
    assert past_of(night, night.areas[0], 0) is None
    assert document_of(night)["boxes"][0]["past"] is None


def test_the_strip_marks_each_period_once_and_stays_in_its_frame() -> None:
    night, first = with_history(town_night(), [None, 10, 1, 99], [0.0, 2.0, 0.0, 0.0])
    past = past_of(night, first, 0)
    assert past is not None
    assert (past.strip.count('class="in"'), past.strip.count('class="out"'), past.strip.count('class="now"')) == (
        3,
        1,
        1,
    )
    assert past.strip.count('<circle class="fell"') == 1
    x = [float(v) for v in re.findall(r'cx="([\d.]+)"', past.strip)]
    y = [float(v) for v in re.findall(r'cy="([\d.]+)"', past.strip)]
    assert 0 < min(x) <= max(x) < 660
    assert 0 < min(y) <= max(y) < 148


def test_a_document_holds_what_the_site_lays_over_and_beside_the_map() -> None:
    night, first = with_history(town_night(), [1, None], [1.0, 0.0])
    document = document_of(night)
    assert document["plain"].count("<rect") == first.baseline_squares.height
    recent = first.events.filter(pl.col("age_days") < first.recent_days).height
    assert sum(d.count("M") for d in re.findall(r'd="([^"]*)"', document["crimes"])) == 2 * recent
    assert document["boxes"][0]["past"]["sentence"].startswith("Of the last two nights")
    assert document["box_sheet"] == [690.0, 800.0]
    chosen = [box for box in document["boxes"] if box["kind"] != "nearly"]
    assert all('class="looked"' in box["map"] for box in chosen)
    assert all(box["map"] is None for box in document["boxes"] if box["kind"] == "nearly")
    listed = sorted(document["view"]["firm"] + document["view"]["unsure"], key=lambda view: view["number"])
    for box, view in zip(chosen, listed, strict=True):
        assert abs(sum(share for _, share in box["shares"]) - 1) < 1e-6
        assert len(box["shares"]) == len(view["parts"])
        assert [kind for kind, _ in box["shares"]] == [part["swatch"] for part in view["parts"]]
        assert all(told["words"].endswith(("day", "days")) for told in box["told"])
