"""Projection: crimes of the common store become events for the maps. Nothing about a person goes along.

Three things hold that: the store gives kind, time and place and no other property (``store.records.crimes``); the
crime type is one of a closed list; ``Events`` refuses any column it does not know. The record's number ties the two.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from peelian.errors import RecordError, SourceError
from peelian.events import LOG_SCHEMA, EventLog
from peelian.places import DatePrecision, Force, LocationPrecision, local_midnight
from peelian.records.access import Act, Actor
from peelian.records.catalogue import Catalogue
from peelian.records.dates import read_when
from peelian.records.points import Point, read_point
from peelian.sources.police_found import names_police_found
from peelian.store import audit
from peelian.store.events import EventStore
from peelian.store.records.crimes import Crime, crimes

SOURCE = "records"
#: As with every other feed, a crime of an earlier year is a slip of the pen, or a program's word for "no date".
_FIRST_YEAR = 1970
_VERSION = ("crime_type", "x", "y", "occurred_from", "occurred_to")


@dataclass(frozen=True, slots=True)
class Target:
    """Which force's events the crimes become, and what is assumed of their recording where they do not say it."""

    force_id: str
    name: str
    time_zone: str
    crs: str = "EPSG:27700"
    delay_hours: float | None = None

    @property
    def delay_note(self) -> str:
        """Where the times of recording come from, in a sentence."""
        if self.delay_hours is None:
            return "A crime counts as recorded when it was reported, or else when the common store learnt of it."
        return (
            "A crime counts as recorded when it was reported; where the record does not say, "
            f"{self.delay_hours:g} hours after it happened are assumed."
        )


@dataclass(frozen=True, slots=True)
class ProjectionReport:
    """What became of every crime; ``refused`` counts by reason, ``number`` is the ingest's, None if nothing is new."""

    force_id: str
    read: int
    new: int
    corrected: int
    retracted: int
    unchanged: int
    refused: Mapping[str, int]
    number: int | None

    def to_json(self) -> dict[str, Any]:
        """Return the report in plain values."""
        return asdict(self)


class _Refused(Exception):  # noqa: N818 - it is caught where it is raised; its word is the reason
    """Why a crime becomes no event."""


def project(
    home: Path, catalogue: Catalogue, crime_types: Mapping[str, str], target: Target, actor: Actor, at: datetime
) -> ProjectionReport:
    """Bring a force's events in step with the crimes of the store; safe to repeat.

    A crime that is new becomes an event, one that changed a later version of it, one that may no longer be shown (or
    is withdrawn, sealed or disposed of) a retraction. Police-found crime is refused by its origin and by its type.

    Raises
    ------
    SourceError
        When the force's events come from another feed, or no crime is fit to be one.
    """
    refused: Counter[str] = Counter()
    rows: list[dict[str, Any]] = []
    precisions: set[LocationPrecision] = set()
    days = 0
    n_read = 0
    for crime in crimes(catalogue):
        n_read += 1
        try:
            row, point, is_day = _event(crime, crime_types, target)
        except _Refused as reason:
            refused[str(reason)] += 1
            continue
        rows.append(row)
        precisions.add(point.precision)
        days += is_day
    store = EventStore(home)
    held = _held(store, target)
    fresh = pl.DataFrame(rows, schema=LOG_SCHEMA)
    log, told = _changes(fresh, held, at)
    if not rows and held is None:
        raise SourceError(f"none of {n_read:,} crimes is fit to be an event: {_words(refused)}.")
    number = None
    if log.height:
        force = Force(
            target.force_id,
            target.name,
            target.crs,
            target.time_zone,
            max(precisions, key=list(LocationPrecision).index, default=LocationPrecision.EXACT),
            DatePrecision.DAY if days else DatePrecision.MINUTE,
            target.delay_note,
        )
        number = store.append(force, SOURCE, at, EventLog(log, target.crs))
    new, corrected, retracted, unchanged = told
    report = ProjectionReport(
        target.force_id, n_read, new, corrected, retracted, unchanged, dict(sorted(refused.items())), number
    )
    audit.tell(
        actor,
        Act.CONSULTED,
        "projected crimes to events without any person",
        purpose="maps of places",
        details={k: v for k, v in report.to_json().items() if k != "refused"},
        at=at,
    )
    return report


def _event(crime: Crime, crime_types: Mapping[str, str], target: Target) -> tuple[dict[str, Any], Point, bool]:
    if crime.is_sealed:
        raise _Refused("sealed")
    if crime.origin == "found" or names_police_found(crime.crime_type):
        raise _Refused("police-found")
    if crime.crime_type not in crime_types:
        raise _Refused("crime type not listed")
    if names_police_found(crime_types[crime.crime_type]):
        raise _Refused("police-found")
    if not crime.point:
        raise _Refused("no place")
    try:
        point = read_point(crime.point)
        start, end, is_day = _span(crime.happened, target.time_zone)
        reported = read_when(crime.reported).end if crime.reported else None
    except (RecordError, OverflowError):  # a day of the year 1 has no midnight east of Greenwich
        raise _Refused("unreadable place or date") from None
    if point.crs != target.crs:
        raise _Refused("place in another CRS")
    recorded = reported
    if recorded is None:
        recorded = crime.known_at if target.delay_hours is None else end + timedelta(hours=target.delay_hours)
    recorded = max(min(recorded, crime.known_at), start)
    if start > crime.known_at:
        raise _Refused("from the future")
    row = {
        "event_id": f"crime-{crime.record}",
        "crime_type": crime_types[crime.crime_type],
        "x": point.x,
        "y": point.y,
        "occurred_from": start,
        "occurred_to": end,
        "recorded_at": recorded,
        "district": None,
        "street": None,
        "is_retraction": False,
        "ingest": 0,
    }
    return row, point, is_day


def _span(text: str, time_zone: str) -> tuple[datetime, datetime, bool]:
    """Return when a crime happened: a day is the area's own, from its midnight to the next."""
    if not text:
        raise _Refused("no date")
    when = read_when(text)
    if when.precision in ("month", "year"):
        raise _Refused("known to the month or year only")
    ends = [_edge(part, time_zone) for part in text.split("/")]
    if ends[0][0].year < _FIRST_YEAR:
        raise _Refused("before 1970")
    is_day = any(day for _, _, day in ends)
    return ends[0][0], ends[-1][1], is_day


def _edge(text: str, time_zone: str) -> tuple[datetime, datetime, bool]:
    when = read_when(text)
    if when.precision in ("month", "year"):
        raise _Refused("known to the month or year only")
    if when.precision == "minute":
        return when.start, when.end, False
    day = date.fromisoformat(when.text)
    return local_midnight(day, time_zone), local_midnight(day + timedelta(days=1), time_zone), True


def _held(store: EventStore, target: Target) -> pl.DataFrame | None:
    """Return the latest row of each event the force holds; None where it holds none.

    Raises
    ------
    SourceError
        When they come from another feed: they would be counted twice.
    """
    manifests = store.manifests(target.force_id)
    if not manifests:
        return None
    last = manifests[-1]
    if last.source != SOURCE or last.force.time_zone != target.time_zone or last.force.crs != target.crs:
        raise SourceError(
            f"force {target.force_id!r} is kept from {last.source!r} in {last.force.crs}, {last.force.time_zone}; one "
            "force has one feed. Name another force for the records' crimes."
        )
    log = store.log(target.force_id).table.sort("ingest", "recorded_at", "is_retraction", maintain_order=True)
    return log.unique("event_id", keep="last", maintain_order=True)


def _changes(
    fresh: pl.DataFrame, held: pl.DataFrame | None, at: datetime
) -> tuple[pl.DataFrame, tuple[int, int, int, int]]:
    """Return the rows to append, and how many are new, corrected, retracted, unchanged."""
    if held is None:
        return fresh, (fresh.height, 0, 0, 0)
    standing = held.filter(~pl.col("is_retraction"))
    new = fresh.join(held, on="event_id", how="anti", maintain_order="left")
    same = fresh.join(standing, on=["event_id", *_VERSION], how="semi", maintain_order="left")
    changed = fresh.join(new, on="event_id", how="anti", maintain_order="left").join(
        same, on="event_id", how="anti", maintain_order="left"
    )
    gone = standing.join(fresh, on="event_id", how="anti", maintain_order="left")
    # A later version is known from now on; a crime is never recorded before it happened.
    later = changed.with_columns(recorded_at=pl.lit(at).cast(LOG_SCHEMA["recorded_at"]))
    taken_back = gone.with_columns(
        recorded_at=pl.lit(at).cast(LOG_SCHEMA["recorded_at"]), is_retraction=pl.lit(value=True)
    )
    log = pl.concat([new, later, taken_back.select(LOG_SCHEMA.names())])
    return log, (new.height, changed.height, gone.height, same.height)


def _words(refused: Mapping[str, int]) -> str:
    return ", ".join(_each(refused.items())) or "the store holds none"


def _each(counts: Iterable[tuple[str, int]]) -> Iterator[str]:
    for reason, count in counts:
        yield f"{count:,} {reason}"
