"""What linkage compares, out of the store: each record's values with those of what it is tied to, and what is decided.

A record that the actor may not read is not compared: of a sealed record no proposal may tell.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from django.db import transaction

from peelian.records.access import Act, Actor
from peelian.records.catalogue import SAME_AS, Catalogue
from peelian.records.entities import entity_of
from peelian.records.links import united
from peelian.records.marking import may_read, need_keeper
from peelian.records.purpose import Purpose
from peelian.records.statements import Statement
from peelian.store import audit
from peelian.store.records.bulk import chunks
from peelian.store.records.index import STATEMENT, as_statement
from peelian.store.records.reading import as_link, marking_of
from peelian.store.records.tables import LinkRow, MergeProposal, Record, StatementRow

Pair = tuple[int, int]
Texts = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Gathered:
    """A record for linkage: its own values, best first, and by link type the values of each record it is tied to."""

    record: int
    texts: Texts
    tied: Mapping[str, tuple[Texts, ...]]


@dataclass(frozen=True, slots=True)
class Decided:
    """Pairs that people have decided on: ``together`` are one, ``apart`` were rejected, or parted again."""

    together: frozenset[Pair]
    apart: frozenset[Pair]


def gather(
    catalogue: Catalogue, record_type: str, ties: Sequence[str], actor: Actor, purpose: Purpose
) -> Iterator[Gathered]:
    """Yield every record of a type that the actor may read, with what these links lead to.

    Raises
    ------
    RecordError
        When there is no such type.
    NotAllowedError
        When the actor is no keeper of records.
    """
    need_keeper(actor, "look for records that are one")
    catalogue.type(record_type)
    numbers = Record.objects.filter(type=record_type).order_by("id").values_list("pk", flat=True)
    for part in chunks(numbers.iterator(chunk_size=1000), 1000):
        with transaction.atomic():
            found = list(_some(catalogue, part, ties, actor))
            audit.record(
                actor,
                Act.COMBINED,
                f"compared {len(found)} records of the type {record_type}",
                purpose=purpose.text,
                details={"first": part[0], "last": part[-1]},
            )
        yield from found


def decided(record_type: str) -> Decided:
    """Return the pairs of a type that are not to be proposed again."""
    ties = LinkRow.objects.filter(type=SAME_AS, start__type=record_type).select_related("withdrawal").order_by("id")
    merges = [as_link(row) for row in ties]
    groups = set(united(merges).values())
    together = {pair for group in groups for pair in combinations(sorted(group), 2)}
    closed = MergeProposal.objects.filter(left__type=record_type).exclude(decision=MergeProposal.OPEN)
    apart = set(closed.values_list("left_id", "right_id"))
    apart |= {(min(m.start, m.end), max(m.start, m.end)) for m in merges if m.withdrawn_at is not None}
    return Decided(frozenset(together), frozenset(apart - together))


def _some(catalogue: Catalogue, part: Sequence[int], ties: Sequence[str], actor: Actor) -> Iterator[Gathered]:
    own = _readable(part, actor)
    links = LinkRow.objects.filter(start__in=own, type__in=ties, withdrawal__isnull=True).order_by("id")
    tied = list(links.values_list("type", "start_id", "end_id"))
    ends = _readable([end for _, _, end in tied], actor)
    texts = _texts(catalogue, {**ends, **own})
    of_one: dict[int, dict[str, list[Texts]]] = defaultdict(lambda: defaultdict(list))
    for kind, start, end in tied:
        if end in ends:
            of_one[start][kind].append(texts[end])
    for record in sorted(own):
        yield Gathered(record, texts[record], {kind: tuple(found) for kind, found in of_one[record].items()})


def _readable(records: Sequence[int], actor: Actor) -> dict[int, str]:
    """Return the types of those of the records that the actor may read."""
    found: dict[int, str] = {}
    for part in chunks(sorted(set(records))):
        rows = Record.objects.filter(pk__in=part).prefetch_related("clearances")
        found |= {row.pk: row.type for row in rows if may_read(actor, marking_of(row))}
    return found


def _texts(catalogue: Catalogue, types: Mapping[int, str]) -> dict[int, Texts]:
    said: dict[int, list[Statement]] = {record: [] for record in types}
    for part in chunks(sorted(types)):
        for row in StatementRow.objects.filter(record_id__in=part).order_by("id").values_list(*STATEMENT):
            said[row[1]].append(as_statement(row))
    entities = {pk: entity_of(catalogue.type(types[pk]), (pk,), told) for pk, told in said.items()}
    return {pk: {name: entity.texts(name) for name in entity.values} for pk, entity in entities.items()}
