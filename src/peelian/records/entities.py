"""An entity: what its statements say of it at an instant. A pure function of them; nothing else is kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from peelian.records.catalogue import Kind, RecordType
from peelian.records.dates import read_when
from peelian.records.statements import Reliability, Stance, Statement, known_at, standing


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a property, with every statement that makes it."""

    text: str
    statements: tuple[Statement, ...]

    @property
    def reliability(self) -> Reliability:
        """The best that any of its statements is."""
        return min((s.reliability for s in self.statements), key=list(Reliability).index)

    @property
    def sources(self) -> tuple[str, ...]:
        """Who says so, each once."""
        return tuple(dict.fromkeys(s.source for s in self.statements))


@dataclass(frozen=True, slots=True)
class Entity:
    """A person, object, location or event as it is known at ``as_of`` (now for None).

    ``members`` are the ids of the records that make it: one, or several that were found to be the same. A property in
    ``unknown`` was asked after and nobody knows; one in neither mapping was never asked after.
    """

    members: tuple[int, ...]
    type: RecordType
    values: Mapping[str, tuple[Value, ...]]
    unknown: frozenset[str]
    disputes: tuple[Statement, ...]
    as_of: datetime | None

    @property
    def id(self) -> int:
        """The first record's id: the entity's address."""
        return self.members[0]

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the values of a property as texts, best first; none when it has none."""
        return tuple(v.text for v in self.values.get(name, ()))

    def first(self, name: str) -> str:
        """Return the best value of a property, or an empty text."""
        return next(iter(self.texts(name)), "")

    @property
    def title(self) -> str:
        """The entity in a line."""
        return title_of(self.type, {name: self.texts(name) for name in self.values})


def title_of(record_type: RecordType, texts: Mapping[str, tuple[str, ...]]) -> str:
    """Return the name of a thing of this type with these values: the first set of title properties with any value."""
    for names in record_type.title:
        parts = [texts[name][0] for name in names if texts.get(name)]
        if parts:
            return ", ".join(parts) if record_type.family == "locations" else " ".join(parts)
    return f"{record_type.label} without a name"


def entity_of(
    record_type: RecordType, members: Iterable[int], statements: Iterable[Statement], as_of: datetime | None = None
) -> Entity:
    """Return what these records' statements, together, said at the instant.

    Equal values of several statements are one value. Of several values the better believed comes first, then the one
    recorded last. Where any statement gives a value, the property is not unknown.
    """
    known = known_at(statements, as_of)
    by_value: dict[tuple[str, str], list[Statement]] = {}
    unknown: set[str] = set()
    for statement in standing(known):
        if statement.stance is Stance.UNKNOWN:
            unknown.add(statement.property)
        else:
            by_value.setdefault((statement.property, statement.value), []).append(statement)
    values: dict[str, list[Value]] = {}
    for (name, text), told in by_value.items():
        values.setdefault(name, []).append(Value(text, tuple(told)))
    order = list(Reliability)
    ranked = {
        name: tuple(sorted(found, key=lambda v: (order.index(v.reliability), -v.statements[-1].id)))
        for name, found in sorted(values.items())
    }
    disputes = tuple(s for s in known if s.stance is Stance.DISPUTES and not _is_taken_back(s, known))
    ids = tuple(sorted(set(members)))
    return Entity(ids, record_type, MappingProxyType(ranked), frozenset(unknown - values.keys()), disputes, as_of)


def _is_taken_back(dispute: Statement, statements: Iterable[Statement]) -> bool:
    return any(s.about == dispute.id and s.stance is Stance.WITHDRAWS for s in statements)


@dataclass(frozen=True, slots=True)
class Happening:
    """One stop on a record's timeline: when, and what in words; ``statement`` or ``record`` says where it is from."""

    at: datetime
    text: str
    precision: str
    statement: int | None = None
    record: int | None = None


def timeline(entity: Entity) -> tuple[Happening, ...]:
    """Return every dated value of an entity, and when each dispute was made, oldest first."""
    found = [
        Happening(
            when.start, f"{entity.type.properties[name].label}: {when.text}", when.precision, value.statements[0].id
        )
        for name, values in entity.values.items()
        if name in entity.type.properties and entity.type.properties[name].kind is Kind.DATE
        for value in values
        for when in (read_when(value.text),)
    ]
    found += [Happening(d.recorded_at, f"Disputed: {d.value}", "minute", d.id) for d in entity.disputes]
    return tuple(sorted(found, key=lambda h: (h.at, h.statement or 0)))
