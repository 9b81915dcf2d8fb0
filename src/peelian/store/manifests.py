"""One manifest an ingest: the files it brought, the force as it then was, and its report.

An ingest is there when its manifest is there. Readers open only files that a manifest names.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from peelian.errors import StoreError
from peelian.places.forces import DatePrecision, Force, LocationPrecision
from peelian.store.files import write_whole

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file of the log, by its path under the force's folder; ``is_change``: corrections, retractions."""

    path: str
    rows: int
    is_change: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """One ingest. ``ground`` and ``report`` are kept as their makers gave them."""

    number: int
    source: str
    received_at: datetime
    force: Force
    parts: tuple[Part, ...]
    claims: str | None = None
    refused: str | None = None
    ground: dict[str, Any] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)


def manifest_path(folder: Path, number: int) -> Path:
    """Return where an ingest's manifest stands under a force's folder."""
    return folder / "ingests" / f"{number:06d}.json"


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Make the ingest visible, by one rename."""
    content = {"format": FORMAT, **asdict(manifest), "received_at": manifest.received_at.isoformat()}
    text = json.dumps(content, indent=1, ensure_ascii=False)
    write_whole(manifest_path(folder, manifest.number), text.encode())


def read_manifests(folder: Path) -> tuple[Manifest, ...]:
    """Return the force's ingests in the order they came.

    Raises
    ------
    StoreError
        When a manifest cannot be read, or was written by a newer Peelian.
    """
    return tuple(_read(path) for path in sorted((folder / "ingests").glob("[0-9]*.json")))


def _read(path: Path) -> Manifest:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("format") != FORMAT:
            raise StoreError(f"{path}: written by another version of Peelian. Use that version, or newer.")
        force = content.pop("force")
        return Manifest(
            **content
            | {
                "received_at": datetime.fromisoformat(content["received_at"]),
                "parts": tuple(Part(**part) for part in content["parts"]),
                "force": Force(
                    **force
                    | {
                        "location_precision": LocationPrecision(force["location_precision"]),
                        "date_precision": DatePrecision(force["date_precision"]),
                    }
                ),
            }
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreError(f"{path}: the manifest is damaged ({error}). Restore it from a backup.") from error
