"""Keys under which values are found: names without accents, phones, plates and references without their marks."""

import re
from functools import lru_cache
from itertools import combinations

import phonenumbers
from anyascii import anyascii

#: Where a phone number without a country's prefix is taken to be.
HOME_REGION = "GB"
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_NOT_CODE = re.compile(r"[^A-Z0-9]+")
_POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2}")
#: Marks that are misread for one another on a plate.
_LOOKALIKE = str.maketrans("OI", "01")
#: Written short in addresses, and meant long.
_SHORT = {
    "rd": "road",
    "ave": "avenue",
    "av": "avenue",
    "ln": "lane",
    "dr": "drive",
    "cl": "close",
    "ct": "court",
    "cres": "crescent",
    "sq": "square",
    "pl": "place",
    "gdns": "gardens",
    "terr": "terrace",
    "apt": "flat",
}
#: A word this long may have one slip, and one that long two.
ONE_SLIP, TWO_SLIPS = 4, 7
_PREFIX = 7


@lru_cache(maxsize=100_000)
def fold(text: str) -> str:
    """Return a short text as ``fold_once`` does, and remember it."""
    return fold_once(text)


def fold_once(text: str) -> str:
    """Return a text in lower-case Latin letters and digits with single blanks: 'Œuvré Briain' is 'oeuvre briain'."""
    latin = text if text.isascii() else anyascii(text)
    return _NOT_WORD.sub(" ", latin.replace("'", "").replace("`", "").lower()).strip()


def words_of(text: str) -> tuple[str, ...]:
    """Return the folded words of a name or a text, in order."""
    return tuple(fold(text).split())


def address_words(text: str) -> tuple[str, ...]:
    """Return the folded words of an address, short forms written out; 'St' before a name stays (it is a saint)."""
    words = words_of(text)
    return tuple(
        "street" if w == "st" and i and not any(later.isalpha() for later in words[i + 1 :]) else _SHORT.get(w, w)
        for i, w in enumerate(words)
    )


@lru_cache(maxsize=100_000)
def phone_key(text: str) -> str:
    """Return the digits under which a phone number is found: with its country where it can be one, else as written."""
    digits = "".join(c for c in text if c.isdigit())
    if not digits:
        return ""
    try:
        number = phonenumbers.parse(("+" if text.lstrip().startswith("+") else "") + digits, HOME_REGION)
    except phonenumbers.NumberParseException:
        return digits
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return digits
    return f"{number.country_code}{number.national_number}"


def plate_key(text: str) -> str:
    """Return the letters and digits of a registration; O and 0, I and 1 count as the same."""
    return _NOT_CODE.sub("", text.upper()).translate(_LOOKALIKE)


def reference_key(text: str) -> str:
    """Return the letters and digits of a reference."""
    return _NOT_CODE.sub("", text.upper())


def email_key(text: str) -> str:
    """Return an e-mail address in lower case."""
    return text.strip().lower()


def is_postcode(text: str) -> bool:
    """Tell whether a text is a whole British postcode, with or without its blank."""
    return _POSTCODE.fullmatch(reference_key(text)) is not None


def slips_allowed(word: str) -> int:
    """Return how many slips (a letter wrong, missing, added, or two changed about) a word of this length may have.

    None in a number: another house number is another house.
    """
    if any(c.isdigit() for c in word) or len(word) < ONE_SLIP:
        return 0
    return 1 if len(word) < TWO_SLIPS else 2


def slip_keys(word: str) -> frozenset[str]:
    """Return the keys that a word shares with every word within the slips allowed to both.

    A key is the word's first seven letters with up to that many taken out (symmetric deletion, as in W. Garbe's
    SymSpell): two words that are a slip apart become equal when each loses the letter in which they differ.
    """
    start = word[:_PREFIX]
    keys = {start}
    for n in range(1, slips_allowed(word) + 1):
        keys.update("".join(letters) for letters in combinations(start, len(start) - n))
    return frozenset(keys)
