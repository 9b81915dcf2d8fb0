"""Everything an actor may read, as drafts: what an export writes. It is a disclosure, and the log says so."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from django.db import transaction

from peelian.records.access import Act, Actor
from peelian.records.catalogue import SAME_AS, Catalogue
from peelian.records.drafts import UNKNOWN, LinkDraft, RecordDraft
from peelian.records.entities import entity_of
from peelian.records.marking import may_read, need_keeper
from peelian.records.purpose import Purpose
from peelian.records.statements import Statement
from peelian.store import audit
from peelian.store.records.bulk import chunks
from peelian.store.records.index import STATEMENT, as_statement
from peelian.store.records.reading import marking_of
from peelian.store.records.tables import LinkRow, Record, StatementRow

_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Dumped:
    """Some records, and the links that lead from them to records that are written too. Keys are record numbers."""

    records: tuple[RecordDraft, ...]
    links: tuple[LinkDraft, ...]


def dump(catalogue: Catalogue, actor: Actor, purpose: Purpose, types: Sequence[str] = ()) -> Iterator[Dumped]:
    """Yield every record of these types (of all, where none is named) that the actor may read, as it stands now.

    Raises
    ------
    NotAllowedError
        When the actor is no keeper of records.
    """
    need_keeper(actor, "export records")
    for name in types:
        catalogue.type(name)
    chosen = Record.objects.filter(type__in=types) if types else Record.objects.all()
    for part in chunks(chosen.order_by("id").values_list("pk", flat=True).iterator(chunk_size=_CHUNK), _CHUNK):
        with transaction.atomic():
            dumped = _some(catalogue, actor, part, types)
            audit.record(
                actor,
                Act.DISCLOSED,
                f"exported {len(dumped.records)} records and {len(dumped.links)} links",
                purpose=purpose.text,
                details={"first": part[0], "last": part[-1], "types": list(types)},
            )
        yield dumped


def _some(catalogue: Catalogue, actor: Actor, part: Sequence[int], types: Sequence[str]) -> Dumped:
    rows = [r for r in _rows(part) if may_read(actor, marking_of(r))]
    said: dict[int, list[Statement]] = {r.pk: [] for r in rows}
    for told in StatementRow.objects.filter(record_id__in=said).order_by("id").values_list(*STATEMENT):
        said[told[1]].append(as_statement(told))
    records = []
    for row in rows:
        entity = entity_of(catalogue.type(row.type), (row.pk,), said[row.pk])
        values: dict[str, tuple[str | None, ...]] = {n: entity.texts(n) for n in entity.values}
        values |= dict.fromkeys(entity.unknown, (UNKNOWN,))
        records.append(RecordDraft(row.type, str(row.pk), MappingProxyType(values), marking_of(row)))
    links = LinkRow.objects.filter(start_id__in=said, withdrawal__isnull=True).exclude(type=SAME_AS).order_by("id")
    tied = list(links)
    ends = _rows({link.end_id for link in tied})
    open_ends = {r.pk for r in ends if may_read(actor, marking_of(r)) and (not types or r.type in types)}
    return Dumped(
        tuple(records),
        tuple(LinkDraft(k.type, str(k.start_id), str(k.end_id), k.detail) for k in tied if k.end_id in open_ends),
    )


def _rows(ids: Sequence[int] | set[int]) -> list[Record]:
    found: list[Record] = []
    for part in chunks(sorted(ids)):
        found += Record.objects.filter(pk__in=part).order_by("id").prefetch_related("clearances")
    return found
