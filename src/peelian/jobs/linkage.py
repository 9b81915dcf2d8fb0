"""Looks for records of one type that may be one and the same, and lays the pairs before a person: the queue of merges.

Nothing is merged here. A pair that people have decided on, or that is one already, is not proposed again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from peelian.errors import LinkageError
from peelian.linkage import Decisions, EntityType, LinkageSettings, Proposal, propose, records_of
from peelian.records.access import Actor
from peelian.records.catalogue import Catalogue
from peelian.records.purpose import Purpose
from peelian.store.records import linking, merges
from peelian.store.records.linking import Gathered
from peelian.store.records.writing import By

#: Which property of a record is which column of linkage.
_OWN: Mapping[EntityType, Mapping[str, tuple[str, ...]]] = {
    EntityType.PERSON: {
        "name": ("name",),
        "given_name": ("given-name",),
        "surname": ("surname",),
        "date_of_birth": ("date-of-birth",),
        "sex": ("gender",),
        "occupation": ("occupation",),
        "document_number": ("nhs-number",),
    },
    EntityType.ORGANISATION: {"name": ("name", "alias"), "company_number": ("registration-number",)},
    EntityType.ADDRESS: {"uprn": ("uprn",), "address": ("address",), "postcode": ("postcode",)},
    EntityType.VEHICLE: {"plate": ("registration",), "vin": ("chassis-number",)},
    EntityType.PHONE: {"phone": ("number",), "imei": ("imei",)},
}
#: Which property at the other end of a link is which column.
_TIED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "lives-at": (("address", "address"), ("postcode", "postcode")),
    "located-at": (("address", "address"), ("postcode", "postcode")),
    "has-phone": (("phone", "number"),),
    "has-email": (("email", "address"),),
}
_COLUMNS_OF_TIES = {
    EntityType.PERSON: frozenset({"address", "postcode", "phone", "email"}),
    EntityType.ORGANISATION: frozenset({"postcode", "phone", "email"}),
}
#: What of a day that is known to the day only linkage reads as a date of birth.
_DAY_LENGTH = 10


@dataclass(frozen=True, slots=True)
class LinkReport:
    """What a run looked at and found; ``new`` are the pairs that were not in the queue before."""

    type: str
    records: int
    proposed: int
    new: int
    threshold: float | None
    expected_precision: float | None
    remarks: tuple[str, ...]


def find_duplicates(
    catalogue: Catalogue, record_type: str, purpose: Purpose, by: By, *, is_weighed: bool = True
) -> LinkReport:
    """Propose the records of a type that may be one, with each pair's weight taken apart, and report.

    Raises
    ------
    LinkageError
        When linkage does not know the type, or persons are weighed and the extra ``linkage`` is not installed.
    """
    kind = _kind_of(record_type)
    records = records_of(kind, _rows(catalogue, kind, by.actor, purpose))
    found = linking.decided(record_type)
    decisions = Decisions.of(((_id(a), _id(b)) for a, b in found.together), ((_id(a), _id(b)) for a, b in found.apart))
    settings = LinkageSettings(kind, is_weighed=is_weighed)
    proposals = propose(records, settings, decisions)
    method = "weighed by Splink, and rules" if settings.uses_splink else "rules for exact keys"
    new = merges.propose((_proposed(p) for p in proposals), method, by)
    return LinkReport(
        record_type,
        len(records),
        len(proposals),
        new,
        proposals.threshold,
        proposals.expected_precision,
        proposals.remarks,
    )


def _kind_of(record_type: str) -> EntityType:
    try:
        return EntityType(record_type)
    except ValueError as error:
        raise LinkageError(
            f"linkage does not know the type {record_type!r}; known are {', '.join(EntityType)}."
        ) from error


def _rows(catalogue: Catalogue, kind: EntityType, actor: Actor, purpose: Purpose) -> Iterable[dict[str, str | None]]:
    columns = _COLUMNS_OF_TIES.get(kind, frozenset())
    ties = [name for name, told in _TIED.items() if any(column in columns for column, _ in told)]
    for one in linking.gather(catalogue, kind.value, ties, actor, purpose):
        yield _row(kind, one, columns)


def _row(kind: EntityType, one: Gathered, columns: frozenset[str]) -> dict[str, str | None]:
    said: dict[str, list[str]] = {}
    for column, names in _OWN[kind].items():
        said[column] = [value for name in names for value in one.texts.get(name, ())]
    for tie, ends in one.tied.items():
        for column, name in _TIED[tie]:
            if column in columns:
                said.setdefault(column, []).extend(value for end in ends for value in end.get(name, ()))
    if "date_of_birth" in said:
        said["date_of_birth"] = [value for value in said["date_of_birth"] if len(value) == _DAY_LENGTH]
    lines = {column: "\n".join(dict.fromkeys(" ".join(v.split()) for v in values)) for column, values in said.items()}
    return {"record_id": _id(one.record), **{column: text or None for column, text in lines.items()}}


def _proposed(proposal: Proposal) -> merges.Proposed:
    """Return a proposal as the queue keeps it; where no rule spoke, the three weightiest parts are its reasons."""
    parts = sorted((p for p in proposal.parts if p.total_bits > 0), key=lambda p: -p.total_bits)
    reasons = proposal.reasons or tuple(f"{p.words}: {p.level}" for p in parts[:3])
    return merges.Proposed(
        int(proposal.left_id), int(proposal.right_id), proposal.probability, reasons, tuple(proposal.waterfall())
    )


def _id(record: int) -> str:
    """Return a record's number as linkage's id, in the order of the numbers."""
    return f"{record:019d}"
