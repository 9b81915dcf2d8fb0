"""Names as linkage compares them: lower case, plain letters, without titles, with the long forms of nicknames.

Only for comparing: what a record says stands in the record, unchanged.
"""

from functools import lru_cache

from peelian.records.normal import words_of

#: Ranks, styles and joining words: they say little about who is meant, and records carry them now and then.
# fmt: off
TITLES = frozenset(
    {
        "1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th", "9th", "10th", "11th", "12th", "13th", "14th",
        "15th", "16th", "admiral", "and", "archbishop", "baron", "baroness", "baronet", "bart", "bishop",
        "bt", "canon", "captain", "colonel", "countess", "dame", "dean", "dr", "duchess", "duke", "earl",
        "esq", "father", "first", "fr", "general", "hon", "jnr", "jr", "junior", "lady", "lieutenant", "lord",
        "madam", "madame", "major", "marchioness", "marquess", "marquis", "master", "mr",
        "mrs", "ms", "miss", "mx", "of", "pc", "prof", "professor", "rev", "revd", "reverend", "second",
        "senior", "sgt", "sir", "sister", "snr", "sr", "the", "third", "viscount", "viscountess",
    }
)
# fmt: on

#: More words than this are no name; a pair of words is a key, so their number is bounded.
_MOST_WORDS = 8


@lru_cache(maxsize=100_000)
def name_words(text: str) -> tuple[str, ...]:
    """Return a name's first words in their order, without titles and repeats; titles where there is nothing else.

    A hyphen parts words and an apostrophe does not: Smith-Jones is Smith Jones, O'Neill is ONeill.
    """
    words = words_of(text)
    telling = [word for word in words if word not in TITLES]
    return tuple(dict.fromkeys(telling or words))[:_MOST_WORDS]


class Nicknames:
    """English given names and their short forms, from the package ``nicknames`` (Apache-2.0)."""

    def __init__(self) -> None:
        """Read the table once."""
        from nicknames import NickNamer

        self._namer = NickNamer()
        self._forms: dict[str, tuple[str, ...]] = {}

    def forms(self, word: str) -> tuple[str, ...]:
        """Return the word with every long form that it may stand for, in alphabetical order."""
        known = self._forms.get(word)
        if known is None:
            known = self._forms[word] = tuple(sorted({word, *self._namer.canonicals_of(word)}))
        return known
