"""How each kind of value is written down: one text for one meaning, and a refusal with its mend for what is none."""

import unicodedata
from decimal import Decimal, InvalidOperation

from peelian.errors import RecordError
from peelian.records.catalogue import Kind, Property
from peelian.records.dates import read_when
from peelian.records.points import read_point

#: A statement is a fact or a few pages; a document is an attachment.
LONGEST = 50_000
LONGEST_LINE = 500


def written(prop: Property, value: str) -> str:
    """Return a value as the store keeps it.

    Raises
    ------
    RecordError
        When it is empty, too long, holds control characters or is none of the property's kind.
    """
    text = clean(value)
    where = f"{prop.name} = {_shown(text)}"
    if not text:
        raise RecordError(f"{prop.name} is empty: leave it out, or state that it is known to be unknown.")
    longest = LONGEST if prop.kind is Kind.TEXT else LONGEST_LINE
    if len(text) > longest:
        raise RecordError(f"{where}: {len(text):,} characters; at most {longest:,}. Attach it as a document instead.")
    return text if prop.kind is Kind.TEXT else _in_kind(prop, where, " ".join(text.split()))


def _in_kind(prop: Property, where: str, text: str) -> str:
    match prop.kind:
        case Kind.DATE:
            return read_when(text).text
        case Kind.POINT:
            return read_point(text).text
        case Kind.NUMBER:
            return _number(where, text)
        case Kind.EMAIL:
            if "@" not in text.strip("@") or " " in text:
                raise RecordError(f"{where} is no e-mail address; one has a name, an @ and a host.")
        case Kind.PLATE | Kind.POSTCODE:
            return text.upper()
        case _:
            if prop.codes and text not in prop.codes:
                raise RecordError(f"{where}: wanted is one of {', '.join(prop.codes)}.")
    return text


def clean(value: str) -> str:
    """Return a text in composed form without blank ends.

    Raises
    ------
    RecordError
        When it holds control characters other than line ends and tabs, or is no text.
    """
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n")).strip()
    for c in text:
        if (c < " " and c not in "\n\t") or "\ud800" <= c <= "\udfff" or c == "\x7f":
            raise RecordError(f"{_shown(text)} holds the control character U+{ord(c):04X}; take it out.")
    return text


def _number(where: str, text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise RecordError(f"{where} is no number; write digits with a point.") from error
    if not number.is_finite() or abs(number.adjusted()) > 30:  # noqa: PLR2004 - beyond any quantity on earth
        raise RecordError(f"{where} is no number that anything could have.")
    return f"{number.normalize():f}"


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}…")  # noqa: PLR2004 - enough to find it
