"""Which columns of an unknown file are dates, and how they are written. For drafting a mapping; a person confirms."""

import re
from dataclasses import dataclass

import polars as pl

_FORMATS = (
    *("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"),
    *("%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p"),
    *("%d.%m.%Y %H:%M", "%d-%m-%Y %H:%M", "%d %b %Y %H:%M", "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y"),
    *("%d %b %Y", "%Y%m%d", "%Y-%m"),
)
#: A column that no four formats read is no column of dates.
_MOST_FORMATS = 4


@dataclass(frozen=True, slots=True)
class DateColumn:
    """A column of dates: the format that reads most, one that reads as many (day or month first?), and the rest's."""

    column: str
    form: str
    rival: str | None
    time_column: str | None = None
    others: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The day's column, and the hour's where it stands apart."""
        return (self.column,) if self.time_column is None else (self.column, self.time_column)

    @property
    def names_hour(self) -> bool:
        """Whether the format reads an hour."""
        return "%H" in self.form or "%I" in self.form


def date_columns(table: pl.DataFrame) -> list[DateColumn]:
    """Return the columns of dates, those with an hour first; an hour in a column of its own joins its day."""
    # A date of birth tells of a person: it is not even looked at.
    names = [name for name in table.columns if not re.search(r"\b(dob|birth|born)\b", words_of(name))]
    dates = [found for name in names if (found := _dates_in(table.get_column(name)))]
    hours = {
        _stem(name): name
        for name in table.columns
        if table.get_column(name).str.contains(r"^\d{1,2}:\d{2}(:\d{2})?$").sum() > table.height / 2
    }
    joined = []
    for day in dates:
        hour = hours.get(_stem(day.column))
        if day.names_hour or hour is None or "%d" not in day.form:
            joined.append(day)
            continue
        seconds = ":%S" if table.get_column(hour).str.count_matches(":").max() == 2 else ""  # noqa: PLR2004 - h:m:s
        form, *others = (f"{form} %H:%M{seconds}" for form in (day.form, *day.others))
        rival = f"{day.rival} %H:%M{seconds}" if day.rival else None
        joined.append(DateColumn(day.column, form, rival, hour, tuple(others)))
    return sorted(joined, key=lambda d: not d.names_hour)


def words_of(name: str) -> str:
    """Return a column's name in lower case words: 'DateOccur' and 'date_occur' are 'date occur'."""
    return re.sub(r"[^a-z0-9]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()).strip()


def _stem(name: str) -> str:
    """Return what a pair of columns shares: 'From Date' and 'From Time' are 'from'."""
    return re.sub(r"\b(date|day|time|hour)\b", "", words_of(name)).strip()


def _dates_in(column: pl.Series) -> DateColumn | None:
    filled = column.drop_nulls().filter(column.drop_nulls() != "")
    if filled.len() == 0 or not re.search(r"\d", str(filled[0])):
        return None
    # A column that several hands filled is read by several formats, until nine rows in ten are read.
    left, forms, rivals = filled, list[str](), list[str]()
    while left.len() > filled.len() // 10 and len(forms) < _MOST_FORMATS:
        read = {form: _is_read(left, form) for form in _FORMATS}
        best = max(read, key=lambda form: (read[form].sum(), -_FORMATS.index(form)))
        if read[best].sum() <= left.len() // 10:
            return None
        # In a tie the earlier format wins; one with the other order of day and month is told beside it.
        swapped = best.replace("%d", "%?").replace("%m", "%d").replace("%?", "%m")
        if swapped != best and swapped in read and read[swapped].sum() == read[best].sum():
            rivals.append(swapped)
        forms.append(best)
        left = left.filter(~read[best])
    if left.len() > filled.len() // 10:
        return None
    return DateColumn(column.name, forms[0], rivals[0] if rivals else None, None, tuple(forms[1:]))


def _is_read(filled: pl.Series, form: str) -> pl.Series:
    """Return which cells the format reads as a date of our times."""
    text = filled + "-01" if "%d" not in form else filled
    read = text.str.to_datetime(form if "%d" in form else f"{form}-%d", time_unit="us", strict=False)
    return read.dt.year().is_between(1951, 2199).fill_null(value=False)
