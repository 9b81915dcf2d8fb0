"""Forms of the records' pages. What a form cannot say, the store refuses."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
from django import forms
from django.core.exceptions import ValidationError

from peelian.errors import NotAllowedError, PeelianError
from peelian.places import Projection
from peelian.records.catalogue import Catalogue, Kind, Property
from peelian.records.purpose import Purpose
from peelian.records.queries import Filters, Near
from peelian.records.statements import Reliability
from peelian.site.fields import Day, Text, Words

_LONG, _SHORT = 2000, 200
_LONGEST_QUERY = 200
_DEGREES = (90.0, 180.0)


def day_field(label: str, hint: str = "") -> Day:
    """Return a field for a day that may be left out."""
    return Day(label=label, help_text=hint, required=False)


def start_of(day: date) -> datetime:
    """Return the first instant of a day, counted in UTC as the records' own days are."""
    return datetime.combine(day, time(), UTC)


class PurposeForm(forms.Form):
    """Why records are read in this session."""

    purpose = Words(
        label="What do you need records for?",
        max_length=500,
        help_text="The crime number and what is asked, such as: burglary 1829/17, who had the van. "
        "It stands in the log beside every search and every record you open.",
    )

    def clean_purpose(self) -> str:
        """Refuse a purpose that says nothing."""
        try:
            return Purpose(self.cleaned_data["purpose"]).text
        except NotAllowedError as error:
            raise ValidationError("Say it in five characters or more: a crime number and what is asked.") from error

    def purpose_of(self) -> Purpose:
        """Return the purpose of a form that is right."""
        return Purpose(self.cleaned_data["purpose"])


class SearchForm(forms.Form):
    """One box, and what narrows it."""

    q = Words(
        label="Name, phone, plate, address, crime number, or words of a text",
        required=False,
        max_length=_LONGEST_QUERY,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false"}),
    )
    type = forms.ChoiceField(label="Type", required=False)
    crime_type = forms.ChoiceField(label="Crime type", required=False)
    area = Words(label="Area", required=False, max_length=_SHORT)
    since = day_field("From")
    until = day_field("To and with")
    place = Words(
        label="Around",
        required=False,
        max_length=60,
        help_text="Latitude and longitude, such as 53.4808, -2.2426; or metres east and north.",
    )
    metres = forms.FloatField(label="Within metres", required=False, min_value=1, max_value=50_000)

    def __init__(self, known: Catalogue, crime_types: Iterable[str], crs: str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        """Offer the types that the store knows; points are metres of ``crs``."""
        super().__init__(*args, **kwargs)
        self._crs = crs
        types = sorted((t.label, name) for name, t in known.types.items())
        self._offer("type", [(name, label) for label, name in types])
        self._offer("crime_type", [(name, name) for name in crime_types])

    @property
    def narrowing(self) -> list[Any]:
        """The fields beside the box."""
        return [self[name] for name in self.fields if name != "q"]

    @property
    def is_narrowed(self) -> bool:
        """Whether any of them says something."""
        return any(self.data.get(name) for name in self.fields if name != "q")

    def clean(self) -> dict[str, Any]:
        """Ask for both halves of a circle, and refuse a span that runs backwards."""
        told: dict[str, Any] = super().clean() or self.cleaned_data
        if bool(told.get("place")) != bool(told.get("metres")) and not {"place", "metres"} & set(self.errors):
            self.add_error("metres" if told.get("place") else "place", "Give the point and how far around it.")
        if told.get("place") and "place" not in self.errors:
            try:
                told["near"] = self._near(told["place"], float(told.get("metres") or 1))
            except ValidationError as error:
                self.add_error("place", error)
        if told.get("since") and told.get("until") and told["until"] < told["since"]:
            self.add_error("until", "It ends before it begins.")
        return told

    def filters(self) -> Filters:
        """Return what narrows the search."""
        told = self.cleaned_data
        return Filters(
            (told["type"],) if told["type"] else (),
            (told["area"],) if told["area"] else (),
            (told["crime_type"],) if told["crime_type"] else (),
            start_of(told["since"]) if told["since"] else None,
            start_of(told["until"]) + timedelta(days=1) if told["until"] else None,
            told.get("near"),
        )

    def _offer(self, name: str, offered: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [("", "any"), *offered]

    def _near(self, text: str, metres: float) -> Near:
        parts = text.replace(",", " ").split()
        try:
            first, second = (float(part) for part in parts)
        except ValueError as error:
            raise ValidationError("Write two numbers, such as 53.4808, -2.2426.") from error
        if abs(first) <= _DEGREES[0] and abs(second) <= _DEGREES[1]:
            xs, ys = Projection(self._crs).to_metres(np.array([second]), np.array([first]))
            first, second = float(xs[0]), float(ys[0])
        if not (np.isfinite(first) and np.isfinite(second)) or max(abs(first), abs(second)) > 1e8:  # noqa: PLR2004 - beyond any map
            raise ValidationError("That point lies nowhere on the records' map.")
        return Near(self._crs, first, second, metres)


class SaveForm(forms.Form):
    """A search to be told about."""

    name = Words(label="Call it", max_length=_SHORT)
    asked = Words(max_length=2000, widget=forms.HiddenInput)


class AsOfForm(forms.Form):
    """A day on which a record is read as it stood."""

    on = day_field("As it stood at the end of")


class ReasonForm(forms.Form):
    """Why something is withdrawn, parted, kept or disposed of."""

    reason = Text(
        label="Why",
        max_length=_LONG,
        help_text="It is kept with your name.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class StatementForm(forms.Form):
    """A value of a property, or that it is known to be unknown."""

    property = forms.ChoiceField(label="What")
    value = Text(
        label="Value",
        required=False,
        max_length=50_000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    is_unknown = forms.BooleanField(label="Somebody asked, and nobody knows", required=False)
    source = Words(label="Who says so", max_length=_SHORT, help_text="A person, a document, a system: whoever said it.")
    stated_on = day_field("Said on")
    reliability = forms.ChoiceField(
        label="How sure", choices=[(r.value, r.value) for r in Reliability], initial=Reliability.STATED.value
    )

    def __init__(self, properties: Iterable[Property], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        """Offer the record's own properties."""
        super().__init__(*args, **kwargs)
        field = self.fields["property"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        offered = list(properties)
        field.choices = [(p.name, p.label) for p in offered]
        if len(offered) == 1:
            field.widget = forms.HiddenInput()
            self.fields["value"].label = offered[0].label
            self.fields["value"].help_text = hint_of(offered[0])

    def clean(self) -> dict[str, Any]:
        """Ask for a value or for its being unknown, not both."""
        told: dict[str, Any] = super().clean() or self.cleaned_data
        if bool(told.get("value")) == bool(told.get("is_unknown")) and "value" not in self.errors:
            self.add_error("value", "Give the value, or say that nobody knows it: one of the two.")
        return told


class DisputeForm(forms.Form):
    """What the person says against a record."""

    says = Text(label="What the person says", max_length=_LONG, widget=forms.Textarea(attrs={"rows": 4}))
    source = Words(label="Who told it, and how", max_length=_SHORT, help_text="Such as: letter of 3 March.")


class AttachForm(forms.Form):
    """A document or photograph."""

    file = forms.FileField(label="Document or photograph", max_length=_SHORT)


class DecisionForm(forms.Form):
    """What a person decides on two records that may be one."""

    note = Text(label="Note", required=False, max_length=_LONG, widget=forms.Textarea(attrs={"rows": 2}))


def hint_of(prop: Property) -> str:
    """Return how a value of the property is written, where it is not plain."""
    if prop.codes:
        return f"One of: {', '.join(prop.codes)}."
    return _HINTS.get(prop.kind, "")


_HINTS = {
    Kind.DATE: "2017, 2017-08, 2017-08-24, 2017-08-24T13:05+01:00, or two of these with a stroke between.",
    Kind.POINT: "Such as EPSG:27700 383819.1 398052.4 exact.",
    Kind.NUMBER: "Digits, with a point.",
}


def problem(form: forms.Form, error: PeelianError, field: str | None = None) -> None:
    """Put the store's refusal beside what was typed."""
    sentence = str(error)
    form.add_error(field, f"{sentence[:1].upper()}{sentence[1:]}")
