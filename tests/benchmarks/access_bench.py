"""The audit log at a million lines, and how often a limit can be asked; on SQLite, in one process."""

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

LINES = 1_000_000
_TAKES = 500


def run() -> list[dict[str, object]]:
    """Return what following, looking up and counting took."""
    with tempfile.TemporaryDirectory(prefix="peelian-bench-") as folder:
        return _measured(Path(folder) / "home")


def _measured(home: Path) -> list[dict[str, object]]:
    from peelian.store.database import open_database

    open_database(home)

    from peelian.store import audit, limits

    _fill(LINES)
    began = time.perf_counter()
    verdict = audit.verify()
    follow_s = time.perf_counter() - began
    assert (verdict.lines, verdict.fault) == (LINES, "")
    began = time.perf_counter()
    assert len(audit.search(audit.Search(record="person/77"), most=50)) == 50
    assert len(audit.search(audit.Search(), most=50)) == 50
    look_ms = (time.perf_counter() - began) * 500
    now = datetime.now(UTC)
    began = time.perf_counter()
    for i in range(_TAKES):
        limits.take(f"key {i % 50}", 1_000_000, 60, now)
    takes_s = _TAKES / (time.perf_counter() - began)
    return [
        {"name": f"following an audit log of {LINES:,} lines", "measured": round(follow_s, 1), "unit": "s"},
        {"name": "50 lines of it, newest or by record", "measured": round(look_ms, 1), "unit": "ms"},
        {"name": "takes of a limit, each on the disk", "measured": round(takes_s), "unit": "/s"},
    ]


def _fill(n: int) -> None:
    """Write the chain at once: one by one it would take longer than all that is measured."""
    from peelian.store import audit

    before, rows = audit.BEGINNING, []
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(1, n + 1):
        row = audit.AuditLine(
            number=number,
            at=at,
            actor=number % 200,
            actor_name="Ann Lister",
            role="analyst",
            act="consulted",
            what="looked at the record of a person",
            record=f"person/{number % 1000}",
            purpose="an investigation with a number",
            details={"fields": ["name", "born"], "n": number},
            before=before,
        )
        row.seal = before = audit._seal(row)
        rows.append(row)
        if len(rows) == 20_000 or number == n:
            audit.AuditLine.objects.bulk_create(rows, batch_size=2000)
            rows = []
