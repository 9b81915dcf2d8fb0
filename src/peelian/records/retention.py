"""Retention: when a record comes up for review, and why then. Groups and periods are data, not code."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files

from peelian.errors import RecordError

_KEYS = frozenset({"name", "label", "years", "types", "crime_types"})


@dataclass(frozen=True, slots=True)
class Group:
    """Records that are reviewed so many years after the last thing that started their clock."""

    name: str
    label: str
    years: int
    types: tuple[str, ...] = ()
    crime_types: tuple[str, ...] = ()

    def fits(self, record_type: str, crime_type: str) -> bool:
        """Tell whether a record of this type (and type of crime, if it is one) belongs here."""
        return (not self.types or record_type in self.types) and (
            not self.crime_types or crime_type in self.crime_types
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """A force's review groups, in the order in which they are tried, and what starts a clear period anew."""

    groups: tuple[Group, ...]
    resets: tuple[str, ...]

    def group(self, name: str) -> Group:
        """Return the group of that name.

        Raises
        ------
        RecordError
            When the policy has none.
        """
        for group in self.groups:
            if group.name == name:
                return group
        raise RecordError(f"retention group {name!r} is not known; known are {', '.join(g.name for g in self.groups)}.")

    def group_of(self, record_type: str, crime_type: str, chosen: str = "") -> Group:
        """Return the group a keeper chose, else the first that fits."""
        if chosen:
            return self.group(chosen)
        return next(g for g in self.groups if g.fits(record_type, crime_type))


@dataclass(frozen=True, slots=True)
class Start:
    """A day on which a record's clock started (again), and why."""

    on: date
    why: str


@dataclass(frozen=True, slots=True)
class Clock:
    """When a record comes up for review: ``due``, and the sentence that tells why then."""

    group: str
    due: date
    reason: str


def first_start(recorded_at: datetime, happened_to: datetime | None) -> Start:
    """Return when a record's clock first starts: when it happened, of what happened before it was recorded.

    An old record brought over from another system is no younger for it.
    """
    if happened_to is not None and happened_to < recorded_at:
        return Start(happened_to.date(), "happened")
    return Start(recorded_at.date(), "recorded")


def clock(group: Group, starts: Iterable[Start]) -> Clock:
    """Return a record's clock: the group's years after the latest start (of two on one day, the later told).

    A clock that starts on 29 February rings on 1 March of a year without one.
    """
    last = max(enumerate(starts), key=lambda s: (s[1].on, s[0]))[1]
    year = last.on.year + group.years
    try:
        due = last.on.replace(year=year)
    except ValueError:
        due = date(year, 3, 1)
    return Clock(
        group.name,
        due,
        f"Reviewed by {due:%Y-%m-%d}, because: {group.label.lower()}, {group.years} years after {last.on:%Y-%m-%d} "
        f"({last.why}).",
    )


def shipped_policy() -> Policy:
    """Return the example policy that comes with Peelian."""
    return read_policy(
        files("peelian.records").joinpath("retention.toml").read_text(encoding="utf-8"), "retention.toml"
    )


def read_policy(text: str, where: str) -> Policy:
    """Return the policy that a TOML text writes.

    Raises
    ------
    RecordError
        When it is no TOML, a key is unknown, or some record would have no group.
    """
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecordError(f"{where}: {error}. Mend the file; TOML has quotes around text.") from error
    unknown = [k for k in told if k not in ("resets", "group")]
    unknown += [k for g in told.get("group", ()) for k in g if k not in _KEYS]
    if unknown:
        raise RecordError(f"{where}: unknown key {unknown[0]!r}; a [[group]] has {', '.join(sorted(_KEYS))}.")
    groups = tuple(_group(g, where) for g in told.get("group", ()))
    if not groups or groups[-1].types or groups[-1].crime_types:
        raise RecordError(f"{where}: the last [[group]] must take every record: leave out its types and crime_types.")
    return Policy(groups, _texts(told.get("resets", []), where))


def _group(told: dict[str, object], where: str) -> Group:
    years = told.get("years")
    if not isinstance(years, int) or not 1 <= years <= 200:  # noqa: PLR2004 - longer than anybody lives
        raise RecordError(f"{where}: years = {years!r}; give whole years from 1 to 200.")
    if not isinstance(told.get("name"), str) or not isinstance(told.get("label"), str):
        raise RecordError(f"{where}: a [[group]] has a name and a label.")
    return Group(
        str(told["name"]),
        str(told["label"]),
        years,
        _texts(told.get("types", []), where),
        _texts(told.get("crime_types", []), where),
    )


def _texts(told: object, where: str) -> tuple[str, ...]:
    if not isinstance(told, Sequence) or isinstance(told, str) or not all(isinstance(t, str) for t in told):
        raise RecordError(f"{where}: {told!r} is no list of texts.")
    return tuple(told)
