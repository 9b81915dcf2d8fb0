"""Saved searches, and alerts: what each finds that it had not found before."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from peelian.errors import NotAllowedError, NotFoundError, RecordError
from peelian.records.access import Act, Actor
from peelian.records.marking import may_read, need_reader
from peelian.records.purpose import Purpose
from peelian.records.queries import Filters, Near, read_query
from peelian.store import audit
from peelian.store.records.bulk import rows_in
from peelian.store.records.reading import marking_of
from peelian.store.records.search import filters_json, found_since
from peelian.store.records.tables import Record, SavedSearch, SearchAlert
from peelian.store.records.writing import By, kept

_MOST_SAVED = 50


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved search of one account."""

    id: int
    account: int
    name: str
    query: str
    filters: Filters
    purpose: str
    seen_until: datetime
    unread: int


@dataclass(frozen=True, slots=True)
class Alert:
    """A record that a saved search found anew."""

    id: int
    search: int
    record: int
    type: str
    title: str
    found_at: datetime


def save(name: str, query: str, filters: Filters, purpose: Purpose, by: By) -> int:
    """Save a search: from now on its new hits are told to whoever saved it, for that purpose.

    Raises
    ------
    RecordError
        When it says nothing, has no name, is saved by no account, or the account has too many.
    """
    need_reader(by.actor)
    account = _account(by.actor)
    text = read_query(query).text
    if not text and filters.is_empty:
        raise RecordError("say what to search for, or narrow the search; else every new record would be told.")
    if not name.strip():
        raise RecordError("give the saved search a name.")
    with kept():
        if SavedSearch.objects.filter(account=account, ended_at__isnull=True).count() >= _MOST_SAVED:
            raise RecordError(f"an account saves at most {_MOST_SAVED} searches; end one first.")
        row = SavedSearch.objects.create(
            account=account,
            name=name.strip()[:200],
            query=text,
            filters=filters_json(filters),
            purpose=purpose.text,
            saved_at=by.at,
            seen_until=by.at,
        )
        audit.record(
            by.actor,
            Act.CONSULTED,
            "saved a search",
            purpose=purpose.text,
            details={"search": row.pk, "query": text, "filters": filters_json(filters)},
            at=by.at,
        )
    return int(row.pk)


def end(search: int, by: By) -> None:
    """End a saved search of one's own; its alerts go with it.

    Raises
    ------
    NotFoundError
        When the account has no such search.
    """
    with kept():
        row = _own(search, by.actor)
        SearchAlert.objects.filter(search=row).delete()
        row.ended_at = by.at
        row.save(update_fields=["ended_at"])


def saved_by(actor: Actor) -> tuple[Saved, ...]:
    """Return an account's saved searches, with how many alerts each has unread."""
    rows = SavedSearch.objects.filter(account=_account(actor), ended_at__isnull=True).order_by("id")
    return tuple(_value(r) for r in rows)


def every_saved() -> tuple[Saved, ...]:
    """Return every search that is still to be run."""
    return tuple(_value(r) for r in SavedSearch.objects.filter(ended_at__isnull=True).order_by("id"))


def run(search: Saved, actor: Actor, at: datetime) -> int:
    """Find what a saved search had not found before, as the account that saved it now may; return how many.

    What changed while it runs is found by the next run: it looks up to the moment at which it began.
    """
    hits = found_since(read_query(search.query), replace(search.filters, changed_since=search.seen_until), actor)
    with kept():
        known = set(SearchAlert.objects.filter(search=search.id).values_list("record_id", flat=True))
        fresh = [h.record for h in hits if h.record not in known]
        SearchAlert.objects.bulk_create(
            SearchAlert(search_id=search.id, record_id=record, found_at=at) for record in fresh
        )
        SavedSearch.objects.filter(pk=search.id).update(seen_until=at)
        audit.record(
            actor,
            Act.CONSULTED,
            "ran a saved search",
            purpose=search.purpose,
            details={"search": search.id, "hits": fresh},
            at=at,
        )
    return len(fresh)


def alerts(actor: Actor, *, most: int = 100) -> tuple[Alert, ...]:
    """Return an account's unread alerts, newest first; a record it may no longer read is left out."""
    need_reader(actor)
    rows = SearchAlert.objects.filter(search__account=_account(actor), read_at__isnull=True).order_by("-id")[:most]
    records = {r.pk: r for r in Record.objects.filter(pk__in=[a.record_id for a in rows])}
    told = {pk for pk, r in records.items() if may_read(actor, marking_of(r))}
    sql = "SELECT record_id, type, title FROM search_entry WHERE record_id IN ({marks})"
    titles = {pk: (kind, title) for pk, kind, title in rows_in(sql, told)}
    with kept():
        if titles:
            audit.record(actor, Act.CONSULTED, "read alerts", details={"records": sorted(titles)})
    return tuple(
        Alert(a.pk, a.search_id, a.record_id, *titles[a.record_id], a.found_at) for a in rows if a.record_id in titles
    )


def mark_read(alert: int, by: By) -> None:
    """Mark an alert of one's own as read.

    Raises
    ------
    NotFoundError
        When the account has no such alert.
    """
    changed = SearchAlert.objects.filter(pk=alert, search__account=_account(by.actor)).update(read_at=by.at)
    if not changed:
        raise NotFoundError(f"there is no alert {alert} for this account.")


def filters_of(told: dict[str, Any]) -> Filters:
    """Return the filters that ``filters_json`` wrote."""

    def at(name: str) -> datetime | None:
        return datetime.fromisoformat(told[name]) if name in told else None

    return Filters(
        tuple(told.get("types", ())),
        tuple(told.get("areas", ())),
        tuple(told.get("crime_types", ())),
        at("since"),
        at("until"),
        Near(*told["near"]) if "near" in told else None,
        at("changed_since"),
    )


def _account(actor: Actor) -> int:
    """Return the actor's account.

    Raises
    ------
    NotAllowedError
        When there is none: searches are saved for an account.
    """
    if actor.id is None:
        raise NotAllowedError("searches are saved for an account; sign in.")
    return actor.id


def _own(search: int, actor: Actor) -> SavedSearch:
    row = SavedSearch.objects.filter(pk=search, account=_account(actor), ended_at__isnull=True).first()
    if row is None:
        raise NotFoundError(f"there is no saved search {search} of this account.")
    return row


def _value(row: SavedSearch) -> Saved:
    unread = SearchAlert.objects.filter(search=row, read_at__isnull=True).count()
    return Saved(row.pk, row.account, row.name, row.query, filters_of(row.filters), row.purpose, row.seen_until, unread)
