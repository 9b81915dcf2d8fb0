"""Form fields that every form shares: text that every database can keep."""

import unicodedata
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator

#: What may stand in a text of several lines beside what can be read.
_BREAKS = frozenset("\n\r\t")
#: Marks that are drawn as nothing and turn the order of letters round, or stand between them unseen.
_UNSEEN = frozenset("\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


#: Before and after these no calendar of ours can count: a day has a day after it, in every time zone.
_FIRST, _LAST = date(1000, 1, 1), date(8999, 12, 31)


class Day(forms.DateField):
    """A day that can be counted from."""

    widget = forms.DateInput(attrs={"type": "date"})

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - Django's own
        """Hold it to the years that can be counted."""
        words = "Give a year from 1000 to 8999."
        bounds = [MinValueValidator(_FIRST, message=words), MaxValueValidator(_LAST, message=words)]
        super().__init__(**{**options, "validators": [*options.get("validators", ()), *bounds]})


class Words(forms.CharField):
    """Text on one line, without control characters: SQLite keeps them, PostgreSQL does not, and no reader sees them.

    Characters that scripts need to join or part their letters may stand in it.
    """

    breaks: frozenset[str] = frozenset()

    def to_python(self, value: object) -> str:
        """Return the text in its composed form (NFC)."""
        return unicodedata.normalize("NFC", super().to_python(value) or "")

    def validate(self, value: str) -> None:
        """Refuse what cannot be kept or seen."""
        super().validate(value)
        hidden = [
            c for c in value if (unicodedata.category(c) in ("Cc", "Cs") or c in _UNSEEN) and c not in self.breaks
        ]
        if hidden:
            raise ValidationError(f"A hidden character (U+{ord(hidden[0]):04X}) stands in it; type the text anew.")
        if value and not any(unicodedata.category(c)[0] in "LNPS" for c in value):
            raise ValidationError("Nothing that can be read stands in it.")


class Text(Words):
    """Text of several lines."""

    breaks = _BREAKS
    widget = forms.Textarea

    def to_python(self, value: object) -> str:
        """Return the text with plain line ends."""
        return super().to_python(value).replace("\r\n", "\n").replace("\r", "\n")
