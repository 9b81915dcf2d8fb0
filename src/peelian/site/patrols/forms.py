"""Forms of the patrol: the same fields whether a page sends them or a phone, later."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from peelian.forecasts.visits import WRONG_WORDS, How, WrongBecause
from peelian.site.fields import Text, Words
from peelian.store.box_notes import LONGEST_TEXT
from peelian.store.patrols import LONGEST_MINUTES

_LONGEST_KEY = 600
_FURTHEST_M = 1e8
#: Clocks of phones are believed between these years.
_YEARS = (2000, 2100)
#: No phone's clock is further off than a century.
_FURTHEST_S = 100 * 366 * 86_400.0


class Instant(forms.DateTimeField):
    """An instant as a phone writes it: ISO 8601 with its offset."""

    def to_python(self, value: Any) -> datetime | None:  # noqa: ANN401 - whatever was sent
        """Return the instant; one without a zone, or of another century, is refused."""
        if value is not None and not isinstance(value, str):
            raise ValidationError("An instant is text, such as 2018-12-21T19:00:00Z.")
        at = super().to_python(value)
        if at is not None and not _YEARS[0] <= at.year < _YEARS[1]:
            raise ValidationError(f"{at.year} is no year of a visit.")
        return at


class BoxForm(forms.Form):
    """What names a box, and the id under which it is kept once."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    box = Words(max_length=_LONGEST_KEY, widget=forms.HiddenInput)


class SquareForm(BoxForm):
    """A box as a phone saw it, and what the phone knew of its own clock."""

    x = forms.FloatField(min_value=-_FURTHEST_M, max_value=_FURTHEST_M)
    y = forms.FloatField(min_value=-_FURTHEST_M, max_value=_FURTHEST_M)
    size = forms.FloatField(min_value=1, max_value=100_000)
    offset_s = forms.FloatField(required=False, min_value=-_FURTHEST_S, max_value=_FURTHEST_S)

    @property
    def square(self) -> tuple[float, float, float]:
        """Where the phone saw the box."""
        return self.cleaned_data["x"], self.cleaned_data["y"], self.cleaned_data["size"]


class VisitForm(SquareForm):
    """A finished stay, from a phone."""

    arrived = Instant()
    left = Instant()
    minutes = forms.FloatField(min_value=0, max_value=LONGEST_MINUTES)
    how = forms.ChoiceField(choices=[(h.value, h.value) for h in How])


class LeaveForm(forms.Form):
    """The end of a stay; minutes only where the button was pressed late."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    minutes = forms.FloatField(
        label="Minutes you were there",
        required=False,
        min_value=0,
        max_value=LONGEST_MINUTES,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "min": 0, "step": 1}),
    )


class NoteForm(BoxForm):
    """Why a box is wrong, in the officer's words."""

    because = forms.ChoiceField(
        label="This box is wrong because", choices=[(r.value, WRONG_WORDS[r]) for r in WrongBecause]
    )
    text = Text(label="In your words", required=False, max_length=LONGEST_TEXT)

    def clean(self) -> dict[str, Any]:
        """Ask for words where the reason says nothing."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("because") == WrongBecause.OTHER.value and not cleaned.get("text") and "text" not in self.errors:
            self.add_error("text", "Say what it is.")
        return cleaned


class SentNoteForm(NoteForm, SquareForm):
    """The same, from a phone."""

    written = Instant()


class AnswerForm(forms.Form):
    """The analyst's answer to a note."""

    answer = Text(label="Your answer", max_length=LONGEST_TEXT)
