"""The record behind a bundle's night: past periods' boxes, published or replayed from what was known then, judged."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from peelian import __version__
from peelian.evaluation.record import TRACK_SCHEMA, fallen, judge
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.events.replay import Replay
from peelian.jobs.calendar import cutoff_of, nights_before, period_of
from peelian.jobs.forecasting import Drawing, replay, week_of
from peelian.jobs.terms import NightTerms
from peelian.models.model import FittedModel
from peelian.places.areas import AreaLayer
from peelian.places.forces import DatePrecision, Force
from peelian.places.periods import Period
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
    """What is needed to draw any past night of one bundle again."""

    force: Force
    log: Replay
    layer_at: LayerAt
    bundle: Bundle
    drawing: Drawing
    settings: NightTerms
    tracks: TrackStore
    area_ids: tuple[str, ...]  # tonight's: renamed areas are drawn again under their new names


def look_back(past: PastNights, night: date, history: Events, layer: AreaLayer) -> Record:
    """Return the record of the nights before this one, judged by what is known at its cutoff.

    Nights before the record began are left out: nothing could have been drawn for them. So are periods that the
    feed has not told of yet (a month-dated feed is months late): no record is not "no crime".
    """
    nights, tracks, is_replayed = [], [], False
    replayed = _Replays(past)
    told = [n for n in nights_before(past.force, night, past.settings.replay_nights) if _is_told(past, n, history)]
    for before in told:
        published = past.tracks.published(past.force.id, before)
        if published is not None:
            # A type that was withheld that night has no boxes to be judged by.
            published = published.filter(pl.col("bundle") == past.bundle.name)
        has_boxes = published is not None and published.height > 0
        track = published if has_boxes else replayed.night(before)
        if track is None:
            continue
        nights.append(before)
        tracks.append(track)
        is_replayed = not has_boxes
    replayed.keep()
    periods = tuple(period_of(past.force, n, past.settings) for n in nights)
    if not periods:
        empty = pl.DataFrame(schema=TRACK_SCHEMA)
        return Record((), (), empty, empty, empty, is_replayed=False)
    track = pl.concat(tracks)
    fell = fallen(history, periods, [past.bundle], layer)
    return Record(tuple(nights), periods, track, fell, judge(track, fell, layer), is_replayed)


def _is_told(past: PastNights, night: date, history: Events) -> bool:
    """Tell whether the feed reaches into the night, or for a month-dated feed to the end of its month."""
    latest = history.table.get_column("occurred_to").max()
    if not isinstance(latest, datetime):
        return False
    period = period_of(past.force, night, past.settings)
    return latest >= period.end if past.force.date_precision is DatePrecision.MONTH else latest >= period.start


class _Replays:
    """Boxes of past nights made afterwards, from a cache where their inputs are the same; fitted once a week."""

    def __init__(self, past: PastNights) -> None:
        self._past = past
        self._held = past.tracks.replayed(past.force.id, past.bundle.name)
        self._made: list[pl.DataFrame] = []
        self._used: list[str] = []
        self._fitted: tuple[datetime, FittedModel, AreaLayer] | None = None

    def night(self, night: date) -> pl.DataFrame | None:
        """Return the boxes of a past night from what was known then, or None where nothing was."""
        past = self._past
        period = period_of(past.force, night, past.settings)
        cutoff = cutoff_of(period, past.settings)
        key = _key(past, cutoff)
        self._used.append(key)
        if self._held is not None:
            held = self._held.filter(pl.col("key") == key)
            if held.height:
                return held.drop("key")
        history = past.log.as_known_at(cutoff)
        if not len(history):
            return None
        fitted, layer = self._fit(week_of(cutoff), history)
        track = replay(fitted.conditioned_on(history), history, layer, past.bundle, period, past.drawing)
        self._made.append(track.with_columns(key=pl.lit(key)))
        return track

    def keep(self) -> None:
        """Keep what was made for the next night; replays that no night asked for go."""
        if not self._made:
            return
        held = [] if self._held is None else [self._held.filter(pl.col("key").is_in(self._used))]
        past = self._past
        past.tracks.keep_replayed(past.force.id, past.bundle.name, pl.concat([*held, *self._made]))

    def _fit(self, monday: datetime, history: Events) -> tuple[FittedModel, AreaLayer]:
        """Return the model as learned on that Monday; on the history itself where nothing was known yet."""
        if self._fitted is None or self._fitted[0] != monday:
            known = self._past.log.as_known_at(monday)
            learned_from = known if len(known) else history
            layer = self._past.layer_at(learned_from)
            self._fitted = (monday, self._past.drawing.fit(learned_from, layer, self._past.bundle), layer)
        return self._fitted[1], self._fitted[2]


def _key(past: PastNights, cutoff: datetime) -> str:
    """Return what a replay was made from, hashed: which rows stood at the cutoff, and how boxes are drawn."""
    standing = past.log.stands_at(cutoff)
    made_from = {
        "rows": int(standing.sum()),
        "stood_from": int(past.log.stands_from[standing].sum()),
        "cutoff": cutoff.isoformat(),
        "drawing": repr(past.drawing),
        "bundle": [past.bundle.name, past.bundle.weights],
        "level": past.settings.level,
        "areas": past.area_ids,
        "cell_size_m": past.settings.cell_size_m,
        "version": __version__,
    }
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()[:16]
