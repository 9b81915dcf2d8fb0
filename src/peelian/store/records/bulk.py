"""Many rows at once, in each database's quickest way, inside the caller's transaction."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from django.db import connection

_T = TypeVar("_T")
#: SQLite takes 32,766 parameters a statement; plans stay quick well below.
CHUNK = 500


def reserve_ids(table: str, count: int) -> range | list[int]:
    """Return ``count`` ids of a table that nobody else will be given; those of deleted rows never come again."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count]
            )
            return [row[0] for row in cursor.fetchall()]
        # The transaction holds SQLite's one lock for writing; AUTOINCREMENT remembers the highest id ever given.
        cursor.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = %s", [table])
        last = cursor.fetchone()[0]
        return range(last + 1, last + 1 + count)


def insert_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of plain values (instants through ``instant``)."""
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(columns))
        cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', list(rows))  # noqa: S608 - our own names


def instant(at: datetime | None) -> Any:  # noqa: ANN401 - text on SQLite, the instant itself on PostgreSQL
    """Return an instant as the database's own column takes it."""
    return None if at is None else connection.ops.adapt_datetimefield_value(at)


def as_instant(value: Any) -> datetime | None:  # noqa: ANN401 - as above
    """Return an instant that raw SQL read."""
    from datetime import UTC

    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


def chunks(items: Iterable[_T], size: int = CHUNK) -> Iterator[list[_T]]:
    """Yield the items in lists of at most ``size``."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def rows_in(sql: str, values: Iterable[Any], before: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a query whose ``{marks}`` stand for many values, asked in parts."""
    with connection.cursor() as cursor:
        for part in chunks(values):
            cursor.execute(sql.format(marks=", ".join(["%s"] * len(part))), [*before, *part])
            yield from cursor.fetchall()
