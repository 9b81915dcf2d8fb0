"""The public's pages: after each night, what was forecast, done and recorded in every ward, up to some days ago.

No box, no dot and no street chosen leaves this job: only counts by ward and crime type (``forecasts.wards``).
"""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import polars as pl

from peelian.delivery.public_documents import Answerable, public_documents
from peelian.evaluation.wards import MONTHS, Doings, GivenNight, tallies
from peelian.events.bundles import Bundle
from peelian.forecasts.nights import Night
from peelian.jobs.calendar import nights_before, period_of
from peelian.jobs.forecasting import OURS
from peelian.jobs.terms import Terms
from peelian.places.areas import AreaLayer
from peelian.places.periods import Period, month_of
from peelian.sources.residents import read_neighbourhoods
from peelian.store import patrols
from peelian.store.areas import AreaStore
from peelian.store.events import EventStore
from peelian.store.public import PublicStore
from peelian.store.tracks import TrackStore

WARD = "ward"
#: Levels that may be shown to the public; anything finer is shown as the night's own areas.
COARSE = (WARD, "borough", "district", "force")
#: A page tells of so many nights together: about three months, as the seasons are told apart.
NIGHTS_TOLD = 92


def publicise(terms: Terms, night: Night) -> None:
    """Publish the pages of every ward of a force, as far back as the delay asks, in place of the earlier ones.

    Raises
    ------
    SourceError, StoreError
        When residents' file or the store cannot be read.
    """
    force, public = night.force, terms.public
    last = night.night - timedelta(days=max(public.delay_days, 1))
    history = EventStore(terms.home).log(force.id).as_known_at(night.cutoff)
    layer = _wards(terms, night)
    tracks = TrackStore(terms.home)
    days = [n for n in nights_before(force, last + timedelta(days=1), NIGHTS_TOLD) if n <= last]
    given = []
    for day in days:
        track = tracks.published(force.id, day)
        if track is not None:
            boxes = track.filter(pl.col("method") == OURS).select("bundle", "x_min", "y_min", "size_m")
            given.append(GivenNight(day, period_of(force, day, terms.night), boxes))
    bundles = [Bundle(a.bundle.name, a.bundle.weights) for a in {a.bundle.name: a for a in night.areas}.values()]
    doings = _doings(force.id, given[0].night, given[-1].night) if given else _NOTHING_DONE
    months = _months(last, force.time_zone)
    counted = list(tallies(layer, bundles, given, doings, history, months))
    documents = public_documents(
        night, layer, counted, last, Answerable(public.contact, public.reply_days), _residents(terms, night, layer)
    )
    PublicStore(terms.home).publish(force.id, documents)


def _wards(terms: Terms, night: Night) -> AreaLayer:
    """Return the wards where the force has them, else the night's own areas: never anything finer than a ward."""
    areas = AreaStore(terms.home)
    if WARD in areas.levels(night.force.id):
        history = EventStore(terms.home).log(night.force.id).as_known_at(night.cutoff)
        return areas.layer(night.force, WARD, night.layer.grid, history).with_cells()
    if night.layer.level in COARSE:
        return night.layer
    history = EventStore(terms.home).log(night.force.id).as_known_at(night.cutoff)
    return areas.layer(night.force, "force", night.layer.grid, history)


def _doings(force_id: str, first: date, last: date) -> Doings:
    visits = patrols.visits_between(force_id, first, last)
    half = np.array([v.box.size_m / 2 for v in visits])
    return Doings(
        np.array([v.box.crime_type for v in visits], dtype=np.str_),
        np.array([v.box.x_min for v in visits], dtype=np.float64) + half,
        np.array([v.box.y_min for v in visits], dtype=np.float64) + half,
        np.array([v.minutes for v in visits], dtype=np.float64),
    )


_NOTHING_DONE = Doings(np.array([], dtype=np.str_), np.empty(0), np.empty(0), np.empty(0))


def _months(last: date, zone: str) -> list[tuple[date, Period]]:
    """Return the last whole months up to the day, in order of time."""
    month = (last + timedelta(days=1)).replace(day=1)
    found = []
    for _ in range(MONTHS):
        month = (month - timedelta(days=1)).replace(day=1)
        found.append((month, month_of(month, zone)))
    return found[::-1]


def _residents(terms: Terms, night: Night, layer: AreaLayer) -> Mapping[str, float]:
    """Return how many people live in each ward, by its id or name; empty where the force gave no file."""
    public = terms.public
    if not public.residents:
        return {}
    file = terms.home / public.residents
    read = read_neighbourhoods(file, night.force.crs, public.residents_name, (public.residents_column,))
    counts = dict(zip(read.names, read.counts[public.residents_column].tolist(), strict=True))
    found = {a.id: counts.get(a.id, counts.get(a.name, 0.0)) for a in layer.areas}
    return {area_id: count for area_id, count in found.items() if count > 0}
