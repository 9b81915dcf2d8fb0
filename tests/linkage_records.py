"""Records for the tests of linkage: the FEBRL samples in ``examples``, and people made up on the spot."""

from functools import cache
from pathlib import Path

import polars as pl

from peelian.linkage import EntityType, LinkageRecords, Proposals, propose, records_of

FEBRL = Path(__file__).parents[1] / "examples" / "record-linkage"


def febrl(*names: str) -> LinkageRecords:
    """Return the records of one or several FEBRL samples as one list of people."""
    table = pl.concat([pl.read_csv(FEBRL / f"{name}_first_400.csv", infer_schema=False) for name in names])
    return LinkageRecords.of(
        EntityType.PERSON,
        table.select(
            "given_name",
            "surname",
            "date_of_birth",
            "postcode",
            record_id="rec_id",
            place="suburb",
            address=pl.concat_str("street_number", "address_1", separator=" ", ignore_nulls=True),
            document_number="soc_sec_id",
        ),
    )


@cache
def febrl_linked(*names: str) -> Proposals:
    """Return the proposals for FEBRL samples, made once: they are frozen."""
    return propose(febrl(*names))


def person_of(record_id: str) -> str:
    """Return which of FEBRL's people a record is of."""
    return record_id.split("-")[1]


def precision_and_recall(proposals: Proposals, records: LinkageRecords) -> tuple[float, float]:
    """Return the share of proposed pairs that are one person, and the share of such pairs that are proposed."""
    pairs = proposals.table.select("left_id", "right_id").rows()
    right = sum(person_of(left) == person_of(other) for left, other in pairs)
    sizes = records.table.group_by(pl.col("record_id").str.split("-").list.get(1)).len().get_column("len")
    return right / len(pairs), right / int((sizes * (sizes - 1) // 2).sum())


def people(*rows: dict[str, str | None]) -> LinkageRecords:
    """Return people numbered r0, r1 ... unless they say otherwise."""
    return records_of(EntityType.PERSON, [{"record_id": f"r{place}", **row} for place, row in enumerate(rows)])
