"""Forms of the desk. What a form cannot say, the store's constraints refuse."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from peelian.places.shifts import MOST_MINUTES, WEEKDAYS
from peelian.site.fields import Day, DrawnForm, Text, Words

_LONG, _SHORT = 2000, 200
#: A bundle of more crime types than this is all crime.
_MOST_WEIGHTS = 40
_MOST_WEIGHT = 1_000_000.0


def _date(label: str, hint: str = "") -> Day:
    return Day(label=label, help_text=hint)


class ReasonForm(forms.Form):
    """Why: for a box suppressed, an edit withdrawn, an agreement ended."""

    reason = Text(
        label="Reason",
        max_length=_LONG,
        help_text="It is kept with your name, and shown beside the box. Write about the place, never about a person.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AddForm(ReasonForm):
    """A box to add: one way of saying where, and why."""

    field_order = ("street", "crossing", "point", "nearly", "reason")

    street = Words(label="Street", required=False, max_length=_SHORT, widget=forms.TextInput(attrs={"list": "streets"}))
    crossing = Words(
        label="Crossing street", required=False, max_length=_SHORT, widget=forms.TextInput(attrs={"list": "streets"})
    )
    point = Words(
        label="Or a point",
        required=False,
        max_length=60,
        help_text="Latitude and longitude, such as 38.5921, -90.2304; or easting and northing in metres.",
    )
    nearly = forms.ChoiceField(label="Or a box that was nearly chosen", required=False)

    def __init__(self, nearly: Iterable[tuple[str, str]], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        """Offer the boxes that were nearly chosen."""
        super().__init__(*args, **kwargs)
        offered = list(nearly)
        field = self.fields["nearly"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [("", "none of them"), *offered]
        if not offered:
            del self.fields["nearly"]

    def clean(self) -> dict[str, Any]:
        """Ask for exactly one place."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        street, crossing = cleaned.get("street"), cleaned.get("crossing")
        if bool(street) != bool(crossing) and not self.errors:
            self.add_error("crossing" if street else "street", "Name both streets of the crossing.")
        said = [bool(street or crossing), bool(cleaned.get("point")), bool(cleaned.get("nearly"))]
        if sum(said) != 1 and not self.errors:
            raise ValidationError(
                "Say where: a crossing, a point or a box that was nearly chosen."
                if not any(said)
                else "Two places are named; keep one."
            )
        return cleaned


class CardForm(DrawnForm):
    """A purpose card: without one, nothing is published."""

    crime_type = forms.ChoiceField(label="Speaks for")
    goal = Text(
        label="Goal",
        max_length=_LONG,
        help_text="What the map is for: fewer of which crimes, where.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    measure = Text(
        label="Measure",
        max_length=_LONG,
        help_text="How it will be known whether it worked.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    owner = Words(label="Owner", max_length=_SHORT, help_text="Who answers for it: an office or a title.")
    stop_rule = Text(
        label="Stop rule", max_length=_LONG, help_text="What ends it early.", widget=forms.Textarea(attrs={"rows": 3})
    )
    expires = _date("Expires", "The last day on which it holds. After it, no map is published under this card.")

    def __init__(self, kinds: Iterable[tuple[str, str]], today: date, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Offer the crime types that are known."""
        super().__init__(*args, **kwargs)
        field = self.fields["crime_type"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = list(kinds)
        self._today = today

    def clean_expires(self) -> date:
        """Refuse a card that has ended before it holds."""
        expires: date = self.cleaned_data["expires"]
        if expires < self._today:
            raise ValidationError(f"{expires} is past; a card that has ended publishes nothing.")
        return expires


class SwitchForm(ReasonForm):
    """Forecasts off or on."""

    force = forms.ChoiceField(label="Of")
    state = forms.ChoiceField(
        label="Forecasts", choices=[("off", "off: no map is made or shown"), ("on", "on")], widget=forms.RadioSelect
    )
    field_order = ("force", "state", "reason")

    def __init__(self, forces: Iterable[tuple[str, str]], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        """Offer the forces of the home."""
        super().__init__(*args, **kwargs)
        field = self.fields["force"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [("*", "all forces"), *forces]


class BundleForm(forms.Form):
    """A bundle: a name, and a crime type with its weight on each line."""

    name = Words(label="Name", max_length=60, help_text="As it is to stand on the map, such as harm.")
    weights = Text(
        label="Crime types and weights",
        max_length=5000,
        help_text="One a line, such as: burglary 2. A weight of 1 counts events; other weights count their harm.",
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    def __init__(self, known: Iterable[str], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        """Keep the crime types on record."""
        super().__init__(*args, **kwargs)
        self._known = frozenset(known)

    def clean_name(self) -> str:
        """Refuse a name that a crime type has already: two maps would go by one name."""
        name: str = self.cleaned_data["name"]
        if name in self._known or name == "*":
            raise ValidationError(f"{name} is the name of a crime type; call the bundle otherwise.")
        return name

    def clean_weights(self) -> dict[str, float]:
        """Return the weight of each crime type."""
        weights: dict[str, float] = {}
        for line in filter(None, (raw.strip() for raw in self.cleaned_data["weights"].splitlines())):
            kind, _, number = line.replace("\t", " ").rpartition(" ")
            try:
                weight = float(number)
            except ValueError as error:
                raise ValidationError(f"{line}: end the line with a weight, such as: burglary 2.") from error
            kind = kind.strip().rstrip(":=").strip()
            if kind not in self._known:
                raise ValidationError(f"{kind or line}: no such crime type is on record.")
            if kind in weights:
                raise ValidationError(f"{kind} stands there twice.")
            if not 0 < weight <= _MOST_WEIGHT:
                raise ValidationError(f"{line}: a weight is a number above 0, up to a million.")
            weights[kind] = weight
        if not weights or len(weights) > _MOST_WEIGHTS:
            raise ValidationError(f"Name one to {_MOST_WEIGHTS} crime types.")
        return weights


class ShiftForm(forms.Form):
    """A shift of a force."""

    name = Words(label="Name", max_length=60, help_text="Early, Late, Night. A shift of the same name is replaced.")
    start = forms.TimeField(label="Starts at", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    hours = forms.DecimalField(
        label="Lasts, in hours",
        min_value=0,
        max_digits=4,
        decimal_places=2,
        help_text="By the clock on the wall: over a change of the clocks it lasts an hour more or less.",
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    weekdays = forms.TypedMultipleChoiceField(
        label="On",
        coerce=int,
        choices=list(enumerate(WEEKDAYS)),
        widget=forms.CheckboxSelectMultiple,
        help_text="The days on which it starts.",
    )

    def clean_hours(self) -> int:
        """Return the length in minutes."""
        minutes = round(float(self.cleaned_data["hours"]) * 60)
        if not 1 <= minutes <= MOST_MINUTES:
            raise ValidationError("A shift lasts a minute at least and a day at most.")
        return minutes


class TacticsForm(DrawnForm):
    """What helps in a box."""

    text = Text(
        label="Suggestions",
        max_length=_LONG,
        help_text="One a line, short. They stand on every box of this crime type.",
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    source = Text(
        label="Where from",
        max_length=_LONG,
        help_text="The study, guide or experience behind them.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    review_by = _date("Review by", "After this day every page says that they are due for review.")

    def __init__(self, today: date, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        """Keep the day."""
        super().__init__(*args, **kwargs)
        self._today = today

    def clean_review_by(self) -> date:
        """Refuse a review that is past."""
        review_by: date = self.cleaned_data["review_by"]
        if review_by < self._today:
            raise ValidationError(f"{review_by} is past.")
        return review_by
