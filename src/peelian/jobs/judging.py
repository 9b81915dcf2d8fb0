"""The record behind a bundle's night: past periods' boxes, published or replayed from what was known then, judged."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from peelian import __version__
from peelian.evaluation.record import TRACK_SCHEMA, fallen, judge
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.events.replay import Replay
from peelian.forecasts.boxes import Boxes
from peelian.forecasts.forecast import Forecast
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
from peelian.jobs.plans import Method
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
    is_replayed: tuple[bool, ...]  # by period: whether its boxes were made afterwards


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


def look_back(lists: Sequence[PastNights], night: date, history: Events, layer: AreaLayer) -> list[Record]:
    """Return the record of the nights before this one, judged by what is known at its cutoff, for each list of boxes.

    The lists are of one bundle and differ in their number of boxes: they share every model that is fitted. Nights
    before the record began are left out: nothing could have been drawn for them. So are periods that the feed has not
    told of yet (a month-dated feed is months late): no record is not "no crime".
    """
    first = lists[0]
    shared = _Shared(first)
    pasts = [_Past(past, _Replays(past, shared)) for past in lists]
    for before in nights_before(first.force, night, first.settings.replay_nights):
        if _is_told(first, before, history):
            for past in pasts:
                past.add(before)
    return [past.record(history, layer) for past in pasts]


class _Past:
    """The nights behind one list of boxes, gathered in order of time: published ones as they were, others replayed."""

    def __init__(self, past: PastNights, replays: "_Replays") -> None:
        self._past, self._replays = past, replays
        self._nights: list[date] = []
        self._tracks: list[pl.DataFrame] = []
        self._is_replayed: list[bool] = []

    def add(self, night: date) -> None:
        """Add a night, unless nothing was known then."""
        past = self._past
        published = past.tracks.published(past.force.id, night)
        if published is not None:
            # A type that was withheld that night has no boxes to be judged by.
            published = published.filter(pl.col("bundle") == past.bundle.name)
        has_boxes = published is not None and published.height > 0
        track = published if has_boxes else self._replays.night(night)
        if track is not None:
            self._nights.append(night)
            self._tracks.append(track)
            self._is_replayed.append(not has_boxes)

    def record(self, history: Events, layer: AreaLayer) -> Record:
        """Return the nights judged; what was replayed is kept for the next time."""
        self._replays.keep()
        past = self._past
        periods = tuple(period_of(past.force, n, past.settings) for n in self._nights)
        if not periods:
            empty = pl.DataFrame(schema=TRACK_SCHEMA)
            return Record((), (), empty, empty, empty, ())
        track = pl.concat(self._tracks)
        fell = fallen(history, periods, [past.bundle], layer)
        return Record(tuple(self._nights), periods, track, fell, judge(track, fell, layer), tuple(self._is_replayed))


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
    fitted: dict[Method, FittedModel]


class _Shared:
    """What the replays of one bundle's lists share: what was known at a cutoff, the models of its week, forecasts.

    One cutoff and one week at a time are held: the lists go through the nights together.
    """

    def __init__(self, past: PastNights) -> None:
        self._past = past
        self._known: tuple[datetime, Events] | None = None
        self._week: _Week | None = None
        self._forecasts: dict[tuple[datetime, Method], Forecast] = {}

    def history(self, cutoff: datetime) -> Events:
        """Return what was known at the cutoff."""
        if self._known is None or self._known[0] != cutoff:
            self._known = (cutoff, self._past.log.as_known_at(cutoff))
        return self._known[1]

    def week(self, cutoff: datetime) -> _Week:
        """Return the week that the cutoff lies in; learned from the cutoff's history where its Monday knew none."""
        monday = week_of(cutoff)
        if self._week is None or self._week.monday != monday:
            known = self._past.log.as_known_at(monday)
            known = known if len(known) else self.history(cutoff)
            self._week = _Week(monday, known, self._past.layer_at(known), {})
        return self._week

    def forecast(self, cutoff: datetime, period: Period, drawing: Drawing) -> Forecast:
        """Return the forecast of a past period, by weights learned on its Monday from what was known at its cutoff."""
        key = (cutoff, drawing.method)
        if key not in self._forecasts:
            if any(at != cutoff for at, _ in self._forecasts):
                self._forecasts.clear()
            week = self.week(cutoff)
            if drawing.method not in week.fitted:
                subject = Subject(week.known, week.layer, self._past.bundle, self._past.places)
                week.fitted[drawing.method] = drawing.fit(subject)
            fitted = week.fitted[drawing.method].conditioned_on(self.history(cutoff))
            self._forecasts[key] = fitted.forecast(period)
        return self._forecasts[key]


class _Replays:
    """Boxes of past nights made afterwards, from a cache where their inputs are the same; fitted once a week.

    Where boxes keep their places, a replayed week begins on its Monday without any that stood: so a night's replay
    follows from the log and the night alone, and is the same whichever night asks for it.
    """

    def __init__(self, past: PastNights, shared: _Shared) -> None:
        self._past, self._shared = past, shared
        self._held = past.tracks.replayed(past.force.id, past.bundle.name)
        self._made: list[pl.DataFrame] = []
        self._used: list[str] = []
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
        history = self._shared.history(cutoff)
        if not len(history):
            return None
        week = self._shared.week(cutoff)
        subject = Subject(history, week.layer, past.bundle, past.places)
        models = rule.models(week.layer, past.bundle)
        keeps = any(drawing.method.keep for drawing, _ in models.groups)
        stood = self._stood(night, week.monday) if keeps else None
        boxes: dict[str, Boxes] = {}
        for drawing, ids in models.groups:
            forecast = self._shared.forecast(cutoff, period, drawing)
            boxes |= replay(forecast, week.layer.only(set(ids)), drawing, stood)
        ours = track_rows(OURS, {area.id: boxes[area.id] for area in week.layer.areas})
        track = pl.concat([ours, *draw_baselines(subject, period, [models.groups[0][0]])])
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
