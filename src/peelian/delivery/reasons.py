"""Why a box: the parts of its expected count, told in the order of their size. Sums and order only."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peelian.delivery import words
from peelian.forecasts.nights import AreaNight
from peelian.places.forces import DatePrecision

#: Recent events are told one by one until they make this share of all recent ones; the others are told together.
_TOLD_SHARE = 0.9
_MOST_TOLD = 6
_LEAST_TOLD = 0.01
_MATTERS = 0.25
_LITTLE = 0.2
_HARDLY = 0.05
_HALF = (0.45, 0.55)


@dataclass(frozen=True, slots=True)
class Part:
    """One line of "why": an event told by itself, several together, or the long-run level."""

    share: float
    n_events: int
    kind: str  # "event", "others", "level" or "rest"
    age_days: float
    distance_m: float
    x: float
    y: float
    crime_types: tuple[str, ...]  # of its events: a robbery may speak for a burglary box, and is called a robbery


@dataclass(frozen=True, slots=True)
class Reasons:
    """The parts of one box; their shares sum to one. ``told`` are the single recent events."""

    told: tuple[Part, ...]
    others: Part | None
    level: Part | None

    @property
    def parts(self) -> tuple[Part, ...]:
        """All parts, in the order in which they are told."""
        return (*self.told, *(p for p in (self.others, self.level) if p is not None))

    @property
    def main(self) -> tuple[Part, ...]:
        """The single recent events that matter: a quarter of the largest or more."""
        return tuple(p for p in self.told if p.share >= _MATTERS * self.told[0].share)

    @property
    def is_usual(self) -> bool:
        """Whether the recent events make so little that naming them would mislead."""
        return self.level is not None and self.main_share < _HARDLY

    @property
    def main_share(self) -> float:
        """Share of the recent events that matter, together."""
        return sum(p.share for p in self.main)


def reasons(area_night: AreaNight) -> tuple[Reasons, ...]:
    """Return the reasons of every row of ``boxes.table``, in its order."""
    table = area_night.contributions
    square = table.get_column("square").to_numpy()
    age, distance, x, y = (
        table.get_column(c).fill_null(np.nan).to_numpy() for c in ("age_days", "distance_m", "x", "y")
    )
    parts = _Columns(
        table.get_column("share").to_numpy(),
        table.get_column("event_id").is_not_null().to_numpy(),
        age,
        distance,
        x,
        y,
        table.get_column("crime_type").to_numpy(),
    )
    n_rows = area_night.boxes.table.height
    first, last = (np.searchsorted(square, np.arange(n_rows), side=side) for side in ("left", "right"))
    return tuple(_reasons(parts, np.arange(a, b), area_night.recent_days) for a, b in zip(first, last, strict=True))


@dataclass(frozen=True, slots=True)
class _Columns:
    share: NDArray[np.float64]
    is_event: NDArray[np.bool_]
    age_days: NDArray[np.float64]
    distance_m: NDArray[np.float64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    crime_type: NDArray[np.object_]

    def types(self, rows: NDArray[np.int64]) -> tuple[str, ...]:
        """Return the crime types of these rows' events, each once, by name."""
        return tuple(sorted({str(t) for t in self.crime_type[rows[self.is_event[rows]]]}))


def _reasons(parts: _Columns, rows: NDArray[np.int64], recent_days: float) -> Reasons:
    is_recent = parts.is_event[rows] & (parts.age_days[rows] < recent_days)
    recent, level = rows[is_recent], rows[~is_recent]
    shares = parts.share[recent]
    before = np.concatenate([[0.0], np.cumsum(shares)])[:-1]
    n_told = min(int((before < _TOLD_SHARE * shares.sum()).sum()), _MOST_TOLD) if recent.size else 0
    n_told = min(n_told, max(int((shares >= _LEAST_TOLD).sum()), 1))
    told = tuple(
        Part(
            float(parts.share[i]),
            1,
            "event",
            float(parts.age_days[i]),
            float(parts.distance_m[i]),
            float(parts.x[i]),
            float(parts.y[i]),
            (str(parts.crime_type[i]),),
        )
        for i in recent[:n_told]
    )
    others = _together(parts, "others", recent[n_told:]) if recent.size > n_told else None
    return Reasons(told, others, _together(parts, "level", level) if level.size else None)


def headline(reasons: Reasons, area_night: AreaNight, precision: DatePrecision) -> str:
    """Return the reasons in one line."""
    if not reasons.told:
        return "the usual level here; nothing recent" if reasons.level else "no crime known near here"
    if reasons.is_usual:
        return "the usual level here; hardly anything recent"
    from_recent = f"{words.percent(reasons.main_share, 0)} from {recent_events(reasons, area_night, precision)}"
    return f"usual level; {from_recent}" if reasons.main_share < _LITTLE and reasons.level else from_recent


def recent_events(reasons: Reasons, area_night: AreaNight, precision: DatePrecision) -> str:
    """Return the recent events that matter as "two burglaries in 4 days"; "nothing", or hardly anything, "recent"."""
    if not reasons.told:
        return "nothing recent"
    if reasons.is_usual:
        return "hardly anything recent"
    oldest = max(p.age_days for p in reasons.main)
    types = {t for p in reasons.main for t in p.crime_types}
    return f"{words.counted(len(reasons.main), called(types, area_night))} in {words.stretch(oldest, precision)}"


def called(crime_types: Iterable[str], area_night: AreaNight) -> str:
    """Return the name for events of these types: the bundle's for its own, the type's for one other, else "crime"."""
    types = set(crime_types)
    if types <= set(area_night.bundle.crime_types):
        return area_night.bundle.name
    return next(iter(types)) if len(types) == 1 else "crime"


def sentence(reasons: Reasons, area_night: AreaNight, precision: DatePrecision) -> str:
    """Return the box's reason as a sentence, the size of the recent share first."""
    if not reasons.told:
        return "Nothing recent speaks for this box: its expected count is the usual level here."
    if reasons.is_usual:
        return "Hardly anything recent speaks for this box: its expected count is the usual level here."
    share, recent = reasons.main_share, recent_events(reasons, area_night, precision)
    if share < _LITTLE and reasons.level:
        return f"This box is mostly the usual level here; {words.percent(share, 0)} comes from {recent}."
    size = (
        "Nearly all" if share > 0.9  # noqa: PLR2004
        else "More than half" if share > _HALF[1]
        else "About half" if share >= _HALF[0]
        else "About a third" if 0.28 <= share <= 0.39  # noqa: PLR2004
        else words.percent(share, 0)
    )  # fmt: skip
    rest = ""
    if reasons.level:
        others = reasons.others is not None or len(reasons.main) < len(reasons.told)
        rest = " The rest is mostly the usual level here." if others else " The rest is the usual level here."
    return f"{size} of this box’s expected count comes from {recent}.{rest}"


def _together(parts: _Columns, kind: str, rows: NDArray[np.int64]) -> Part:
    nan = float("nan")
    n_events = int(parts.is_event[rows].sum())
    return Part(float(parts.share[rows].sum()), n_events, kind, nan, nan, nan, nan, parts.types(rows))
