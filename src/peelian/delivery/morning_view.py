"""What a page shows of the last period: what was recorded, what the boxes caught, and what others would have."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from markupsafe import Markup

from peelian.delivery import charts, sentences, words
from peelian.delivery.ground import Ground
from peelian.delivery.morning_map import morning_map
from peelian.delivery.words import PeriodWords
from peelian.forecasts.nights import AreaNight, Night, TrackRecord
from peelian.places.forces import DatePrecision


@dataclass(frozen=True, slots=True)
class ScoreView:
    """One row of the morning after."""

    name: str
    kind: str
    caught: str
    pooled: str
    interval: str


@dataclass(frozen=True, slots=True)
class MorningView:
    """The last period: what was recorded, what was caught, and by whom."""

    heading: str
    sentence: str
    pooled_heading: str
    plain: str
    rows: tuple[ScoreView, ...]
    notes: tuple[tuple[str, str], ...]
    map: Markup
    aloud: str


def morning_view(night: Night, area_night: AreaNight, ground: Ground) -> MorningView | None:
    """Return the view of the last period; None where there is none to judge."""
    record = area_night.record
    if record is None:
        return None
    zone = ZoneInfo(night.force.time_zone)
    period, name = words.period_words(night.period, zone), area_night.bundle.name
    said = sentences.morning_sentence(record, name, area_night.area.name, period)
    one, _ = words.nouns(name)
    return MorningView(
        heading=f"{words.heading(name)}, {area_night.area.name}: boxes of {words.span(record.last_period, zone)}",
        sentence=said,
        pooled_heading=f"Last {record.n_periods:,} {_periods(record, period)}",
        rows=_rows(record, night.force.date_precision),
        plain=charts.method_name("recent-counts", night.force.date_precision),
        notes=_notes(record, night.delay_note, name, period),
        map=morning_map(ground, record, area_night.boxes.size_m),
        aloud=f"Map of each {one} recorded in the last {period.one}, with its boxes and those of a plain count. {said}",
    )


def _periods(record: TrackRecord, period: PeriodWords) -> str:
    return period.one if record.n_periods == 1 else period.many


def _rows(record: TrackRecord, precision: DatePrecision) -> tuple[ScoreView, ...]:
    rows = []
    for method in charts.METHODS:
        name = charts.method_name(method, precision)
        last, pooled = record.row(method, pooled=False), record.row(method, pooled=True)
        if last is None and pooled is None:
            continue
        interval = words.percent_range(pooled.hit_rate_low, pooled.hit_rate_high) if pooled else "–"
        rows.append(
            ScoreView(
                name=f"{name[:1].upper()}{name[1:]}",
                kind=method,
                caught="–" if last is None or method == "hindsight" else sentences.caught_line(last),
                pooled=words.percent(pooled.hit_rate) if pooled else "–",
                interval={"random": "exact", "hindsight": "a ceiling no forecast sees"}.get(method, interval),
            )
        )
    return tuple(rows)


def _notes(record: TrackRecord, delay_note: str, bundle: str, period: PeriodWords) -> tuple[tuple[str, str], ...]:
    notes = []
    last, pooled = record.row("boxes", pooled=False), record.row("boxes", pooled=True)
    _, many = words.nouns(bundle)
    if last is not None and pooled is not None:
        said = (
            f"We expected {words.digits(last.expected)} {many} in these boxes; {words.digits(last.hits)} came. "
            f"Over {record.n_periods:,} {_periods(record, period)}, {words.digits(pooled.expected)} were expected "
            f"and {words.digits(pooled.hits)} came."
        )
        notes.append((f"One {period.one} says almost nothing.", said))
    notes.append(("These figures will move.", f"{delay_note} Each score is kept as it was first known.".strip()))
    if record.is_replayed:
        notes.append(
            (
                "These boxes were made afterwards.",
                f"No map was published for this {period.one}: its boxes use only what was known before it began.",
            )
        )
    return tuple(notes)
