"""What a backtest is asked to do: the plan that is written down, its periods, its methods and its keys."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from peelian.errors import EvaluationError
from peelian.events.bundles import Bundle
from peelian.forecasts.forecast import Parameter
from peelian.places.forces import DatePrecision, Force, LocationPrecision
from peelian.places.grid import Grid
from peelian.places.periods import Period, day_of, days_between, month_of, shifts_of, week_of

HORIZONS = ("day", "shift", "week", "month")
TIMINGS = ("recorded", "occurred")
FIXED, FLOATING, OUTSIDE = "fixed", "floating", "outside"
#: Numbers of origins of the grid: half a cell or a quarter apart, on whose lines floating boxes stand too.
ORIGINS = (1, 4, 16)
#: A part holds about this many days, in whole refits: small enough to lose, and its histories fit into memory.
PART_DAYS = 14
_DAYS = {"day": 1, "shift": 1, "week": 7, "month": 28}


@dataclass(frozen=True, slots=True)
class Method:
    """One row of the table: a model with its parameters and how its boxes are chosen, or an outside forecast.

    ``keep`` is the hysteresis of boxes: the share by which a newcomer must expect more than yesterday's box
    to take its place. A part of the range begins without incumbents.
    """

    label: str
    model: str
    boxes: str = FIXED
    parameters: tuple[tuple[str, Parameter], ...] = ()
    keep: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that the result follows from, but the events themselves, which ``fingerprint`` names."""

    force: Force
    level: str
    grid: Grid
    first: date
    last: date
    horizon: str
    start_hour: int
    shift_hours: tuple[int, ...]
    lead_hours: float
    timing: str
    refit_days: int
    count: int
    methods: tuple[Method, ...]
    bundles: tuple[Bundle, ...]
    baseline: str
    judged_at: datetime
    fingerprint: str
    seed: int
    version: str
    places: str = ""  # fingerprint of the layers of places that models may look at; "" where there are none
    origins: int = 1  # at how many places within a cell the grid is made to begin

    @property
    def shifts(self) -> tuple[tuple[float, float], ...]:
        """How far east and north the grid is shifted, in parts of a cell, by origin: first not at all."""
        side = math.isqrt(self.origins)
        return tuple((east / side, north / side) for north in range(side) for east in range(side))

    def periods(self) -> tuple[Period, ...]:
        """Return the periods to forecast, in order of time; they tile the range from its first day on."""
        zone = self.force.time_zone
        days = list(days_between(self.first, self.last))
        if self.horizon == "shift":
            return tuple(shift for day in days for shift in shifts_of(day, zone, self.shift_hours))
        if self.horizon == "week":
            return tuple(week_of(day, zone) for day in days[::7] if day + timedelta(days=6) <= self.last)
        if self.horizon == "month":
            return tuple(month_of(day, zone) for day in days if day.day == 1)
        return tuple(day_of(day, zone, self.start_hour) for day in days)

    def cutoff(self, period: Period) -> datetime:
        """Return the last instant whose records a forecast of the period may use."""
        return period.start - timedelta(hours=self.lead_hours)

    @property
    def refit_every(self) -> int:
        """After how many periods a model learns its parameters anew."""
        per_day = len(self.shift_hours) if self.horizon == "shift" else 1
        return max(1, self.refit_days * per_day // _DAYS[self.horizon])

    def blocks(self) -> tuple[tuple[Period, ...], ...]:
        """Return the periods in parts of whole refits: what one key holds."""
        periods = self.periods()
        per_day = len(self.shift_hours) if self.horizon == "shift" else 1
        wanted = max(1, PART_DAYS * per_day // _DAYS[self.horizon])
        size = self.refit_every * max(1, wanted // self.refit_every)
        return tuple(periods[i : i + size] for i in range(0, len(periods), size))

    def keys(self, origin: int = 0) -> tuple[str, ...]:
        """Return an origin's keys: one a block of periods and bundle, early blocks first; a key holds all methods."""
        tail = f"-{origin:02d}" if origin else ""
        return tuple(f"{b:04d}-{t:03d}{tail}" for b in range(len(self.blocks())) for t in range(len(self.bundles)))

    def all_keys(self) -> tuple[str, ...]:
        """Return the keys of all origins, one after the other."""
        return tuple(key for origin in range(self.origins) for key in self.keys(origin))

    def to_json(self) -> dict[str, Any]:
        """Return the plan in JSON's kinds."""
        plain = asdict(self)
        plain.update(first=str(self.first), last=str(self.last), judged_at=self.judged_at.isoformat())
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Plan":
        """Return the plan that was written down."""
        given = dict(plain)
        force = dict(given.pop("force"))
        force["location_precision"] = LocationPrecision(force["location_precision"])
        force["date_precision"] = DatePrecision(force["date_precision"])
        methods = given.pop("methods")
        bundles = given.pop("bundles")
        return cls(
            force=Force(**force),
            grid=Grid(**given.pop("grid")),
            first=date.fromisoformat(given.pop("first")),
            last=date.fromisoformat(given.pop("last")),
            judged_at=datetime.fromisoformat(given.pop("judged_at")),
            shift_hours=tuple(given.pop("shift_hours")),
            methods=tuple(
                Method(m["label"], m["model"], m["boxes"], tuple((k, v) for k, v in m["parameters"]), m["keep"])
                for m in methods
            ),
            bundles=tuple(Bundle(b["name"], tuple((t, w) for t, w in b["weights"])) for b in bundles),
            **given,
        )


def check_plan(plan: Plan) -> None:
    """Refuse a plan that cannot be carried out or would mislead.

    Raises
    ------
    EvaluationError
        When the horizon is finer than the feed's dates, the range holds no whole period or reaches past what is
        known, two methods share a label, or the baseline is not among the methods.
    """
    if plan.horizon not in HORIZONS or plan.timing not in TIMINGS:
        raise EvaluationError(
            f"horizon {plan.horizon!r}, timing {plan.timing!r}: horizons are {', '.join(HORIZONS)}; "
            f"timings {' and '.join(TIMINGS)}."
        )
    dated = plan.force.date_precision
    if (dated is DatePrecision.MONTH and plan.horizon != "month") or (
        dated is DatePrecision.DAY and plan.horizon == "shift"
    ):
        raise EvaluationError(
            f"{plan.force.name} is dated to the {dated.value}; a {plan.horizon} cannot be judged. "
            "Use a coarser --horizon."
        )
    if plan.origins not in ORIGINS:
        raise EvaluationError(
            f"origins = {plan.origins}: the grid begins at 1 place, at 4 half a cell apart, or at 16 a quarter apart."
        )
    if plan.refit_days < 1:
        raise EvaluationError(f"refit_days = {plan.refit_days}: models learn anew after at least one day.")
    periods = plan.periods()
    if not periods:
        raise EvaluationError(f"from {plan.first} to {plan.last} there is no whole {plan.horizon}; widen the range.")
    if periods[-1].end > plan.judged_at:
        raise EvaluationError(
            f"the last {plan.horizon} ends at {periods[-1].end:%Y-%m-%d %H:%M} UTC, but the records end at "
            f"{plan.judged_at:%Y-%m-%d %H:%M} UTC: what has not been recorded cannot be judged. Choose an earlier --to."
        )
    labels = [m.label for m in plan.methods]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise EvaluationError(f"two methods are called {twice[0]!r}; give one of them another label.")
    if not any(m.label == plan.baseline and m.boxes != OUTSIDE for m in plan.methods):
        raise EvaluationError(
            f"the baseline {plan.baseline!r} is not among the methods {', '.join(labels)}; an outside forecast is none."
        )


def with_baseline_first(methods: Sequence[Method], baseline: str) -> tuple[Method, ...]:
    """Return the methods with the baseline at the head; it is added on the fixed grid where nobody named it."""
    named = [m for m in methods if m.label == baseline] or [Method(baseline, baseline)]
    return (named[0], *(m for m in methods if m.label != baseline))
