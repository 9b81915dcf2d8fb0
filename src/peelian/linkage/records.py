"""What linkage compares: one row a record, each value as it was recorded, in the columns of its entity type."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

import polars as pl

from peelian.errors import LinkageError


class EntityType(StrEnum):
    """The kinds of record that linkage can propose as one and the same."""

    PERSON = "person"
    ORGANISATION = "organisation"
    ADDRESS = "address"
    VEHICLE = "vehicle"
    PHONE = "phone"


#: Columns of a record by entity type, all text. ``name`` is the whole name as said, ``date_of_birth`` is
#: ``yyyy-mm-dd`` or ``yyyymmdd`` and may be an impossible date; ``place`` is a town, ``address`` a house and street.
#: A value may be several, one a line, the best believed first: rules look at all, the weighing at the first.
COLUMNS: dict[EntityType, tuple[str, ...]] = {
    EntityType.PERSON: (
        "name",
        "given_name",
        "surname",
        "date_of_birth",
        "sex",
        "occupation",
        "place",
        "postcode",
        "address",
        "phone",
        "email",
        "document_number",
    ),
    EntityType.ORGANISATION: ("name", "company_number", "postcode", "phone", "email"),
    EntityType.ADDRESS: ("uprn", "address", "postcode"),
    EntityType.VEHICLE: ("plate", "vin"),
    EntityType.PHONE: ("phone", "imei"),
}

#: Only so much of a text is compared: no name or address is longer, and a page pasted into one must not stop a run.
MOST_CHARACTERS = 1000
#: What people write when they do not know: nothing is said.
UNKNOWN = ["", "-", "?", "n/a", "not known", "unknown", "withheld"]


@dataclass(frozen=True, slots=True, eq=False)
class LinkageRecords:
    """Records of one entity type, in order of ``record_id``, so that the order they came in changes nothing."""

    entity_type: EntityType
    table: pl.DataFrame

    def __post_init__(self) -> None:
        """Refuse a table without ids, with an id twice, or with columns that the type does not have."""
        wanted = pl.Schema({"record_id": pl.String(), **dict.fromkeys(COLUMNS[self.entity_type], pl.String())})
        if self.table.schema != wanted:
            raise LinkageError(f"{self.entity_type} records with columns {self.table.schema}; wanted {wanted}.")
        ids = self.table.get_column("record_id")
        if ids.null_count() or (ids == "").any():
            raise LinkageError(f"a {self.entity_type} record has no record_id; give every record its id.")
        if ids.n_unique() != ids.len():
            twice = ids.filter(ids.is_duplicated())[0]
            raise LinkageError(f"record_id {twice!r} stands on two {self.entity_type} records; ids must be unique.")
        if not ids.is_sorted():
            raise LinkageError("linkage records are not in order of record_id; make them with LinkageRecords.of.")

    def __len__(self) -> int:
        """Number of records."""
        return self.table.height

    @classmethod
    def of(cls, entity_type: EntityType, table: pl.DataFrame) -> "LinkageRecords":
        """Return the table in the type's columns: an absent column is empty, blank text is empty, order is by id.

        Raises
        ------
        LinkageError
            When a column is unknown or not text, or an id is missing or given twice.
        """
        known = ("record_id", *COLUMNS[entity_type])
        for name, kind in table.schema.items():
            if name not in known:
                near = get_close_matches(name, known, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}."
                raise LinkageError(f"{entity_type} records have no column {name!r}; {hint}")
            if kind not in (pl.String(), pl.Null()):
                raise LinkageError(f"column {name!r} of {entity_type} records holds {kind}; wanted text.")
        if "record_id" not in table.columns:
            raise LinkageError(f"{entity_type} records have no column 'record_id'; give every record its id.")
        return cls(
            entity_type,
            table.select(
                _text(name) if name in table.columns else pl.lit(None, pl.String()).alias(name) for name in known
            ).sort("record_id"),
        )


def records_of(entity_type: EntityType, rows: Iterable[dict[str, str | None]]) -> LinkageRecords:
    """Return linkage records from rows of column to value."""
    known = ("record_id", *COLUMNS[entity_type])
    rows = list(rows)
    names = dict.fromkeys((*known, *(name for row in rows for name in row)))
    return LinkageRecords.of(entity_type, pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String())))


def values_of(text: str | None) -> list[str]:
    """Return a column's values, the best believed first."""
    return [line for line in (text or "").splitlines() if line.strip()]


def _text(name: str) -> pl.Expr:
    text = pl.col(name).cast(pl.String()).str.strip_chars()
    if name != "record_id":
        text = text.str.slice(0, MOST_CHARACTERS)
    return pl.when(text.str.to_lowercase().is_in(UNKNOWN)).then(None).otherwise(text).alias(name)
