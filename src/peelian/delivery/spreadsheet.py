"""The boxes as CSV: UTF-8, a header, full stops in numbers, equal bytes for an equal night."""

import csv
import io

from peelian.delivery.box_rows import COLUMNS, box_rows
from peelian.forecasts.nights import Night

#: A spreadsheet runs a cell that begins so; an apostrophe before it makes it text (OWASP, CSV injection).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def boxes_csv(night: Night) -> bytes:
    """Return all boxes, chosen and nearly chosen; corners in metres of the force's CRS."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*COLUMNS, "crs"))
    for row in box_rows(night):
        writer.writerow([*(_cell(getattr(row, name)) for name in COLUMNS), night.force.crs])
    return text.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.9g}" if abs(value) < 1 else repr(value)
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return "" if value is None else value
