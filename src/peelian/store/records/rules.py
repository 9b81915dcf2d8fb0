"""The rules of a home: its record types and its retention policy, shipped ones with the force's own files on top."""

from dataclasses import dataclass
from pathlib import Path

from peelian.errors import StoreError
from peelian.records.catalogue import Catalogue, read_catalogue, shipped
from peelian.records.retention import Policy, read_policy, shipped_policy


@dataclass(frozen=True, slots=True)
class Rules:
    """What every change of a record is held to."""

    catalogue: Catalogue
    policy: Policy


def read_rules(home: Path) -> Rules:
    """Return the rules of a home: ``HOME/record-types/*.toml`` and ``HOME/retention.toml`` where they stand.

    Raises
    ------
    RecordError
        When a file is no such file.
    StoreError
        When one cannot be read.
    """
    try:
        own = [(str(p), p.read_text(encoding="utf-8")) for p in sorted((home / "record-types").glob("*.toml"))]
        retention = home / "retention.toml"
        told = retention.read_text(encoding="utf-8") if retention.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{home}: a file of record types or retention cannot be read ({error}).") from error
    return Rules(
        read_catalogue(own, shipped()) if own else shipped(),
        shipped_policy() if told is None else read_policy(told, str(retention)),
    )
