"""Form fields that every form shares: text that every database can keep."""

import unicodedata

from django import forms
from django.core.exceptions import ValidationError

#: What may stand in a text of several lines beside what can be read.
_BREAKS = frozenset("\n\r\t")


class Words(forms.CharField):
    """Text on one line, without control characters: SQLite keeps them, PostgreSQL does not, and no reader sees them."""

    breaks: frozenset[str] = frozenset()

    def to_python(self, value: object) -> str:
        """Return the text in its composed form (NFC)."""
        return unicodedata.normalize("NFC", super().to_python(value) or "")

    def validate(self, value: str) -> None:
        """Refuse what cannot be kept or seen."""
        super().validate(value)
        hidden = [c for c in value if unicodedata.category(c) in ("Cc", "Cs") and c not in self.breaks]
        if hidden:
            raise ValidationError(f"A hidden character (U+{ord(hidden[0]):04X}) stands in it; type the text anew.")


class Text(Words):
    """Text of several lines."""

    breaks = _BREAKS
    widget = forms.Textarea

    def to_python(self, value: object) -> str:
        """Return the text with plain line ends."""
        return super().to_python(value).replace("\r\n", "\n").replace("\r", "\n")
