"""Forms of a new record, a tie, a marking and a clock. What a form cannot say, the store refuses."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from peelian.errors import RecordError
from peelian.records.catalogue import Kind, LinkType, Property, RecordType
from peelian.records.drafts import UNKNOWN, RecordDraft
from peelian.records.marking import Marking, Sensitivity
from peelian.records.retention import Policy
from peelian.records.statements import Reliability
from peelian.records.writing import written
from peelian.site.fields import Day, DrawnForm, Text, Words
from peelian.site.records.forms import ReasonForm, day_field, hint_of, problem, start_of

_SHORT, _LONG, _MOST_VALUES = 200, 50_000, 50
#: Properties' fields are named apart from the form's own.
_PREFIX = "is-"


def _sure() -> forms.ChoiceField:
    return forms.ChoiceField(
        label="How sure", choices=[(r.value, r.value) for r in Reliability], initial=Reliability.STATED.value
    )


def _teller() -> Words:
    return Words(label="Who says so", max_length=_SHORT, help_text="A person, a document, a system: whoever said it.")


class NewRecordForm(forms.Form):
    """A record of one type: a field for each of its properties, and who says all that."""

    def __init__(self, record_type: RecordType, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        """Make the fields out of the type's properties."""
        super().__init__(*args, **kwargs)
        self._type = record_type
        properties = record_type.properties.values()
        self.fields.update({_PREFIX + prop.name: _field_of(prop) for prop in properties})
        self.fields["unknown"] = forms.MultipleChoiceField(
            label="Asked, and nobody knows",
            required=False,
            choices=[(prop.name, prop.label) for prop in properties],
            widget=forms.CheckboxSelectMultiple,
            help_text="Leave what nobody asked about empty and without a tick: that is not the same.",
        )
        self.fields["source"] = _teller()
        self.fields["stated_on"] = day_field("Said on")
        self.fields["reliability"] = _sure()
        self.fields["area"] = Words(label="Area", required=False, max_length=_SHORT)

    def clean(self) -> dict[str, Any]:
        """Read each value as its property wants it, and ask for one at least."""
        told: dict[str, Any] = super().clean() or self.cleaned_data
        values: dict[str, tuple[str | None, ...]] = {}
        for name, prop in self._type.properties.items():
            given = [] if _PREFIX + name in self.errors else _lines(prop, told.get(_PREFIX + name))
            if given and name in told.get("unknown", ()):
                self.add_error(_PREFIX + name, "Give a value, or say that nobody knows it: one of the two.")
            elif name in told.get("unknown", ()):
                values[name] = (UNKNOWN,)
            elif given:
                values[name] = self._read(prop, given)
        if not values and not self.errors:
            raise ValidationError("Say one thing of it at least, be it that nobody knows.")
        told["values"] = values
        return told

    def draft(self) -> RecordDraft:
        """Return the record as the form tells it."""
        told = self.cleaned_data
        said_on = start_of(told["stated_on"]) if told["stated_on"] else None
        marking = Marking(area=told["area"])
        return RecordDraft(self._type.name, "", told["values"], marking, said_on, Reliability(told["reliability"]))

    def _read(self, prop: Property, given: list[str]) -> tuple[str, ...]:
        if len(given) > _MOST_VALUES:
            self.add_error(_PREFIX + prop.name, f"{len(given)} values; at most {_MOST_VALUES} at once.")
            return ()
        try:
            return tuple(dict.fromkeys(written(prop, value) for value in given))
        except RecordError as error:
            problem(self, error, _PREFIX + prop.name)
            return ()


def _field_of(prop: Property) -> forms.Field:
    """Return the field for a property: one value, several with one a line, or a choice among its codes."""
    if prop.codes:
        choices = [(code, code) for code in prop.codes]
        if prop.single:
            return forms.ChoiceField(label=prop.label, required=False, choices=[("", "not said"), *choices])
        several = forms.CheckboxSelectMultiple
        return forms.MultipleChoiceField(label=prop.label, required=False, choices=choices, widget=several)
    if prop.kind is Kind.TEXT:
        area = forms.Textarea(attrs={"rows": 3})
        return Text(label=prop.label, required=False, max_length=_LONG, help_text=hint_of(prop), widget=area)
    if prop.single:
        return Words(label=prop.label, required=False, max_length=_SHORT, help_text=hint_of(prop))
    hint = " ".join(part for part in ("One a line.", hint_of(prop)) if part)
    area = forms.Textarea(attrs={"rows": 2, "class": "lines-of-values"})
    return Text(label=prop.label, required=False, max_length=_LONG, help_text=hint, widget=area)


def _lines(prop: Property, told: object) -> list[str]:
    if isinstance(told, list):
        return [str(code) for code in told]
    text = str(told or "").strip()
    lines = [text] if prop.kind is Kind.TEXT or prop.single else text.splitlines()
    return [line.strip() for line in lines if line.strip()]


class FindForm(forms.Form):
    """Which record to tie: its number, or what finds it."""

    q = Words(
        label="Number of the other record, or what finds it",
        required=False,
        max_length=_SHORT,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false"}),
    )


class TieForm(forms.Form):
    """How two records are tied, and who says so."""

    way = forms.ChoiceField(label="How they are tied", widget=forms.RadioSelect)
    detail = Words(
        label="In which way, or since when", required=False, max_length=120, help_text="Such as: the driver, or 2017."
    )
    source = _teller()
    reliability = _sure()

    def __init__(self, ways: Mapping[str, str], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        """Offer the links that may tie the two, each as the sentence that it makes."""
        super().__init__(*args, **kwargs)
        field = self.fields["way"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = list(ways.items())


def ways_between(links: Iterable[LinkType], one: tuple[str, str], other: tuple[str, str]) -> dict[str, str]:
    """Return the sentences by which two records, each (type, title), may be tied, by ``link>`` or ``link<``.

    ``>`` leads from the first to the other, ``<`` the other way round.
    """
    ways: dict[str, str] = {}
    for link in links:
        for mark, (start, end) in ((">", (one, other)), ("<", (other, one))):
            if not link.same and start[0] in link.start and end[0] in link.end:
                sentence = f"{start[1]} {link.label} {end[1]}"
                ways[link.name + mark] = sentence
        if link.label == link.back and link.name + ">" in ways:
            ways.pop(link.name + "<", None)  # it says the same
    return ways


class MarkForm(DrawnForm, ReasonForm):
    """How widely a record may be read, and why so."""

    sensitivity = forms.ChoiceField(
        label="Who may read it",
        widget=forms.RadioSelect,
        choices=[
            (Sensitivity.OPEN.value, "Open: everyone who works with records"),
            (Sensitivity.RESTRICTED.value, "Restricted: those of them whose area it is"),
            (Sensitivity.SEALED.value, "Sealed: only those ticked below"),
        ],
    )
    area = Words(label="Area", required=False, max_length=_SHORT, help_text="As it stands in the accounts' areas.")
    keeper = Words(
        label="Whom to ask",
        required=False,
        max_length=_SHORT,
        help_text="To everybody else the record is one sentence: a record exists, ask this person.",
    )
    cleared = forms.TypedMultipleChoiceField(
        label="Who may read it while it is sealed", required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    field_order = ("sensitivity", "area", "keeper", "cleared", "reason")

    def __init__(self, readers: Iterable[tuple[int, str]], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        """Offer the accounts that work with records."""
        super().__init__(*args, **kwargs)
        field = self.fields["cleared"]
        assert isinstance(field, forms.TypedMultipleChoiceField)  # noqa: S101 - declared above
        field.choices = list(readers)

    def clean(self) -> dict[str, Any]:
        """Refuse a marking under which nobody could read the record, or nobody could be asked."""
        told: dict[str, Any] = super().clean() or self.cleaned_data
        how = told.get("sensitivity")
        if (
            how in (Sensitivity.RESTRICTED, Sensitivity.SEALED)
            and not told.get("keeper")
            and "keeper" not in self.errors
        ):
            self.add_error("keeper", "Name whom to ask: that is all that others are told.")
        if how == Sensitivity.RESTRICTED and not told.get("area") and "area" not in self.errors:
            self.add_error("area", "Name the area whose people may read it.")
        if how == Sensitivity.SEALED and not told.get("cleared") and "cleared" not in self.errors:
            self.add_error("cleared", "Tick one at least: nobody could ever open it again.")
        return told

    def marking(self) -> Marking:
        """Return the marking of a form that is right."""
        told = self.cleaned_data
        how = Sensitivity(told["sensitivity"])
        cleared = frozenset(told["cleared"]) if how is Sensitivity.SEALED else frozenset[int]()
        return Marking(how, told["area"], told["keeper"], cleared)


class ResetForm(forms.Form):
    """What starts a record's clock anew, and on which day it happened."""

    why = forms.ChoiceField(label="What happened")
    on = Day(label="On")

    def __init__(self, policy: Policy, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        """Offer what the policy lets start a clear period."""
        super().__init__(*args, **{"prefix": "reset", **kwargs})
        field = self.fields["why"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [(why, why) for why in policy.resets]


class KeepForm(ReasonForm):
    """Why a record is kept after its review."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        """Name its fields apart from those of the page's other forms."""
        super().__init__(*args, **{"prefix": "keep", **kwargs})


class MoveForm(ReasonForm):
    """Another review group for a record, and why."""

    group = forms.ChoiceField(label="Group")
    field_order = ("group", "reason")

    def __init__(self, policy: Policy, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        """Offer the policy's groups."""
        super().__init__(*args, **{"prefix": "move", **kwargs})
        field = self.fields["group"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [(g.name, f"{g.label}: {g.years} years") for g in policy.groups]
