"""What the web site reads of a review: one packed JSON document a map, its figures as the words that are printed."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from zoneinfo import ZoneInfo

from peelian.delivery import charts, sentences, words
from peelian.delivery.month_chart import month_chart
from peelian.delivery.page import area_slugs
from peelian.delivery.site_documents import SCHEMA, kind_slugs, packed
from peelian.forecasts.nights import Night, ScoreRow
from peelian.forecasts.reviews import Review, ReviewMonth, ReviewNight

_MONTHS_DRAWN = 13
_NIGHTS_LISTED = 120


def review_documents(night: Night, told: Sequence[Review]) -> Iterator[tuple[str, bytes]]:
    """Yield (file name, document) of every review whose area and crime type the night still has."""
    areas, kinds = area_slugs(night), kind_slugs(night)
    for review in told:
        if review.area_id in areas and review.bundle in kinds:
            name = f"review-{areas[review.area_id]}-{kinds[review.bundle]}.json.gz"
            yield name, packed(_document(night, review))


def _document(night: Night, review: Review) -> dict[str, object]:
    zone = ZoneInfo(night.force.time_zone)
    period = words.period_words(night.period, zone)
    one, many = words.nouns(review.bundle)
    name = night.layer.area(review.area_id).name
    shown = review.months[-_MONTHS_DRAWN:]
    replayed = review.n_periods - review.n_published
    return {
        "schema": SCHEMA,
        "area_id": review.area_id,
        "area": name,
        "crime_type": review.bundle,
        "crime": words.heading(review.bundle),
        "one": one,
        "many": many,
        "heading": f"{review.n_periods:,} {period.many if review.n_periods != 1 else period.one} on record",
        "made": _made(review.n_published, replayed, period.one, period.many),
        "better": sentences.gain_sentence(
            (review.difference, review.difference_low, review.difference_high), review.n_periods, period
        ),
        "rows": [_row(night, row) for row in _ordered(review.pooled)],
        "months": [_month(month) for month in reversed(review.months)],
        "chart": month_chart(shown, f"Share of {many} caught in {name}, month by month; the table says the same."),
        "nights": [_night(n, zone) for n in reversed(review.nights[-_NIGHTS_LISTED:])],
        "pooled": [asdict(row) for row in review.pooled],
    }


def _made(published: int, replayed: int, one: str, many: str) -> str:
    """Return how the boxes on record came to be."""
    if not replayed:
        return f"All were published before their {one} began."
    if not published:
        return f"None was published: the boxes were made afterwards, each from what was known before its {one} began."
    return (
        f"{words.number(published).capitalize()} {'was' if published == 1 else 'were'} published; for "
        f"{words.number(replayed)} {one if replayed == 1 else many} before, the boxes were made afterwards from what "
        "was known then."
    )


def _ordered(rows: Sequence[ScoreRow]) -> list[ScoreRow]:
    return sorted((r for r in rows if r.method in charts.METHODS), key=lambda r: charts.METHODS.index(r.method))


def _row(night: Night, row: ScoreRow) -> dict[str, str]:
    name = charts.method_name(row.method, night.force.date_precision)
    interval = words.percent_range(row.hit_rate_low, row.hit_rate_high)
    return {
        "kind": row.method,
        "name": f"{name[:1].upper()}{name[1:]}",
        "caught": sentences.caught_line(row),
        "hit_rate": words.percent(row.hit_rate),
        "interval": {"random": "exact", "hindsight": "a ceiling no forecast sees"}.get(row.method, interval),
        "coverage": words.percent(row.coverage),
        "pai": words.decimal(row.pai),
    }


def _month(month: ReviewMonth) -> dict[str, object]:
    rows = {row.method: row for row in month.rows}
    return {
        "month": words.month(month.month),
        "events": words.digits(rows["boxes"].events) if "boxes" in rows else "?",
        "methods": {
            method: {
                "caught": sentences.caught_line(row),
                "hit_rate": words.percent(row.hit_rate),
                "interval": words.percent_range(row.hit_rate_low, row.hit_rate_high) if row.events else "–",
                "coverage": words.percent(row.coverage),
                "pai": words.decimal(row.pai),
            }
            for method, row in rows.items()
        },
    }


def _night(night: ReviewNight, zone: ZoneInfo) -> dict[str, object]:
    moved = (night.first_events, night.first_hits) != (night.events, night.hits)
    return {
        "night": night.period_start.astimezone(zone).date().isoformat(),
        "words": words.day(night.period_start.astimezone(zone).date()),
        "events": words.digits(night.events),
        "caught": words.digits(night.hits),
        "plain": words.digits(night.plain_hits),
        "first": f"{words.digits(night.first_hits)} of {words.digits(night.first_events)}" if moved else "",
        "is_replayed": night.is_replayed,
    }
