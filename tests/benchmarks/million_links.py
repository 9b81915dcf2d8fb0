"""A record with a million links: what each page, chart, search, change, merge and disposal of it costs."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

MILLION = 1_000_000
_KEY = "a million links"
_CRIMES = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s)
INSERT INTO record (type, source, key, area, sensitivity, keeper, recorded_at, "group", review_due, review_reason)
SELECT 'crime', 'million', 'c' || i, '', 'open', '', h.recorded_at, '', h.review_due, h.review_reason
FROM n, record h WHERE h.id = %s
"""
_ENTRIES = """
INSERT INTO search_entry (record_id, type, area, sensitivity, title, lines, crime_type, happened_from, happened_to,
  crs, x, y, square, changed_at)
SELECT r.id, r.type, '', 'open', 'Theft ' || r.key, '[]', 'Theft', h.changed_at, h.changed_at,
  h.crs, h.x, h.y, h.square, h.changed_at
FROM record r, search_entry h WHERE r.source = 'million' AND r.type = 'crime' AND h.record_id = %s
"""
_LINKS = """
INSERT INTO record_link (type, start_id, end_id, detail, source, key, recorded_at, recorder, reliability, reasons)
SELECT 'occurred-at', r.id, %s, '', 'million', r.key, r.recorded_at, 'bench', 'stated', '[]'
FROM record r WHERE r.source = 'million' AND r.type = 'crime'
"""


def fill(by: Any, n_links: int = MILLION) -> int:  # noqa: ANN401 - a value from behind Django
    """Return the number of a place where so many crimes happened; made by the database itself."""
    from types import MappingProxyType

    from django.db import connection, transaction

    from peelian.records.catalogue import shipped
    from peelian.records.drafts import RecordDraft
    from peelian.records.retention import shipped_policy
    from peelian.store.records import index
    from peelian.store.records.writing import open_record

    told = {"name": ("Millionsquare",), "point": ("EPSG:27700 383819.0 398052.0 exact",)}
    hub = open_record(shipped(), shipped_policy(), RecordDraft("place", _KEY, MappingProxyType(told)), by)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CRIMES, [n_links, hub])
        cursor.execute(_ENTRIES, [hub])
        cursor.execute(_LINKS, [hub])
        index.settle()
    return hub


def measure(home: Path, by: Any, why: Any, n_links: int = MILLION) -> list[tuple[str, float]]:  # noqa: ANN401 - as above
    """Return (what, seconds) for each thing done with it, the last its disposal."""
    from datetime import date
    from types import MappingProxyType

    from peelian.jobs.charting import open_chart
    from peelian.linkage import Opening
    from peelian.records.catalogue import shipped
    from peelian.records.drafts import RecordDraft
    from peelian.records.queries import Filters, Near
    from peelian.records.retention import shipped_policy
    from peelian.store.records import merges, reading, retention, surroundings, writing
    from peelian.store.records.search import search
    from peelian.store.records.tables import LinkRow, Record

    known, policy, actor = shipped(), shipped_policy(), by.actor
    rows: list[tuple[str, float]] = []

    def timed(what: str, act: Callable[[], Any]) -> Any:  # noqa: ANN401 - as above
        began = time.perf_counter()
        found = act()
        rows.append((what, time.perf_counter() - began))
        return found

    hub = timed("made", lambda: fill(by, n_links))
    twin = writing.open_record(
        known, policy, RecordDraft("place", "twin", MappingProxyType({"name": ("Millionsquare",)})), by
    )
    one = int(Record.objects.filter(source="million", key="c1").get().pk)
    last = LinkRow.objects.filter(end=hub).order_by("-id").values_list("pk", flat=True)[60]
    told = writing.Told("bench")

    def page(after: int, as_of: Any = None) -> None:  # noqa: ANN401 - as above
        reading.show(known, hub, actor, why, as_of=as_of)
        seen = reading.neighbours(known, hub, actor, why, after=after, as_of=as_of)
        assert len(seen.neighbours) == reading.LINKS_A_PAGE  # type: ignore[union-attr] # nothing is sealed
        surroundings.Surroundings(known, hub, actor, why, as_of).places()
        surroundings.Surroundings(known, hub, actor, why, as_of).happenings()

    timed("its page", lambda: page(0))
    timed("its last page of links", lambda: page(last))
    timed("its page as of a day", lambda: page(0, by.at))
    timed("its chart", lambda: open_chart(hub, actor, why, Opening()))
    timed("its chart, from the half-millionth link on", lambda: open_chart(hub, actor, why, skip=n_links // 2))
    timed("a chart of three steps through it", lambda: open_chart(one, actor, why, Opening(steps=3)))
    timed("found by its name", lambda: search("millionsquare", Filters(), actor, why))
    near = Filters(types=("crime",), near=Near("EPSG:27700", 383_819.0, 398_052.0, 50.0))
    timed("what happened there, by distance", lambda: search("", near, actor, why))
    link = timed("tied once more", lambda: writing.tie(known, "within", hub, twin, told, by))
    timed("that tie taken back", lambda: writing.untie(known, link.id, "a test", by))
    merged = timed("merged with another", lambda: merges.merge(known, hub, twin, None, ["a test"], by))
    timed("its page, merged", lambda: page(0))
    timed("parted again", lambda: merges.undo(merged.id, "a test", by))
    timed("its name stated anew", lambda: writing.state(known, hub, "name", "The square", told, by))
    point = "EPSG:27700 383900.0 398100.0 exact"
    timed("its point moved, and all that is found there", lambda: writing.state(known, hub, "point", point, told, by))
    Record.objects.filter(pk=hub).update(review_due=date(2018, 1, 1))
    gone = timed("disposed of", lambda: retention.dispose(known, policy, [hub], "a test", home, by))
    assert gone.links == n_links + 2, gone
    return rows
