"""The score of an analyst's edits as words for a page, beside its numbers: on its own line, never in the forecast's."""

from dataclasses import asdict

from peelian.delivery import words
from peelian.delivery.words import PeriodWords
from peelian.forecasts.edits import EditLine
from peelian.forecasts.nights import AreaNight

HEADS = ("Boxes", "Crime in them", "At random", "Share", "95\u00a0% interval")


def edits_document(area_night: AreaNight, period: PeriodWords) -> dict[str, object] | None:
    """Return an area night's score of edits: a sentence, a table and the numbers; None where nobody edited."""
    score = area_night.edits_score
    if score is None:
        return None
    rows = (
        (f"Added, the last {period.one}", score.added),
        (f"Suppressed, the last {period.one}", score.suppressed),
        (f"Added, {_over(score.added_pooled, period)}", score.added_pooled),
        (f"Suppressed, {_over(score.suppressed_pooled, period)}", score.suppressed_pooled),
    )
    return {
        "sentence": _sentence(area_night, period),
        "heads": HEADS,
        "rows": [{"name": name, "cells": _cells(line)} for name, line in rows if line.n_boxes],
        "numbers": asdict(score),
    }


def _sentence(area_night: AreaNight, period: PeriodWords) -> str:
    score = area_night.edits_score
    assert score is not None  # noqa: S101 - asked before
    one, many = words.nouns(area_night.bundle.name)
    said = []
    if score.added.n_boxes:
        boxes = f"{words.number(score.added.n_boxes)} box{'es' * (score.added.n_boxes != 1)}"
        said.append(f"an analyst added {boxes}, and {_fell(score.added, one, many)} in {_them(score.added)}")
    if score.suppressed.n_boxes:
        boxes = f"{words.number(score.suppressed.n_boxes)} box{'es' * (score.suppressed.n_boxes != 1)}"
        fell = _fell(score.suppressed, one, many)
        said.append(f"an analyst suppressed {boxes}, and {fell} in {_them(score.suppressed)}")
    if not said:
        return f"Nobody edited the last {period.one}; the edits of earlier {period.many} are told below."
    return f"For the last {period.one}, {'; '.join(said)}. The forecast's own score is not touched by it."


def _fell(line: EditLine, one: str, many: str) -> str:
    if not line.events:
        return f"no {one} was recorded, there or elsewhere, so none could fall"
    return f"{words.digits(line.hits)} of {words.digits(line.events)} {many if line.events != 1 else one} fell"


def _them(line: EditLine) -> str:
    return "it" if line.n_boxes == 1 else "them"


def _over(line: EditLine, period: PeriodWords) -> str:
    return f"{words.number(line.n_periods)} {period.many if line.n_periods != 1 else period.one}"


def _cells(line: EditLine) -> tuple[str, ...]:
    return (
        words.digits(line.n_boxes),
        f"{words.digits(line.hits)} of {words.digits(line.events)}",
        words.digits(line.at_random),
        words.percent(line.hit_rate),
        words.percent_range(line.hit_rate_low, line.hit_rate_high) if line.events else "–",
    )
