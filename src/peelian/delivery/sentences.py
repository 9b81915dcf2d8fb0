"""The sentences of a page: subject first, number second, doubt third. Each is enough if the reader stops there."""

import numpy as np
import polars as pl

from peelian.delivery import words
from peelian.delivery.words import PeriodWords
from peelian.forecasts.nights import AreaNight, Night, PurposeCard, ScoreRow, TrackRecord
from peelian.places.forces import DatePrecision

_ABOUT_ONE = 0.75
_OR_BAND = (0.35, 0.65)
_ALMOST_SURE = 0.95
_MOST_KINDS = 6


def boxes_word(area_night: AreaNight) -> str:
    """Return ``these ten boxes`` or ``this one box``."""
    n = len(area_night.boxes)
    return "this one box" if n == 1 else f"these {words.number(n)} boxes"


def expectation(expected: float, bundle: str, where: str, period: PeriodWords) -> str:
    """Return how many events to expect in a place, to the honesty of a whole number."""
    one, many = words.nouns(bundle)
    if expected < 0.005:  # noqa: PLR2004 - fewer than one in two hundred periods
        return f"Expect no {one} in {where} {period.now}: almost none is on record."
    if expected < _ABOUT_ONE:
        return f"Expect {words.a_or_an(one)} in {where} on about {words.odds(expected)} {period.many} like this one."
    whole, part = int(expected), expected % 1
    if expected < 3 and _OR_BAND[0] <= part <= _OR_BAND[1]:  # noqa: PLR2004
        return f"Expect {words.number(whole)} or {words.number(whole + 1)} {many} in {where} {period.now}."
    return f"Expect about {words.counted(words.about(expected), bundle)} in {where} {period.now}."


def force_sentence(night: Night, period: PeriodWords) -> str:
    """Return what to expect in the whole force: every crime type of which one or more is expected, most first."""
    kinds = list(dict.fromkeys(a.bundle.name for a in night.areas if a.bundle.counts_events))
    expected = sorted(((night.expected_in_force(k), k) for k in kinds), key=lambda pair: (-pair[0], pair[1]))
    if not expected:
        return ""
    many = [words.counted(words.about(e), k) for e, k in expected if e >= _ABOUT_ONE]
    if not many:
        return expectation(*expected[0], words.in_force(night.force.name), period)
    told = many[:_MOST_KINDS]
    rest = len(many) - len(told)
    if rest:
        told = [*told, f"fewer of {words.number(rest)} other crime type{'s' * (rest != 1)}"]
    return f"Expect about {words.joined(told)} in {words.in_force(night.force.name)} {period.now}."


def night_sentence(area_night: AreaNight, period: PeriodWords, where: str) -> tuple[str, str]:
    """Return what to expect in the area, and what of it in the boxes."""
    name = area_night.bundle.name
    boxes = boxes_word(area_night)
    if not area_night.bundle.counts_events:
        kind, count = words.crime_name(name), words.odds(area_night.expected_in_area)
        first = f"Expect a weighted count of about {count} for {kind} in {where} {period.now}."
        return first, f"{boxes.capitalize()} hold about {words.odds(area_night.boxes.expected_total)} of it."
    first = expectation(area_night.expected_in_area, name, where, period)
    if not len(area_night.boxes):
        return first, "No box was chosen."
    chance = area_night.chance_any_in_boxes
    if area_night.boxes.expected_total >= 1.5:  # noqa: PLR2004
        return first, f"About {words.number(words.about(area_night.boxes.expected_total))} of them may fall in {boxes}."
    if chance >= _ALMOST_SURE:
        return first, f"At least one will almost surely fall in {boxes}."
    return first, f"The chance that one falls in {boxes} is about {words.odds(chance)}."


def group_notes(area_night: AreaNight) -> tuple[str, str]:
    """Return the line above the firm boxes and the line above the others; "" where there is no such group."""
    n = words.number(len(area_night.boxes))
    firm = [int(r) for r, f in zip(area_night.boxes.chosen["rank"], area_night.boxes.is_firm, strict=True) if f]
    unsure = [int(r) for r in area_night.boxes.chosen["rank"] if int(r) not in firm]
    first = ""
    if len(firm) == 1:
        first = f"Box {firm[0]} holds its place in the {n}."
    elif firm:
        first = f"Boxes {words.ranks(firm)} hold their place in the {n}{_order(area_night, firm)}"
    if not unsure:
        return first, ""
    if not firm:
        return "", "No box here is sure of its place. Others could as well stand here: start with the nearest."
    if len(unsure) == 1:
        return first, f"Box {unsure[0]} nearly was not chosen. Another could as well stand here."
    return first, f"Boxes {words.ranks(unsure)} nearly were not chosen. Others could as well stand here."


def _order(area_night: AreaNight, firm: list[int]) -> str:
    """Return what the ranges say of the firm boxes' order: sure where no two meet, else not."""
    chosen = area_night.boxes.chosen.filter(pl.col("rank").is_in(firm))
    apart = chosen["rank_high"].to_numpy()[:-1] < chosen["rank_low"].to_numpy()[1:]
    if apart.all():
        return ", in this order."
    known = "sure" if apart.any() else "known"
    return f". Their order is not {known}: start with the nearest."


def quiet_note(area_night: AreaNight, precision: DatePrecision) -> str:
    """Return what a map without recent events says of itself; "" where there are some."""
    if (area_night.events["age_days"].to_numpy() < area_night.recent_days).any():
        return ""
    one, _ = words.nouns(area_night.bundle.name)
    beyond = area_night.contributions.filter(
        pl.col("event_id").is_not_null() & (pl.col("age_days") < area_night.recent_days)
    ).height
    rest = "the long-run level and on recent crimes beyond the border" if beyond else "the long-run level"
    since = words.stretch(area_night.recent_days, precision).removeprefix("one ")
    return f"No {one} is known in {area_night.area.name} in the last {since}. The boxes rest on {rest}."


def coverage_sentences(night: Night, area_night: AreaNight, period: PeriodWords) -> list[str]:
    """Return how much of the area the boxes are, and what a box at random could expect."""
    area = night.area_km2(area_night)
    n = len(area_night.boxes)
    if not n:
        return [f"No box was chosen in {area_night.area.name}."]
    they = "One box covers" if n == 1 else f"{words.number(n).capitalize()} boxes cover"
    size = f"{area_night.boxes.area_m2 / 1e6:.2f} of {area:.1f} km²"
    said = [f"{they} {words.percent(night.coverage(area_night))} of {area_night.area.name} ({size})."]
    if area_night.chance_any_in_boxes < 0.5:  # noqa: PLR2004 - a half
        said.append(f"On most {period.many} nothing will happen in any of them.")
    said.append(f"One box at random: about {words.odds(night.expected_at_random(area_night))} a {period.one}.")
    return said


def versions_sentence(night: Night, area_night: AreaNight) -> str:
    """Return what the boxes give up against the whole shading, and what they save."""
    shading, area = area_night.shading, night.area_km2(area_night)
    if not shading.coverage or not (area_night.expected_in_area > 0 and area > 0):
        return ""
    _, many = words.nouns(area_night.bundle.name)
    held = area_night.boxes.expected_total / area_night.expected_in_area
    saved = shading.coverage[-1] * area - area_night.boxes.area_m2 / 1e6
    streets = ""
    if shading.n_streets and area_night.n_streets_in_boxes is not None:
        streets = f" and {words.number(max(shading.n_streets[-1] - area_night.n_streets_in_boxes, 0))} streets"
    whole = shading.expected_share[-1]
    return (
        f"The boxes hold {words.percent(held, 0)} of the {many} we expect, in "
        f"{words.percent(night.coverage(area_night))} of the area. "
        f"The whole shading holds {words.percent(whole, 0)}, in {words.percent(shading.coverage[-1], 0)}. "
        f"The smaller area gives up {max(whole - held, 0) * 100:.0f} points and saves {max(saved, 0):.1f} km²{streets}."
    )


def better_than_counting(record: TrackRecord | None, period: PeriodWords) -> str:
    """Return whether the boxes beat the plain count over the record, and how sure that is."""
    if record is None:
        return f"We do not know. No past {period.one} has been judged yet."
    return gain_sentence((record.difference, record.difference_low, record.difference_high), record.n_periods, period)


def gain_sentence(difference: tuple[float, float, float], n_periods: int, period: PeriodWords) -> str:
    """Return whether a difference in hit rate (value, low, high) over so many periods is a gain, and how sure."""
    value, low, high = difference
    if not np.isfinite(value):
        return f"We do not know. No past {period.one} has been judged yet."
    if not (np.isfinite(low) and np.isfinite(high)):
        return f"We do not know: {words.signed(value)} points in too few {period.many} to give an interval."
    fits = f"{words.signed(value)} points, and anything from {words.signed(low)} to {words.signed(high)} fits"
    over = f"the {n_periods:,} {period.many if n_periods != 1 else period.one}"
    if low > 0:
        return f"Yes, over {over}: {fits}."
    if high < 0:
        return f"No. {fits} {over}. Plain counting did better."
    if value > 0:
        return f"Perhaps. {fits} {over}. We do not claim a gain."
    return f"No sign of it. {fits} {over}. We do not claim a gain."


def morning_sentence(record: TrackRecord, bundle: str, where: str, period: PeriodWords) -> str:
    """Return what was recorded in the last period, what fell in a box, and what plain counting would have caught."""
    one, _ = words.nouns(bundle)
    n = record.last_events.height
    if n == 0:
        return f"No {one} was recorded in {where}. A quiet {period.one} says nothing for or against the boxes."
    in_box, in_plain = (record.last_events[c].to_numpy() for c in ("in_box", "in_baseline"))
    hits, plain, both = int(in_box.sum()), int(in_plain.sum()), int((in_box & in_plain).sum())
    first = f"{words.counted(n, bundle).capitalize()} {'was' if n == 1 else 'were'} recorded."
    if n == 1:
        fell = "It fell in a box." if hits else "It fell in no box."
    elif hits == n:
        fell = f"{'Both' if n == 2 else 'All'} fell in boxes."  # noqa: PLR2004 - two are both
    else:
        fell = f"{words.number(hits).capitalize() if hits else 'None'} fell in {'boxes' if hits > 1 else 'a box'}."
    if hits == plain == both:
        same = "it too" if n == 1 and hits else "the same one" if hits == 1 else f"the same {words.number(hits)}"
        counting = (
            "Plain counting would have caught none either." if not hits else f"Plain counting would have caught {same}."
        )
    elif hits == plain:
        counting = f"Plain counting would have caught {words.number(plain)} too, but not the same."
    else:
        counting = f"Plain counting would have caught {words.number(plain) if plain else 'none'}."
    return f"{first} {fell} {counting}"


def caught_line(row: ScoreRow) -> str:
    """Return ``1 of 2``; a dash where nothing happened."""
    return f"{words.digits(row.hits)} of {words.digits(row.events)}" if row.events else "–"


def purpose_sentences(card: PurposeCard) -> list[str]:
    """Return the purpose card in sentences: goal, measure, owner, stop rule, end."""
    return [
        f"Goal: {_closed(card.goal)}",
        f"Measured by: {_closed(card.measure)}",
        f"Owner: {_closed(card.owner)}",
        f"Stop rule: {_closed(card.stop_rule)}",
        f"This card ends on {words.day(card.expires)}.",
    ]


def _closed(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."
