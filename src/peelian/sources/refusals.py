"""Why a row is not taken: the closed list of reasons, each with its mend, and the sieve that sets rows aside.

A refusal keeps the file's name, the line, the reason and one value. It never keeps the row: the
feed may hold what no event may (names, house numbers).
"""

from dataclasses import dataclass
from enum import StrEnum

import polars as pl

REFUSAL_SCHEMA = pl.Schema({"file": pl.String, "line": pl.Int64, "reason": pl.String, "value": pl.String})


class Reason(StrEnum):
    """Every reason for which a row may be refused."""

    POLICE_FOUND = "police-found"
    NOT_GEOCODED = "not geocoded"
    STRAY = "stray point"
    DEGREES = "degrees where metres belong"
    SWAPPED = "axes swapped"
    NOWHERE = "outside the CRS"
    UNREADABLE_NUMBER = "unreadable coordinate"
    UNREADABLE_DATE = "unreadable date"
    REVERSED_SPAN = "span runs backwards"
    FUTURE = "from the future"
    LONG_BEFORE = "occurred long before it was recorded"
    RAGGED = "ragged row"
    MISENCODED = "not in the file's encoding"
    NUL = "NUL byte"
    NO_ID = "no id"
    UNKNOWN_TYPE = "unknown crime type"
    UNWANTED = "not wanted by the mapping"
    UNKNOWN_STATUS = "unknown status"
    UNMATCHED = "takes back a record that is not held"


MENDS: dict[Reason, str] = {
    Reason.POLICE_FOUND: "none: crime that patrols find is never forecast input (docs/methods/police-found-crime.md)",
    Reason.NOT_GEOCODED: "geocode the record in the feed; an event without a place cannot be counted",
    Reason.STRAY: "check the coordinate in the feed, or its CRS; it lies far from all others",
    Reason.DEGREES: "name the feed's CRS: degrees are 'EPSG:4326'",
    Reason.SWAPPED: "exchange the x and y columns: longitude is x, latitude is y",
    Reason.NOWHERE: "check the coordinate and the feed's CRS",
    Reason.UNREADABLE_NUMBER: "write coordinates as plain decimal numbers with a point",
    Reason.UNREADABLE_DATE: "give the date's format in the mapping, or mend the date",
    Reason.REVERSED_SPAN: "exchange the two times, or leave the later one blank",
    Reason.FUTURE: "check the date, the date format and the time zone",
    Reason.LONG_BEFORE: "check the date; a real old crime tells nothing about the coming weeks",
    Reason.RAGGED: "the row has another number of cells than the header; check delimiter and quotes, or a cut-off file",
    Reason.MISENCODED: "say --encoding cp1252 (or the mapping's `encoding`), or save the file as UTF-8",
    Reason.NUL: "the file is damaged or binary here; export it again",
    Reason.NO_ID: "give each record its number, or leave `id` out of the mapping",
    Reason.UNKNOWN_TYPE: "add the label to the mapping's [crime_types], or to its `refuse` list",
    Reason.UNWANTED: "take the label out of the mapping's `refuse` list",
    Reason.UNKNOWN_STATUS: "Count is 1 for a record and -1 for one that is taken back",
    Reason.UNMATCHED: "none needed: should the record come in a later file, it is taken back then",
}


@dataclass(slots=True)
class Sieve:
    """Rows on their way in; each ``refuse`` sets some aside. ``table`` has a ``line`` column.

    The one value here that changes while it is used: it lives inside one function and hands out two tables.
    """

    file: str
    table: pl.DataFrame
    _refused: list[pl.DataFrame]

    @classmethod
    def over(cls, file: str, table: pl.DataFrame) -> "Sieve":
        """Return a sieve holding all rows of the table."""
        return cls(file, table, [])

    def refuse(self, reason: Reason, where: pl.Expr, value: pl.Expr) -> None:
        """Set aside the rows for which ``where`` is true (null counts as false), keeping ``value`` of each."""
        hit = self.table.select(where.fill_null(value=False).alias("hit")).get_column("hit")
        if hit.any():
            self._refused.append(refusals_of(self.file, self.table.filter(hit), reason, value))
            self.table = self.table.filter(~hit)

    @property
    def refused(self) -> pl.DataFrame:
        """Everything set aside so far, in the order of the lines."""
        return pl.concat([pl.DataFrame(schema=REFUSAL_SCHEMA), *self._refused]).sort("line")


def refusals_of(file: str, rows: pl.DataFrame, reason: Reason, value: pl.Expr) -> pl.DataFrame:
    """Return one refusal per row; a value longer than 80 characters is cut."""
    return rows.select(
        pl.lit(file).alias("file"),
        pl.col("line").cast(pl.Int64),
        pl.lit(str(reason)).alias("reason"),
        value.cast(pl.String).str.slice(0, 80).alias("value"),
    )
