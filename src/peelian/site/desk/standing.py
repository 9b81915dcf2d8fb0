"""Where things stand this morning, in sentences: was the night published, and what waits for the analyst."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from django.urls import reverse

from peelian.delivery import words
from peelian.forecasts.nights import PurposeCard
from peelian.jobs.calendar import night_holding, period_of
from peelian.jobs.doctor import LATE
from peelian.jobs.terms import NightTerms
from peelian.places.forces import DatePrecision, Force
from peelian.places.periods import Period
from peelian.site.clock import now
from peelian.site.configuration import site_settings
from peelian.store import desk, runs
from peelian.store import nights as night_store
from peelian.store.events import EventStore, Freshness

#: A card that ends within so many days waits for whoever agrees on the next.
SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits: a sentence, and the page where it is dealt with."""

    sentence: str
    address: str


@dataclass(frozen=True, slots=True)
class NightStanding:
    """How a force's present night stands: ``state`` is "published", "late" or "off", told in a sentence."""

    force: Force
    night: date
    period: Period
    state: str
    sentence: str

    @property
    def is_well(self) -> bool:
        """Whether nobody has to look."""
        return self.state == "published"


def forces() -> tuple[Force, ...]:
    """Return the forces whose events the home keeps."""
    return EventStore(site_settings().home).forces()


def night_standing(force: Force, at: datetime, terms: NightTerms) -> NightStanding:
    """Return how the night that holds the instant stands."""
    night = night_holding(force, at, terms)
    period, zone = period_of(force, night, terms), ZoneInfo(force.time_zone)
    called = f"{words.span(period, zone)}" if words.is_month(period, zone) else words.short_day(night)
    name = f"The {'map' if words.is_month(period, zone) else 'night'} of {called}"
    off = night_store.switched_off(force.id)
    if off is not None:
        since = words.instant(off.at, zone)
        said = f"Forecasts are switched off by {off.by} since {since}: {off.reason.rstrip('.')}"
        return NightStanding(force, night, period, "off", said)
    done = night_store.published_at(force.id, night)
    if done is not None:
        return NightStanding(force, night, period, "published", f"{name} was published {_when(done, at, zone)}")
    tried = next((r for r in runs.newest(force.id, most=60) if r.night == night), None)
    if tried is not None and tried.status in ("failed", "died"):
        why = tried.error.rstrip(".") or "the process that made it ended"
        said = f"{name} is late: the last try, {_when(tried.started_at, at, zone)}, {tried.status}: {why}"
        return NightStanding(force, night, period, "late", said)
    if tried is not None:
        said = f"{name} is being made since {words.instant(tried.started_at, zone)}"
        return NightStanding(force, night, period, "late", said)
    return NightStanding(
        force, night, period, "late", f"{name} is late: it began {_when(period.start, at, zone)}, and nobody made it"
    )


def local_day(at: datetime) -> date:
    """Return the date by the clock of the home's first force: the day on which cards and reviews end."""
    held = forces()
    return at.astimezone(ZoneInfo(held[0].time_zone)).date() if held else at.date()


def card_state(card: PurposeCard, today: date) -> str:
    """Return a card's state in words: in force, ends soon, or expired."""
    if not card.is_valid_on(today):
        return "expired"
    return "ends soon" if card.expires <= today + SOON else "in force"


def waiting(at: datetime) -> Iterator[Waiting]:
    """Yield what waits for an analyst, the gravest first."""
    today, cards = local_day(at), night_store.cards()
    ended = [c for c in cards.values() if card_state(c, today) == "expired"]
    soon = [c for c in cards.values() if card_state(c, today) == "ends soon"]
    address = reverse("desk-cards")
    if not cards:
        yield Waiting("No purpose card: no map is published.", address)
    if ended:
        yield Waiting(f"{_some(len(ended), 'purpose card')} expired: {_of(ended)} may have no map.", address)
    if soon:
        ends = "ends" if len(soon) == 1 else "end"
        yield Waiting(f"{_some(len(soon), 'purpose card')} {ends} within {SOON.days} days: {_of(soon)}.", address)
    for force in forces():
        fresh = freshness(force.id, at)
        newest = fresh.latest_recorded
        if force.date_precision is not DatePrecision.MONTH and newest is not None and at - newest > LATE:
            since = words.instant(newest, ZoneInfo(force.time_zone))
            yield Waiting(f"The feed of {force.name} is late: its newest record is of {since}.", reverse("desk-feeds"))
        due = [k for k in fresh.crime_types if desk.tactics_for(k).is_due(today)]
        if due:
            yield Waiting(
                f"Tactics are due for review: {words.joined([words.crime_name(k) for k in due[:4]])}"
                f"{' and others' if len(due) > 4 else ''}.",  # noqa: PLR2004 - a sentence holds four
                reverse("desk-tactics"),
            )


def front_sentence(nights: list[NightStanding], waits: list[Waiting]) -> str:
    """Return the one sentence of the desk's front page."""
    if not nights:
        return "No feed is kept yet: peelian ingest brings one in."
    many = len(nights) > 1
    said = ". ".join(
        f"{n.force.name}: {n.sentence[:1].lower()}{n.sentence[1:]}" if many else n.sentence for n in nights
    )
    if not waits:
        return f"{said}; nothing waits for you." if all(n.is_well for n in nights) else f"{said}."
    return f"{said}. {waits[0].sentence}"


def freshness(force_id: str, at: datetime) -> Freshness:
    """Return how fresh a force's log is, looked up once an hour and after every ingest."""
    store = EventStore(site_settings().home)
    hour = at.replace(minute=59, second=59, microsecond=0)
    return _freshness(site_settings().home, force_id, store.manifests(force_id)[-1].number, hour)


def crime_types() -> tuple[str, ...]:
    """Return the crime types on record in any force of the home, by name."""
    return tuple(sorted({k for force in forces() for k in freshness(force.id, now()).crime_types}))


@lru_cache(maxsize=64)
def _freshness(home: Path, force_id: str, ingest: int, at: datetime) -> Freshness:
    del ingest
    return EventStore(home).freshness(force_id, at)


def _when(then: datetime, at: datetime, zone: ZoneInfo) -> str:
    local, today = then.astimezone(zone), at.astimezone(zone).date()
    if local.date() == today:
        return f"at {local:%H:%M}"
    return f"on {words.instant(then, zone, with_year=local.year != today.year)}"


def _some(count: int, what: str) -> str:
    number = words.number(count)
    return f"{number[:1].upper()}{number[1:]} {what}{'s' * (count != 1)}"


def _of(cards: list[PurposeCard]) -> str:
    return words.joined(["all crime types" if c.crime_type == "*" else words.crime_name(c.crime_type) for c in cards])
