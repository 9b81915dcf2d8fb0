"""The catalogue: every model by its name. The only file that knows them all."""

import difflib
from collections.abc import Callable
from dataclasses import replace

from peelian.errors import ForecastError
from peelian.models.boosting import Boosting
from peelian.models.decayed_counts import DecayedCounts
from peelian.models.delay_aware import DelayAware
from peelian.models.hawkes import Hawkes
from peelian.models.kde import CrossValidated, KernelDensity, Nearest
from peelian.models.loglinear import TRACES, LogLinear
from peelian.models.mixture import ENDLESS, KernelMixture
from peelian.models.model import Model
from peelian.models.promap import ProMap
from peelian.models.recent_counts import RecentCounts
from peelian.models.smoothed_counts import SmoothedCounts
from peelian.models.stack import Stack
from peelian.models.windows import Anchor, Window
from peelian.places.forces import DatePrecision

#: A month-dated feed is counted over its latest three known months: one month of a snapped feed is mostly ties.
MONTHLY_WINDOW_DAYS = 92.0


def _windows(precision: DatePrecision) -> tuple[Window, Window]:
    if precision is DatePrecision.MONTH:
        return Window(MONTHLY_WINDOW_DAYS, Anchor.LATEST), Window(730, Anchor.LATEST)
    return Window(21), Window(730)


def _recent_counts(precision: DatePrecision) -> Model:
    return RecentCounts(_windows(precision)[0])


def _all_history(precision: DatePrecision) -> Model:
    return RecentCounts(Window(36_525, _windows(precision)[0].anchor), "all-history")


def _boosting(precision: DatePrecision) -> Model:
    return Boosting(anchor=_windows(precision)[0].anchor)


def _stack(precision: DatePrecision) -> Model:
    members = (_mixture, _hawkes, _kde_cross_validated, _all_history)
    return Stack(tuple(member(precision) for member in members))


def _counts_of(days: float) -> Callable[[DatePrecision], Model]:
    def counts(precision: DatePrecision) -> Model:
        return RecentCounts(Window(days, _windows(precision)[0].anchor), f"counts-{days:.0f}")

    return counts


def _decayed_counts(precision: DatePrecision) -> Model:
    return DecayedCounts(anchor=_windows(precision)[0].anchor)


def _hawkes(precision: DatePrecision) -> Model:
    if precision is not DatePrecision.MONTH:
        return Hawkes()
    month = 365.25 / 12
    return Hawkes(trigger_half_lives_days=(month, 3 * month), step_days=month, anchor=Anchor.LATEST)


def _kde(precision: DatePrecision) -> Model:
    return KernelDensity(window=Window(365, _windows(precision)[0].anchor))


def _kde_cross_validated(precision: DatePrecision) -> Model:
    return KernelDensity(CrossValidated(), Window(365, _windows(precision)[0].anchor), name="kde-cross-validated")


def _kde_adaptive(precision: DatePrecision) -> Model:
    return KernelDensity(Nearest(), Window(365, _windows(precision)[0].anchor), name="kde-adaptive")


def _kde_decayed(precision: DatePrecision) -> Model:
    window = Window(730, _windows(precision)[0].anchor)
    return KernelDensity(CrossValidated(), window, half_life_days=120.0, name="kde-decayed")


def _promap(precision: DatePrecision) -> Model:
    return ProMap(anchor=_windows(precision)[0].anchor)


def _smoothed_counts(precision: DatePrecision) -> Model:
    return SmoothedCounts(*_windows(precision))


def _log_linear(precision: DatePrecision) -> Model:
    if precision is not DatePrecision.MONTH:
        return LogLinear()
    month = 365.25 / 12
    traces = tuple(replace(t, half_life_days=max(t.half_life_days, 6 * month)) for t in TRACES)
    return LogLinear(traces, training_steps=12, every_steps=1, burn_in_steps=6, step_days=month, anchor=Anchor.LATEST)


def _mixture(precision: DatePrecision) -> KernelMixture:
    if precision is not DatePrecision.MONTH:
        return KernelMixture()
    # Months cannot tell days apart: the month is the step, and a year of them is long.
    return KernelMixture(
        half_lives_days=(45.0, 180.0, 720.0, ENDLESS),
        other_half_lives_days=(180.0, ENDLESS),
        training_steps=24,
        burn_in_steps=6,
        level_steps=0,
        step_days=365.25 / 12,
        anchor=Anchor.LATEST,
    )


def _mixture_delay_aware(precision: DatePrecision) -> Model:
    name = "mixture-delay-aware"
    # A month arrives whole: no event of a month on record is missing while others of it stand.
    monthly = precision is DatePrecision.MONTH
    mixture = replace(_mixture(precision), level_steps=0)  # one that holds the level for late records is enough
    return replace(mixture, name=name) if monthly else DelayAware(mixture, name=name)


_MODELS: dict[str, Callable[[DatePrecision], Model]] = {
    "all-history": _all_history,
    "boosting": _boosting,
    "counts-365": _counts_of(365),
    "counts-56": _counts_of(56),
    "decayed-counts": _decayed_counts,
    "hawkes": _hawkes,
    "kde": _kde,
    "kde-adaptive": _kde_adaptive,
    "kde-cross-validated": _kde_cross_validated,
    "kde-decayed": _kde_decayed,
    "log-linear": _log_linear,
    "mixture": _mixture,
    "mixture-delay-aware": _mixture_delay_aware,
    "promap": _promap,
    "recent-counts": _recent_counts,
    "smoothed-counts": _smoothed_counts,
    "stack": _stack,
}

NAMES = tuple(sorted(_MODELS))


def model(name: str, precision: DatePrecision = DatePrecision.MINUTE) -> Model:
    """Return the model of that name, set for a feed of that date precision.

    Raises
    ------
    ForecastError
        When the catalogue has no such model.
    """
    if name not in _MODELS:
        near = difflib.get_close_matches(name, NAMES, n=1)
        raise ForecastError(
            f"no model {name!r}; " + (f"did you mean {near[0]!r}? " if near else "") + f"known are {', '.join(NAMES)}."
        )
    return _MODELS[name](precision)
