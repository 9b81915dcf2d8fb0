"""The night: for each force read what was known, forecast, choose, explain, score yesterday, publish. Safe to repeat.

A night appears whole or not at all. Killed at any instant it leaves finished nights or none, and the next start
clears up, marks the dead run and completes. The door has opened the store (``store.database``) before it imports this.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import chain
from pathlib import Path

import polars as pl

from peelian import __version__
from peelian.delivery.night_files import site_files
from peelian.errors import ForecastError, PeelianError, PublicationError, StoreError
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.events.fingerprint import fingerprint
from peelian.forecasts.edits import BoxEdit
from peelian.forecasts.nights import Night, PurposeCard
from peelian.jobs.bundle_night import (
    BundlePart,
    Known,
    NightPlan,
    bundle_night,
    known_for,
    lists_of,
    read_part,
    work,
)
from peelian.jobs.calendar import night_of, nights_before, nights_between, period_of
from peelian.jobs.choosing import ModelRule
from peelian.jobs.executors import PROCESSES, Workers
from peelian.jobs.forecasting import Drawing
from peelian.jobs.layers import layer_files
from peelian.jobs.publicising import publicise
from peelian.jobs.publishing import files_of
from peelian.jobs.reviewing import review
from peelian.jobs.terms import Terms
from peelian.jobs.variants import LevelFiles, at_level, levels_of
from peelian.places.forces import DatePrecision, Force
from peelian.store import desk, runs
from peelian.store import nights as night_store
from peelian.store.choices import ChoiceStore
from peelian.store.edits import edits_of_nights
from peelian.store.events import EventStore
from peelian.store.folders import mend_folders, publish_folder
from peelian.store.locks import lock
from peelian.store.streets import network_mark
from peelian.store.tracks import TrackStore

#: A night forecasts the commonest crime types of the last year, this many at most, where none are named.
MOST_TYPES = 16
#: Fewer bundles than this are made in one process: starting another costs about two seconds.
WORTH_A_PROCESS = 4
#: So many missed nights are caught up unasked. A home that slept for years would else make thousands before tonight's.
MOST_CAUGHT_UP = 31

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class NightOutcome:
    """How one night of one force ended: ``published`` or ``failed``, where it is, its maps and those withheld.

    ``value`` is kept of the last night published: a nation's nights together would fill the memory.
    """

    force: str
    night: date
    status: str
    folder: Path | None
    message: str
    maps: int = 0
    withheld: tuple[tuple[str, str], ...] = ()
    value: Night | None = None


def run_nights(
    settings: Terms, on: date, *, since: date | None = None, again: bool = False, progress: Progress = lambda _: None
) -> list[NightOutcome]:
    """Make the night of ``on`` for every force of the home, and those that were missed since the last good one.

    ``since`` begins the catch-up there, where it else reaches 31 nights back and says how many it left out; ``again``
    makes ``on`` anew though it is published.

    Raises
    ------
    StoreError
        When the home holds no events, or cannot be written.
    LockedError
        When another night is being made in this home.
    """
    forces = EventStore(settings.home).forces()
    if not forces:
        raise StoreError(f"{settings.home} holds no events yet; bring some in with 'peelian ingest SOURCE PATH'.")
    with lock(settings.home, "night"):
        runs.bury_the_dead()
        mend_folders(settings.home / "nights")
        outcomes: list[NightOutcome] = []
        with Workers(settings.executor, settings.workers) as workers:
            for force in forces:
                due, left_out = _due(settings, force, on, since, again=again)
                for night in due:
                    progress(f"{force.name}: night of {night}")
                    alone = len(forces) == 1
                    outcome = _run(settings, force, night, workers, alone=alone, progress=progress)
                    if night == due[0] and left_out:
                        outcome = replace(outcome, message=f"{outcome.message} {left_out}".strip())
                    if outcome.value is not None:
                        outcomes = [replace(before, value=None) for before in outcomes]
                    outcomes.append(outcome)
        return outcomes


def _due(settings: Terms, force: Force, on: date, since: date | None, *, again: bool) -> tuple[Sequence[date], str]:
    """Return the nights to make, from the last unbroken good night on, and what is told of those too long missed."""
    last = night_of(force, on)
    done = {n for n in runs.nights_done(force.id) if _folder(settings, force, n) is not None}
    first = night_of(force, since) if since else _first_missed(force, done, last)
    due = [n for n in nights_between(force, first, last) if n not in done or (again and n == last)]
    old = [] if since else due[:-MOST_CAUGHT_UP]
    if not old:
        return due, ""
    unit = "months" if force.date_precision is DatePrecision.MONTH else "nights"
    missed = f"{len(old):,} {unit} missed before it, from {old[0]} on, were not made: --since {old[0]} makes them."
    return due[len(old) :], missed


def _first_missed(force: Force, done: set[date], last: date) -> date:
    """Return the first night not done after the earliest done; ``last`` itself where none was done before it."""
    earlier = sorted(n for n in done if n < last)
    if not earlier:
        return last
    return next(n for n in [*nights_between(force, earlier[0], last)] if n not in done or n == last)


def _run(
    settings: Terms, force: Force, night: date, workers: Workers, *, alone: bool, progress: Progress
) -> NightOutcome:
    run = runs.begin(force.id, night, os.getpid(), night_store.utc_now())
    try:
        composed = compose_night(settings, force, night, workers, progress)
        value = composed.night
        began = time.perf_counter()
        folder = settings.home / "nights" / (str(night) if alone else f"{night}/{force.id}")
        levels = _levels(settings, force, night, workers, progress)
        longer = site_files(composed.longer, longer=True) if composed.longer is not None else ()
        publish_folder(folder, chain(files_of(value, settings.workers), longer, levels))
        composed.keep(settings.home)
        failed = [f"The level {level} was not made: {why}" for level, why in levels.failed]
        note = " ".join([*_overruled(settings), *failed, *_publicised(settings, value)])
        runs.publish(run, value, night_store.utc_now(), levels.made, note)
        progress(f"{force.name}: night of {night} published in {time.perf_counter() - began:.1f} s")
    except PeelianError as error:
        runs.fail(run, str(error), night_store.utc_now())
        return NightOutcome(force.id, night, "failed", None, str(error))
    return NightOutcome(force.id, night, "published", folder, note, len(value.areas), value.withheld, value)


@dataclass(frozen=True, slots=True)
class Composed:
    """A night as a value, the same with the longer list where one is asked for, and the boxes of each as a track."""

    night: Night
    longer: Night | None
    judged: pl.DataFrame  # the nights looked back on, for the review
    fell: pl.DataFrame
    tracks: tuple[tuple[str, pl.DataFrame], ...]  # (where this list's past is kept, rows)

    def keep(self, home: Path) -> None:
        """Keep the boxes that were given out, each list's among its own past; add the nights before to the review."""
        for name, track in self.tracks:
            TrackStore(home, name).keep_published(self.night.force.id, self.night.night, track)
        review(home, self.night, self.judged, self.fell)


def _publicised(settings: Terms, night: Night) -> list[str]:
    """Publish the public's pages; return why that could not be, for it must not cost the shift its night."""
    try:
        publicise(settings, night)
    except PeelianError as error:
        return [f"The public pages were not made anew: {error}"]
    return []


def _levels(settings: Terms, force: Force, night: date, workers: Workers, progress: Progress) -> LevelFiles:
    """Return the files of the further levels; each level's boxes are kept as its own past."""

    def compose(level: str) -> tuple[Night, Night | None]:
        terms = replace(settings, night=at_level(settings.night, level))
        composed = compose_night(terms, force, night, workers, progress, variant=f"level-{level}/")
        composed.keep(settings.home)
        return composed.night, composed.longer

    return LevelFiles(levels_of(settings.night), compose)


def compose_night(
    settings: Terms,
    force: Force,
    night: date,
    workers: Workers | None = None,
    progress: Progress = lambda _: None,
    variant: str = "",
) -> Composed:
    """Return the night as a value, with the longer list of boxes where one is asked for. Nothing is published here.

    ``workers`` that serve more than this night are left standing; without them it starts its own. ``variant`` says
    where the past of another level is kept.

    Raises
    ------
    PublicationError
        When forecasts are switched off, or no map of the night has a valid purpose card.
    ForecastError
        When nothing was known at the cutoff.
    """
    off = night_store.switched_off(force.id)
    if off is not None:
        raise PublicationError(
            f"forecasts of {force.name} are switched off by {off.by} since {off.at:%Y-%m-%d}: {off.reason}"
        )
    began = time.perf_counter()
    layers = layer_files(settings.home, settings.layers)
    known = known_for(settings.home, force, night, settings.night, layers)
    if not len(known.history):
        raise ForecastError(
            f"{force.name}: no event was known at {known.cutoff:%Y-%m-%d %H:%M} UTC; nothing can be forecast."
        )
    bundles, cards, withheld = _purposes(settings, known.history, night)
    edits = _edits_before(force, night, settings.night.replay_nights, known.layer.level)
    network = network_mark(settings.home, force) if known.network is not None else ""
    plan = NightPlan(settings.home, force.id, night, settings.night, bundles, layers, variant, network, edits)
    made_from = fingerprint(known.history)
    rule = ModelRule.of(ChoiceStore(settings.home), force, night, settings.night)
    read_s = time.perf_counter() - began
    with nullcontext(workers) if workers else Workers(settings.executor, settings.workers) as side_by_side:
        parts = _parts(plan, known, f"{made_from} {rule.choices!r}", side_by_side, progress)
    period = period_of(force, night, settings.night)
    areas = sorted((a for part in parts for a in part.areas), key=lambda a: (a.area.id, a.bundle.name))
    value = Night(
        force=force,
        layer=known.layer,
        night=night,
        period=period,
        cutoff=known.cutoff,
        model=settings.night.model,
        parameters={
            "boxes": "floating" if Drawing.of(force, settings.night).is_floating else "grid",
            "count": settings.night.count,
            "cell_size_m": settings.night.cell_size_m,
            "longer": settings.night.longer if settings.night.longer > settings.night.count else 0,
            "keep": settings.night.keep,
            "walk_gap_m": settings.night.walk_gap_m,
        },
        layers={
            **{layer.name: f"{layer.of}, {Path(layer.file).name}, {layer.sha256[:16]}" for layer in layers},
            **({"street network": f"streets, network.parquet, {network[:16]}"} if network else {}),
        },
        seed=settings.night.seed,
        version=__version__,
        fingerprint=made_from,
        n_events_known=len(known.history),
        latest_recorded_at=_latest(known.history),
        delay_note=force.delay_note,
        cards=cards,
        withheld=withheld + _without_ground(known.empty_areas),
        areas=tuple(areas),
        streets=known.streets.points(),
        timings={"read": round(read_s, 3), **_summed(parts), "all": round(time.perf_counter() - began, 3)},
        presence_cap_minutes=settings.night.presence_cap_minutes,
    )
    tracks = [pl.concat([part.track for part in parts])]
    longer = None
    told = [part.longer for part in parts if part.longer is not None]
    if told:
        of_longer = sorted((a for areas, _ in told for a in areas), key=lambda a: (a.area.id, a.bundle.name))
        parameters = {**value.parameters, "count": settings.night.longer, "longer": 0}
        longer = replace(value, areas=tuple(of_longer), parameters=parameters)
        tracks.append(pl.concat([track for _, track in told]))
    judged, fell = (pl.concat([getattr(part, name) for part in parts]) for name in ("judged", "fell"))
    return Composed(value, longer, judged, fell, tuple(zip((name for name, _ in lists_of(plan)), tracks, strict=True)))


def _parts(plan: NightPlan, known: Known, made_from: str, workers: Workers, progress: Progress) -> list[BundlePart]:
    """Return every bundle's part: made here one by one, or side by side where the work is worth a second process."""
    few = len(plan.bundles) < WORTH_A_PROCESS or workers.count == 1
    if few and workers.executor == PROCESSES:
        parts = []
        for bundle in plan.bundles:
            progress(f"{known.force.name}: {plan.night} {bundle.name}")
            parts.append(bundle_night(plan, known, bundle))
        return parts
    # The folder's name tells what its parts are made from: a killed night's parts serve the next start.
    made_by = hashlib.sha256(f"{made_from} {plan!r} {__version__}".encode()).hexdigest()[:16]
    folder = plan.home / "work" / f"night-{plan.force_id}-{plan.night}-{made_by}"
    plan.write(folder)
    names = [b.name for b in plan.bundles]
    workers.map(work, str(folder), names, lambda name: progress(f"{known.force.name}: {plan.night} {name}"))
    parts = [read_part(folder, name) for name in names]
    shutil.rmtree(folder, ignore_errors=True)
    return parts


def _summed(parts: list[BundlePart]) -> dict[str, float]:
    """Seconds of work by step, over all bundles."""
    return {step: round(sum(p.timings[step] for p in parts), 3) for step in parts[0].timings}


def _edits_before(force: Force, night: date, count: int, level: str) -> tuple[BoxEdit, ...]:
    """Return analysts' edits of the nights that are judged, withdrawn ones too."""
    before = edits_of_nights(force.id, nights_before(force, night, count))
    return tuple(edit for edit in before if edit.level == level)


def _bundles(settings: Terms) -> list[Bundle]:
    """Return the bundles of ``peelian.toml`` and of the desk, by name; the desk's wins where both have one."""
    filed = {name: Bundle.from_mapping(name, weights) for name, weights in settings.bundles.items()}
    held = filed | {agreed.bundle.name: agreed.bundle for agreed in desk.bundles()}
    return [held[name] for name in sorted(held)]


def _overruled(settings: Terms) -> Iterator[str]:
    """Yield a line for every bundle of ``peelian.toml`` in whose place the desk's was used."""
    for agreed in desk.bundles():
        name = agreed.bundle.name
        if name in settings.bundles:
            yield f"Bundle {name}: the desk's weights are used ({agreed.by}, {agreed.at:%Y-%m-%d}), not peelian.toml's."


def _purposes(
    settings: Terms, history: Events, night: date
) -> tuple[tuple[Bundle, ...], tuple[PurposeCard, ...], tuple[tuple[str, str], ...]]:
    """Return the bundles that may be published, their cards, and those withheld with the reason."""
    wanted = [Bundle.of(t) for t in settings.night.crime_types or _commonest(history)]
    wanted += _bundles(settings)
    allowed, cards, withheld = [], [], []
    known = night_store.cards()
    held = set(history.table["crime_type"].unique())
    unheard = [t for t in settings.night.crime_types if t not in held]
    if wanted and len(unheard) == len(wanted):
        raise PublicationError(
            f"no crime of the type {', '.join(map(repr, unheard))} is on record; there are {', '.join(sorted(held))}."
        )
    withheld += [(name, "no crime of this type is on record") for name in unheard]
    for bundle in wanted:
        if bundle.name in unheard:
            continue
        card = night_store.card_for(bundle.name, night)
        if card is None:
            old = known.get(bundle.name) or known.get("*")
            why = f"its purpose card expired on {old.expires}" if old else "it has no purpose card"
            withheld.append((bundle.name, why))
        else:
            allowed.append(bundle)
            cards.append(replace(card, crime_type=bundle.name))
    if not allowed:
        names = ", ".join(b.name for b in wanted)
        raise PublicationError(
            f"no map of {night} may be published ({names}): {withheld[0][1] if withheld else 'nothing to forecast'}. "
            "A map needs a goal, a measure, an owner, a stop rule and an expiry: 'peelian purpose set --help'."
        )
    return tuple(allowed), tuple(cards), tuple(withheld)


def _without_ground(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return the line that says which areas have no map because no crime is on record there."""
    if not names:
        return ()
    some, more = ", ".join(names[:5]), f" and {len(names) - 5} others" if len(names) > 5 else ""  # noqa: PLR2004
    return (("every crime type", f"no crime is on record in {some}{more}"),)


def _commonest(history: Events) -> list[str]:
    """Return the commonest crime types of the record's last year, by name; ties by name."""
    last_year = history.since(history.known_at - timedelta(days=365))
    table = (last_year if len(last_year) else history).table
    counts = table.group_by("crime_type").len().sort(["len", "crime_type"], descending=[True, False])
    return sorted(counts["crime_type"].head(MOST_TYPES).to_list())


def _folder(settings: Terms, force: Force, night: date) -> Path | None:
    """Return where a night stands, alone or among other forces; None where it does not."""
    for name in (str(night), f"{night}/{force.id}"):
        if (settings.home / "nights" / name / "night.json").exists():
            return settings.home / "nights" / name
    return None


def _latest(history: Events) -> datetime | None:
    latest = history.table.get_column("recorded_at").max()
    return latest if isinstance(latest, datetime) else None
