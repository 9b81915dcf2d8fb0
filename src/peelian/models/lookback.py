"""What was at hand on each past day: kernel rates at the places of later events, one day at a time.

The kernel mixture and the self-exciting model learn from these. For every training event and every kernel
(reach in space x memory in time x kind of source) this gives the rate that the kernel would have expected
there that day from earlier days only. Nothing of the day itself or after it enters: a leak here would
make every score a lie.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peelian.models.kernels import CellKernel
from peelian.models.ladder import KernelLadder, Reach
from peelian.models.record import Record
from peelian.models.sources import Changes, Level, View, levels_of
from peelian.places.regions import Region


@dataclass(frozen=True, slots=True, eq=False)
class Lookback:
    """Training events and what each kernel expected of them.

    ``own`` (n_events, n_classes, n_bandwidths, n_half_lives), ``spots`` (n_events, n_spot_classes, n_spot_bandwidths,
    n_half_lives) and ``others`` (n_events, n_others, n_other_bandwidths, n_other_half_lives) are rates per cell and
    step; ``own_exposure``, ``spots_exposure`` and ``others_exposure`` the same summed over the region and the
    training steps; ``weight`` (n_events,) what each event counts for; ``steps`` the training steps.
    """

    own: NDArray[np.float64]
    spots: NDArray[np.float64]
    others: NDArray[np.float64]
    own_exposure: NDArray[np.float64]
    spots_exposure: NDArray[np.float64]
    others_exposure: NDArray[np.float64]
    weight: NDArray[np.float64]
    steps: int


def look_back(
    record: Record,
    region: Region,
    ladder: KernelLadder,
    training: NDArray[np.int64],
    kernels: Sequence[CellKernel] = (),
) -> Lookback:
    """Return the kernels' rates at the own events of the ``training`` ages (whole steps back, without gaps).

    Each training day sees the events of greater age only. Events come back oldest first, those of a day in
    the record's order. ``kernels`` are those of the ladder's reaches, in their order; plain ones unless given.
    """
    oldest, newest = int(training.max()), int(training.min())
    days = oldest - newest + 1
    is_active = np.bincount(record.cell, minlength=region.grid.n_cells) > 0
    active = np.flatnonzero(is_active)
    changes = Changes.of(record, ladder, (np.cumsum(is_active) - 1)[record.cell], oldest, days)
    fade = _fade(ladder, len(record.others), np.arange(days), record.steps - 1 - oldest + np.arange(days))
    # Everything a kernel sends stays within the region, so its sum over the region is its sum over sources.
    exposure = (changes.totals(days) * fade).sum(axis=0)
    order = np.argsort(-record.age, kind="stable")
    taught = order[(record.kind[order] == 0) & (record.age[order] <= oldest) & (record.age[order] >= newest)]
    day, cell = oldest - record.age[taught], record.cell[taught]
    # Without other types there is nothing to read for them.
    other_reaches = ladder.other_reaches if record.others else ()
    spread = kernels or [CellKernel(region, reach.bandwidth_m) for reach in ladder.reaches]
    by_reach = dict(zip(ladder.reaches, spread, strict=True))
    read: dict[Reach, NDArray[np.float64]] = {}
    for level in levels_of(region, active, tuple(sorted({*ladder.reaches, *other_reaches}))):
        views = [View.of(by_reach[reach], active, level) for reach in level.reaches]
        read |= zip(level.reaches, _read(level, views, changes, (day, cell)), strict=True)
    n, n_own = taught.size, ladder.n_classes * len(ladder.half_lives)
    n_classed = n_own + ladder.n_spot_classes * len(ladder.half_lives)
    own_shape = (ladder.n_classes, len(ladder.half_lives))
    spot_shape = (ladder.n_spot_classes, len(ladder.half_lives))
    other_shape = (len(record.others), len(ladder.other_half_lives))
    faded = {r: rates * fade[day] for r, rates in read.items()}
    own_rates = [faded[r][:, :n_own].reshape(n, *own_shape) for r in ladder.reaches]
    spot_rates = [faded[r][:, n_own:n_classed].reshape(n, *spot_shape) for r in ladder.spot_reaches]
    other_rates = [faded[r][:, n_classed:].reshape(n, *other_shape) for r in other_reaches]
    nothing = np.zeros((n, other_shape[0], len(ladder.other_reaches), other_shape[1]))
    return Lookback(
        np.stack(own_rates, axis=2),
        np.stack(spot_rates, axis=2) if spot_rates else np.zeros((n, 0, 0, len(ladder.half_lives))),
        np.stack(other_rates, axis=2) if other_rates else nothing,
        np.repeat(exposure[:n_own].reshape(own_shape)[:, None], len(ladder.reaches), axis=1),
        np.repeat(exposure[n_own:n_classed].reshape(spot_shape)[:, None], len(ladder.spot_reaches), axis=1),
        np.repeat(exposure[n_classed:].reshape(other_shape)[:, None], len(ladder.other_reaches), axis=1),
        record.weight[taught],
        days,
    )


def _read(
    level: Level,
    views: list[View],
    changes: Changes,
    at: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> list[NDArray[np.float64]]:
    """Return what each view of a level brings to each (day, cell), undivided; (n, n_columns) each.

    Days rise. The sources are brought forward day by day and read where an event came.
    """
    day, cell = at
    width = changes.n_columns
    place = level.slot_of[changes.slot] * width + changes.column
    bounds = np.searchsorted(changes.moment, np.arange(int(day.max(initial=0)) + 2), side="left")
    before = slice(0, int(bounds[1]))
    sources = np.zeros(level.n_slots * width)
    sources += np.bincount(place[before], changes.value[before], minlength=sources.size)
    by_slot = sources.reshape(level.n_slots, width)
    share, sends = (np.stack([getattr(view, name) for view in views]) for name in ("share", "sends"))
    rates = np.empty((day.size, len(views), width))
    stops = np.searchsorted(day, np.arange(bounds.size), side="left")
    for number in range(bounds.size - 1):
        came = slice(int(stops[number]), int(stops[number + 1]))
        if number:
            new = slice(int(bounds[number]), int(bounds[number + 1]))
            np.add.at(sources, place[new], changes.value[new])
        if came.stop > came.start:
            near = level.near(cell[came])
            sent = (share[:, None] * sends.take(near, axis=1)).swapaxes(0, 1)
            rates[came] = np.matmul(sent, by_slot.take(near, axis=0))
    for number, view in enumerate(views):
        if view.takes is not None:
            rates[:, number] *= view.takes[cell][:, None]
    return [rates[:, number] for number in range(len(views))]


def _fade(
    ladder: KernelLadder, n_others: int, since: NDArray[np.int64], steps: NDArray[np.int64]
) -> NDArray[np.float64]:
    """By how much the sources, held as of the origin, count ``since`` steps later; (n_days, n_columns)."""
    own, other = (
        2.0 ** (-since[:, None] / np.asarray(half_lives)) / ladder.span(half_lives, steps)
        for half_lives in (ladder.half_lives, ladder.other_half_lives)
    )
    n_classes = ladder.n_classes + ladder.n_spot_classes
    return np.concatenate([np.tile(own, (1, n_classes)), np.tile(other, (1, n_others))], axis=1)
