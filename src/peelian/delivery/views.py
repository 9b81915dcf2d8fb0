"""What a page shows of one area and bundle: every number as the words that are printed. Templates only place them."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from markupsafe import Markup

from peelian.delivery import charts, maps, sentences, words
from peelian.delivery.box_map import box_map
from peelian.delivery.ground import Ground
from peelian.delivery.making import (
    making_sentences,
    model_sentence,
    no_stretches,
    streets_sentence,
    stretches_sentence,
    walk_names,
    walk_of_box,
    walk_sentence,
)
from peelian.delivery.marks import age_name
from peelian.delivery.morning_view import MorningView, morning_view
from peelian.delivery.reasons import Part, Reasons, called, headline, reasons, sentence
from peelian.delivery.words import PeriodWords
from peelian.forecasts.nights import AreaNight, Night, ScoreRow, TrackRecord
from peelian.places.forces import DatePrecision


@dataclass(frozen=True, slots=True)
class PartView:
    """One line of a box's explanation."""

    swatch: str
    words: str
    share: str


@dataclass(frozen=True, slots=True)
class BoxView:
    """One row of the list, and the box's own section."""

    number: int
    kind: str
    anchor: str
    place: str
    walk: str
    walk_sentence: str
    why: str
    odds: str
    rank_words: str
    rank_sentence: str
    rank_bar: Markup
    chosen: str
    sentence: str
    streets: str
    stretches: str
    parts: tuple[PartView, ...]
    map: Markup


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One row of the two versions side by side."""

    name: str
    coverage: str
    area: str
    streets: str
    expected: str
    recorded: str


@dataclass(frozen=True, slots=True)
class MapView:
    """One map: its sentence, list, picture, facts, reasons and morning after."""

    area_id: str
    anchor: str
    title: str
    crime: str
    many: str
    area: str
    expected: str
    headline: tuple[str, str]
    quiet: str
    walks: str
    firm_note: str
    unsure_note: str
    firm: tuple[BoxView, ...]
    unsure: tuple[BoxView, ...]
    model: str
    making: tuple[str, ...]
    n_boxes: str
    n_nearly: str
    n_before: str
    n_limit: int
    n_shown: int
    map: Markup
    is_whole: bool
    width: float
    height: float
    aloud: str
    coverage: tuple[str, ...]
    caught_heading: str
    caught: Markup
    better: str
    purpose: tuple[str, ...]
    is_example: bool
    is_exact: bool
    no_stretches: str
    versions: tuple[VersionRow, ...]
    versions_sentence: str
    morning: MorningView | None
    briefing: str
    overview: tuple[str, str, str, str]


def map_view(night: Night, area_night: AreaNight, ground: Ground, anchor: str, briefing: str) -> MapView:
    """Return the view of one area and bundle; ``ground`` is the area's, ``anchor`` unique on the page."""
    zone = ZoneInfo(night.force.time_zone)
    period = words.period_words(night.period, zone)
    why = reasons(area_night)
    boxes = [_box(night, area_night, ground, anchor, i, why[i]) for i in range(len(area_night.boxes))]
    firm_note, unsure_note = sentences.group_notes(area_night)
    card, record = night.card(area_night.bundle.name), area_night.record
    firm, unsure = (tuple(b for b in boxes if b.kind == k) for k in ("firm", "unsure"))
    table = area_night.boxes.table
    title = f"{words.heading(area_night.bundle.name)}, {area_night.area.name}"
    return MapView(
        area_id=area_night.area.id,
        anchor=anchor,
        title=title,
        crime=words.heading(area_night.bundle.name),
        many=words.nouns(area_night.bundle.name)[1],
        area=area_night.area.name,
        expected=f"about {words.odds(area_night.expected_in_area)}",
        headline=sentences.night_sentence(area_night, period, area_night.area.name),
        quiet=sentences.quiet_note(area_night, night.force.date_precision),
        walks=walk_sentence(area_night),
        firm_note=firm_note,
        unsure_note=unsure_note,
        firm=firm,
        unsure=unsure,
        model=model_sentence(area_night),
        making=tuple(making_sentences(area_night, period.one)),
        n_boxes=words.number(len(boxes)),
        n_nearly=words.number(table.height - len(boxes)),
        n_before=f"of {area_night.n_before} {period.many if area_night.n_before != 1 else period.one}",
        n_limit=len(boxes),
        n_shown=table.height,
        map=maps.night_map(ground, area_night, night.layer.grid),
        is_whole=ground.is_whole,
        width=ground.frame.width,
        height=round(ground.frame.height, 1),
        aloud=_aloud(night, area_night, firm, unsure),
        coverage=tuple(sentences.coverage_sentences(night, area_night, period)),
        caught_heading=_caught_heading(record, area_night, period),
        caught=charts.caught_chart(record, night.force.date_precision) if record else Markup(""),
        better=sentences.better_than_counting(record, period),
        purpose=tuple(sentences.purpose_sentences(card)),
        is_example=card.is_example,
        is_exact=area_night.is_explanation_exact,
        no_stretches=no_stretches(area_night, night.force.location_precision),
        versions=_versions(night, area_night),
        versions_sentence=sentences.versions_sentence(night, area_night),
        morning=morning_view(night, area_night, ground) if record else None,
        briefing=briefing,
        overview=_overview(area_night, len(firm)),
    )


def _box(night: Night, area_night: AreaNight, ground: Ground, anchor: str, index: int, why: Reasons) -> BoxView:
    row = area_night.boxes.table.row(index, named=True)
    n, shown = len(area_night.boxes), area_night.boxes.table.height
    precision = night.force.date_precision
    low, high = row["rank_low"], row["rank_high"]
    return BoxView(
        number=row["rank"],
        kind=maps.kinds_of(area_night)[index],
        anchor=f"{anchor}-box-{row['rank']}",
        place=area_night.place_names[index] or f"Box {row['rank']}",
        walk=walk_names(area_night)[index] if index < n else "",
        walk_sentence=walk_of_box(area_night, index),
        why=headline(why, area_night, precision),
        odds=f"about {words.odds(row['expected_count'])}",
        rank_words=f"rank {row['rank']}, could be {low} to {high}" if low < high else f"rank {row['rank']}",
        rank_sentence=(
            f"Rank {row['rank']} {words.period_words(night.period, ZoneInfo(night.force.time_zone)).now}, "
            + (
                f"but anything from {low} to {high} fits the records."
                if low < high
                else "and no other rank fits the records."
            )
        ),
        rank_bar=charts.rank_bar(row["rank"], low, high, n, shown),
        chosen=str(area_night.chosen_before[index]) if area_night.n_before else "–",
        sentence=sentence(why, area_night, precision),
        streets=streets_sentence(area_night, index),
        stretches=stretches_sentence(area_night, index, night.force.location_precision),
        parts=tuple(_part(p, area_night, precision) for p in why.parts),
        map=box_map(ground, area_night, index, why, precision),
    )


def _part(part: Part, area_night: AreaNight, precision: DatePrecision) -> PartView:
    name = called(part.crime_types, area_night)
    one, many = words.nouns(name)
    share = words.percent(part.share)
    if part.kind == "event":
        away = f"{round(part.distance_m):,} m from the centre"
        text = f"{words.a_or_an(one).capitalize()} {words.days_old(part.age_days, precision)}, {away}"
        return PartView(age_name(part.age_days, area_night.recent_days), text, share)
    if part.kind == "others":
        count = words.number(part.n_events).capitalize()
        # Crimes of other types may speak for a box too; then "others" alone would claim that they are of its own.
        plain = "others" if part.n_events != 1 else "other"
        what = plain if name == area_night.bundle.name else f"other {many if part.n_events != 1 else one}"
        others = f"{count} {what} of the last {words.stretch(area_night.recent_days, precision)}"
        return PartView("others", f"{others}, fainter or further off", share)
    nearby = f": {part.n_events:,} older {many if part.n_events != 1 else one} nearby" if part.n_events else ""
    return PartView("level", f"Long-run level{nearby}", share)


def _caught_heading(record: TrackRecord | None, area_night: AreaNight, period: PeriodWords) -> str:
    row = record.row("boxes", pooled=True) if record else None
    _, many = words.nouns(area_night.bundle.name)
    if record is None or row is None:
        return f"No past {period.one} to judge yet"
    over = f"{record.n_periods:,} {period.many if record.n_periods != 1 else period.one}"
    return f"{many.capitalize()} caught in {over} ({sentences.caught_line(row)}; bars are 95\u00a0% intervals)"


def _versions(night: Night, area_night: AreaNight) -> tuple[VersionRow, ...]:
    shading, area = area_night.shading, night.area_km2(area_night)
    total = area_night.expected_in_area
    ours = area_night.record.row("boxes", pooled=True) if area_night.record else None
    streets = area_night.n_streets_in_boxes
    rows = [
        VersionRow(
            f"Version 2: {words.number(len(area_night.boxes))} boxes",
            words.percent(night.coverage(area_night)),
            f"{area_night.boxes.area_m2 / 1e6:.1f} km²",
            "–" if streets is None else f"{streets:,}",
            words.percent(area_night.boxes.expected_total / total if total > 0 else float("nan"), 0),
            words.percent(ours.hit_rate if ours else float("nan")),
        )
    ]
    names = ("Version 1: darkest shade", "the two darker shades", "the whole shading")
    for i, (name, coverage, expected, recorded) in enumerate(
        zip(names, shading.coverage, shading.expected_share, shading.recorded_share, strict=False)
    ):
        counted = f"{shading.n_streets[i]:,}" if shading.n_streets else "–"
        rows.append(
            VersionRow(
                name,
                words.percent(coverage),
                f"{coverage * area:.1f} km²",
                counted,
                words.percent(expected, 0),
                words.percent(recorded),
            )
        )
    return tuple(rows)


def _overview(area_night: AreaNight, n_firm: int) -> tuple[str, str, str, str]:
    """Return firm boxes, the last period, ours pooled, plain pooled, for the table of all maps."""
    record = area_night.record
    firm = f"{n_firm} of {len(area_night.boxes)}"
    if record is None:
        return firm, "–", "–", "–"
    last, ours, plain = (
        record.row("boxes", pooled=False),
        record.row("boxes", pooled=True),
        record.row("recent-counts", pooled=True),
    )
    return (
        firm,
        sentences.caught_line(last) if last else "–",
        _rate(ours),
        _rate(plain),
    )


def _rate(row: ScoreRow | None) -> str:
    if row is None or not np.isfinite(row.hit_rate):
        return "–"
    return f"{row.hit_rate * 100:.1f} ({row.hit_rate_low * 100:.0f} to {row.hit_rate_high * 100:.0f})\u00a0%"


def _aloud(night: Night, area_night: AreaNight, firm: tuple[BoxView, ...], unsure: tuple[BoxView, ...]) -> str:
    """Return the map in words: what a screen reader says of it; the list beside it says the rest."""
    groups = [f"{len(firm)} firm"] if firm else []
    groups += [f"{len(unsure)} nearly not chosen"] if unsure else []
    n, size = len(firm) + len(unsure), area_night.boxes.size_m
    return (
        f"North is up. {n} boxes of {size:g} metres ({', '.join(groups)}) on the streets of {area_night.area.name}; "
        f"shading shows where more is expected. The list beside names every box."
        + ("" if night.streets else " The feed names no streets.")
    )
