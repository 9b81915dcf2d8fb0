"""The record behind a night: past periods' boxes, published or replayed from what was known then, and judged."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import polars as pl

from peelian import __version__
from peelian.evaluation.record import TRACK_SCHEMA, fallen, judge
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.events.log import EventLog
from peelian.jobs.calendar import cutoff_of, nights_before, period_of
from peelian.jobs.forecasting import Drawing, replay
from peelian.places.areas import AreaLayer
from peelian.places.forces import Force
from peelian.places.periods import Period
from peelian.settings import NightSettings
from peelian.store.tracks import TrackStore

#: How a layer is made from what was known at a cutoff: districts move a little as cells are first used.
LayerAt = Callable[[Events], AreaLayer]


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """Past periods in order of time, the boxes drawn for them, what fell, and how each method did."""

    nights: tuple[date, ...]
    periods: tuple[Period, ...]
    track: pl.DataFrame
    fell: pl.DataFrame
    judged: pl.DataFrame
    is_replayed: bool  # whether the last period's boxes were made afterwards


@dataclass(frozen=True, slots=True, eq=False)
class PastNights:
    """What is needed to draw any past night again."""

    force: Force
    log: EventLog
    layer_at: LayerAt
    bundles: tuple[Bundle, ...]
    drawing: Drawing
    settings: NightSettings
    tracks: TrackStore


def look_back(past: PastNights, night: date, history: Events, layer: AreaLayer) -> Record:
    """Return the record of the nights before this one, judged by what is known at its cutoff.

    Nights before the record began are left out: nothing could have been drawn for them.
    """
    nights, tracks, replayed = [], [], False
    for before in nights_before(past.force, night, past.settings.replay_nights):
        published = past.tracks.published(past.force.id, before)
        track = published if published is not None else _replayed(past, before)
        if track is None:
            continue
        nights.append(before)
        tracks.append(track)
        replayed = published is None
    periods = tuple(period_of(past.force, n, past.settings) for n in nights)
    names = [b.name for b in past.bundles]
    if not periods:
        empty = pl.DataFrame(schema=TRACK_SCHEMA)
        return Record((), (), empty, empty, empty, is_replayed=False)
    track = pl.concat(tracks).filter(pl.col("bundle").is_in(names))
    # Periods whose boxes no longer exist under today's areas are still judged: a renamed area keeps its own rows.
    fell = fallen(history, periods, past.bundles, layer)
    return Record(tuple(nights), periods, track, fell, judge(track, fell, layer), replayed)


def _replayed(past: PastNights, night: date) -> pl.DataFrame | None:
    """Return the boxes of a past night made from what was known then, from the cache where the inputs are the same."""
    period = period_of(past.force, night, past.settings)
    cutoff = cutoff_of(period, past.settings)
    key = _key(past, cutoff=cutoff.isoformat())
    cached = past.tracks.replayed(past.force.id, night, key)
    if cached is not None:
        return cached
    history = past.log.as_known_at(cutoff)
    if not len(history):
        return None
    layer = past.layer_at(history)
    track = pl.concat([replay(history, layer, bundle, period, past.drawing) for bundle in past.bundles])
    past.tracks.keep_replayed(past.force.id, night, key, track)
    return track


def _key(past: PastNights, cutoff: str) -> str:
    """Return what a replay was made from, hashed. The log is append-only, so its size at a cutoff names its content."""
    known = past.log.table.filter(pl.col("recorded_at") <= pl.lit(cutoff).str.to_datetime(time_zone="UTC"))
    made_from = {
        "rows": known.height,
        "ingests": sorted(known["ingest"].unique().to_list()),
        "cutoff": cutoff,
        "drawing": [past.drawing.model, past.drawing.choice.count, past.drawing.precision.value],
        "bundles": [[b.name, b.weights] for b in past.bundles],
        "level": past.settings.level,
        "cell_size_m": past.settings.cell_size_m,
        "version": __version__,
    }
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()[:16]
