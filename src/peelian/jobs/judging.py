"""The record behind a bundle's night: past periods' boxes, published or replayed from what was known then, judged."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime

import polars as pl

from peelian import __version__
from peelian.evaluation.record import TRACK_SCHEMA, fallen, judge
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.events.replay import Replay
from peelian.forecasts.boxes import Boxes
from peelian.jobs.calendar import cutoff_of, nights_before, period_of
from peelian.jobs.choosing import ModelRule
from peelian.jobs.forecasting import (
    OURS,
    Drawing,
    Subject,
    boxes_of,
    draw_baselines,
    replay,
    track_rows,
    week_of,
)
from peelian.jobs.terms import NightTerms
from peelian.models.model import FittedModel
from peelian.places.areas import AreaLayer
from peelian.places.covariates import PlaceLayers
from peelian.places.forces import DatePrecision, Force
from peelian.places.periods import Period
from peelian.places.squares import Squares
from peelian.store.tracks import TrackStore

#: How a layer is made from what was known at a cutoff: districts move a little as cells are first used.
LayerAt = Callable[[Events], AreaLayer]
#: By what rule a past night's models were taken: by what had been chosen by then.
RuleAt = Callable[[date], ModelRule]


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
    rule_at: RuleAt
    places: PlaceLayers | None
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


@dataclass(frozen=True, slots=True, eq=False)
class _Week:
    """What the replays of one week share: what was known on its Monday, the areas then, and the models learned."""

    monday: datetime
    known: Events
    layer: AreaLayer
    fitted: dict[Drawing, FittedModel]


class _Replays:
    """Boxes of past nights made afterwards, from a cache where their inputs are the same; fitted once a week.

    Where boxes keep their places, a replayed week begins on its Monday without any that stood: so a night's replay
    follows from the log and the night alone, and is the same whichever night asks for it.
    """

    def __init__(self, past: PastNights) -> None:
        self._past = past
        self._held = past.tracks.replayed(past.force.id, past.bundle.name)
        self._made: list[pl.DataFrame] = []
        self._used: list[str] = []
        self._week: _Week | None = None
        self._nights: dict[date, pl.DataFrame | None] = {}

    def night(self, night: date) -> pl.DataFrame | None:
        """Return the boxes of a past night from what was known then, or None where nothing was."""
        if night not in self._nights:
            self._nights[night] = self._night(night)
        return self._nights[night]

    def _night(self, night: date) -> pl.DataFrame | None:
        past = self._past
        period = period_of(past.force, night, past.settings)
        cutoff = cutoff_of(period, past.settings)
        rule = past.rule_at(night)
        key = _key(past, cutoff, rule)
        self._used.append(key)
        if self._held is not None:
            held = self._held.filter(pl.col("key") == key)
            if held.height:
                return held.drop("key")
        history = past.log.as_known_at(cutoff)
        if not len(history):
            return None
        week = self._week_of(cutoff, history)
        subject = Subject(history, week.layer, past.bundle, past.places)
        models = rule.models(week.layer, past.bundle)
        keeps = any(drawing.method.keep for drawing, _ in models.groups)
        stood = self._stood(night, week.monday) if keeps else None
        boxes: dict[str, Boxes] = {}
        for drawing, ids in models.groups:
            if drawing not in week.fitted:
                week.fitted[drawing] = drawing.fit(replace(subject, history=week.known))
            fitted = week.fitted[drawing].conditioned_on(history)
            boxes |= replay(fitted, week.layer.only(set(ids)), period, drawing, stood)
        ours = track_rows(OURS, {area.id: boxes[area.id] for area in week.layer.areas})
        track = pl.concat([ours, draw_baselines(subject, period, models.groups[0][0])])
        self._made.append(track.with_columns(key=pl.lit(key)))
        return track

    def keep(self) -> None:
        """Keep what was made for the next night; replays that no night asked for go."""
        if not self._made:
            return
        held = [] if self._held is None else [self._held.filter(pl.col("key").is_in(self._used))]
        past = self._past
        past.tracks.keep_replayed(past.force.id, past.bundle.name, pl.concat([*held, *self._made]))

    def _stood(self, night: date, monday: datetime) -> Squares | None:
        """Return the boxes replayed for the night before, if it is of the same week."""
        past = self._past
        (before,) = nights_before(past.force, night, 1)
        period = period_of(past.force, before, past.settings)
        if week_of(cutoff_of(period, past.settings)) != monday:
            return None
        track = self.night(before)
        return None if track is None else boxes_of(track, period.start)

    def _week_of(self, cutoff: datetime, history: Events) -> _Week:
        """Return the week that the cutoff lies in; learned from the history itself where its Monday knew nothing."""
        monday = week_of(cutoff)
        if self._week is None or self._week.monday != monday:
            known = self._past.log.as_known_at(monday)
            known = known if len(known) else history
            self._week = _Week(monday, known, self._past.layer_at(known), {})
        return self._week


def _key(past: PastNights, cutoff: datetime, rule: ModelRule) -> str:
    """Return what a replay was made from, hashed: which rows stood at the cutoff, and how boxes are drawn."""
    standing = past.log.stands_at(cutoff)
    made_from = {
        "rows": int(standing.sum()),
        "stood_from": int(past.log.stands_from[standing].sum()),
        "cutoff": cutoff.isoformat(),
        "drawing": repr(Drawing.of(past.force, past.settings)),
        "model": [past.settings.model, past.settings.boxes, repr(rule.choices)],
        "places": past.places.fingerprint if past.places else "",
        "bundle": [past.bundle.name, past.bundle.weights],
        "level": past.settings.level,
        "areas": past.area_ids,
        "cell_size_m": past.settings.cell_size_m,
        "version": __version__,
    }
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()[:16]
