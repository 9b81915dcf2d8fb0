"""What every form shares: text that every database can keep, days that can be counted, and what it was drawn from."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
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


#: The field in which a form carries the seal of what it was drawn from.
DRAWN_FROM = "drawn_from"


class DrawnForm(forms.Form):
    """A form that shows how something stands, to be changed: sent after somebody else changed it, it is refused.

    Else whoever opened the page first would put back, unseen, what the other took away.
    """

    drawn_from = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    _now = ""

    def hold_to(self, now: Mapping[str, object]) -> None:
        """Hold the form to what it shows, as that stands now; call it before anything is asked of the form."""
        self._now = hashlib.sha256(json.dumps(now, sort_keys=True, default=str).encode()).hexdigest()
        self.initial = {**self.initial, DRAWN_FROM: self._now}

    def clean_drawn_from(self) -> str:
        """Refuse a form that shows what is no more."""
        told: str = self.cleaned_data[DRAWN_FROM]
        if told and told != self._now:
            self.add_error(None, "Somebody changed this while the page was open. Open the page anew, and look first.")
        return told
