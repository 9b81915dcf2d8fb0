"""What of a person is compared: names, dates, places and keys, each in one plain form beside the record's id."""

import re

import polars as pl

from peelian.linkage.exact import born_key, code_key, email_key, phone_key
from peelian.linkage.names import Nicknames, name_words
from peelian.linkage.records import LinkageRecords, values_of
from peelian.records.normal import fold

#: Area, district and sector of a British postcode: NG, NG6, NG6 9.
_POSTCODE = re.compile(r"([A-Z]{1,2})([0-9][A-Z0-9]?)([0-9])[A-Z0-9]{2}|([A-Z]{1,2})([0-9][A-Z0-9]?)")

#: The columns that Splink reads; every one is empty where the record says nothing.
FEATURES = pl.Schema(
    {
        "record_id": pl.String(),
        "given": pl.String(),
        "given_forms": pl.List(pl.String()),
        "family": pl.String(),
        "words": pl.List(pl.String()),
        "born": pl.String(),
        "sex": pl.String(),
        "occupation": pl.String(),
        "place": pl.String(),
        "postcode": pl.String(),
        "sector": pl.String(),
        "district": pl.String(),
        "area": pl.String(),
        "address": pl.String(),
        "phone": pl.String(),
        "email": pl.String(),
        "email_user": pl.String(),
        "document_number": pl.String(),
    }
)


def person_features(records: LinkageRecords) -> pl.DataFrame:
    """Return a row of ``FEATURES`` for each person record, in the records' order."""
    namer = Nicknames()
    rows = [_features(row, namer) for row in records.table.iter_rows(named=True)]
    return pl.DataFrame(rows, schema=FEATURES)


def _features(row: dict[str, str | None], namer: Nicknames) -> dict[str, object]:
    given, family, words = _names(row["name"], row["given_name"], row["surname"])
    first = {name: next(iter(values_of(text)), "") for name, text in row.items()}
    postcode = code_key(first["postcode"])
    area, district, sector = _postcode_parts(postcode)
    email = email_key(first["email"])
    return {
        "record_id": row["record_id"],
        "given": given,
        "given_forms": namer.forms(given) if given else None,
        "family": family,
        "words": sorted(words) or None,
        "born": born_key(first["date_of_birth"]) or None,
        "sex": fold(first["sex"])[:1] or None,
        "occupation": fold(first["occupation"]) or None,
        "place": fold(first["place"]) or None,
        "postcode": postcode or None,
        "sector": sector,
        "district": district,
        "area": area,
        "address": fold(first["address"]) or None,
        "phone": phone_key(first["phone"]) or None,
        "email": email or None,
        "email_user": email.split("@")[0] or None,
        "document_number": code_key(first["document_number"]) or None,
    }


def _names(whole: str | None, given: str | None, family: str | None) -> tuple[str | None, str | None, set[str]]:
    """Return given name, family name and all words; a part that is not said is found in the whole name."""
    first, last, words = (name_words(text or "") for text in (given, family, whole))
    first = first or words[:1]
    last = last or tuple(word for word in words[-1:] if word not in first)
    return first[0] if first else None, " ".join(last) or None, {*words, *first, *last}


def _postcode_parts(postcode: str) -> tuple[str | None, str | None, str | None]:
    found = _POSTCODE.fullmatch(postcode)
    if not found:
        return None, None, None
    area, district = found[1] or found[4], found[2] or found[5]
    return area, area + district, f"{area}{district} {found[3]}" if found[3] else None
