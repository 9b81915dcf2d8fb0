"""Records as they stood on a past day, worked out from what was said and tied until then: the index knows only now."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Q

from peelian.records.catalogue import Catalogue
from peelian.records.entries import Entry
from peelian.records.marking import Marking, Sensitivity, is_no_closer
from peelian.records.points import Point
from peelian.records.statements import Statement
from peelian.store.records.index import STATEMENT, as_statement, entry_as_said
from peelian.store.records.tables import LinkRow, Record, StatementRow


def entries_at(catalogue: Catalogue, records: Iterable[int], as_of: datetime) -> dict[int, tuple[str, Entry]]:
    """Return the type and entry of each record that there was at an instant, as it then stood."""
    types = dict(Record.objects.filter(pk__in=list(records), recorded_at__lte=as_of).values_list("pk", "type"))
    said: dict[int, list[Statement]] = {pk: [] for pk in types}
    rows = StatementRow.objects.filter(record_id__in=list(types), recorded_at__lte=as_of).order_by("id")
    for row in rows.values_list(*STATEMENT):
        said[row[1]].append(as_statement(row))
    return {pk: (kind, entry_as_said(catalogue.type(kind), pk, said[pk], as_of)) for pk, kind in sorted(types.items())}


def titles_at(catalogue: Catalogue, records: Iterable[int], as_of: datetime) -> dict[int, tuple[str, str]]:
    """Return the type and title of each record that there was at an instant."""
    return {pk: (kind, entry.title) for pk, (kind, entry) in entries_at(catalogue, records, as_of).items()}


def points_at(catalogue: Catalogue, entries: Mapping[int, tuple[str, Entry]], as_of: datetime) -> dict[int, Point]:
    """Return where these records were at an instant: their own point, else that of where a link then put them.

    Of several such links the one told last counts, and a place that is now kept closer is not told, as in
    ``index.place``.
    """
    found = {pk: entry.point for pk, (_, entry) in entries.items() if entry.point is not None}
    carrying = [link.name for link in catalogue.links.values() if link.place]
    rows = LinkRow.objects.filter(
        Q(withdrawal__isnull=True) | Q(withdrawal__recorded_at__gt=as_of),
        start__in=entries.keys() - found.keys(),
        type__in=carrying,
        recorded_at__lte=as_of,
    )
    ends = dict(rows.order_by("id").values_list("start_id", "end_id"))
    there = entries_at(catalogue, set(ends.values()), as_of)
    now = Record.objects.filter(pk__in={*ends, *ends.values()}).values_list("pk", "sensitivity", "area", "keeper")
    marked = {pk: Marking(Sensitivity(how), area, keeper) for pk, how, area, keeper in now}
    for start, end in ends.items():
        point = there[end][1].point if end in there and is_no_closer(marked[end], marked[start]) else None
        if point is not None:
            found[start] = point
    return found
