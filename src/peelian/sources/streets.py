"""Street names as a sign would have them, without the house number: a name on a briefing, never an address."""

import re

import polars as pl

_NEAR = re.compile(r"^on or near\s*", re.IGNORECASE)
_NOWHERE = frozenset({"", "no location", "unknown", "none", "n/a"})
#: What data.police.uk writes in place of a street's name: a kind of place, of which there are hundreds.
_KINDS_OF_PLACE = frozenset(
    {
        "airport/airfield",
        "bus/coach station",
        "conference/exhibition centre",
        "ferry terminal",
        "further/higher educational building",
        "hospital",
        "motorway service area",
        "nightclub",
        "park/open space",
        "parking area",
        "pedestrian subway",
        "petrol station",
        "police station",
        "prison",
        "race track",
        "shopping area",
        "sports/recreation area",
        "supermarket",
        "theatre/concert hall",
    }
)
#: A house number, or a block ("012XX"), stands alone before the name; "2ND ST" and "20th Street" are names.
_HOUSE = re.compile(
    r"^(?:\d+(?:[A-Za-z]|XX)?(?:\s*[-/]\s*\d+[A-Za-z]?)?\s*,?\s+)+(?=\D|\d+(?:st|nd|rd|th)\b)", re.IGNORECASE
)
_WORD = re.compile(r"[^\s/(-]+")
_ROAD_NUMBER = re.compile(r"^[A-Z]{1,2}\d+[A-Z]?(?:\([A-Z]\))?$")


def street_name(text: str | None) -> str | None:
    """Return the street as on its sign; None for a place that the feed does not name."""
    bare = _HOUSE.sub("", _NEAR.sub("", " ".join((text or "").split())))
    if bare.casefold() in _NOWHERE | _KINDS_OF_PLACE or bare.isdigit():
        return None
    return _WORD.sub(lambda m: _capitalised(m.group()), bare)


def street_names(column: pl.Series) -> pl.Series:
    """Return the streets of a column; each different spelling is read once."""
    spellings = column.cast(pl.String).unique()
    return column.cast(pl.String).replace_strict(
        spellings, pl.Series([street_name(s) for s in spellings], dtype=pl.String), return_dtype=pl.String
    )


def _capitalised(word: str) -> str:
    if _ROAD_NUMBER.match(word):
        return word
    head, mark, tail = word.partition("'")
    if mark:  # O'Fallon, but Alderman's
        tail = tail.lower() if len(tail) == 1 else tail.capitalize()
    head = head.lower() if head[:1].isdigit() else head.capitalize()
    head = re.sub(r"^Mc([a-z])", lambda m: "Mc" + m.group(1).upper(), head)
    return head + mark + tail
