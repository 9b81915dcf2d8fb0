"""Forms of tokens and of notices."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from peelian.records.access import Role
from peelian.records.scopes import Scope, scopes_of, words_of
from peelian.site.fields import Text, Words
from peelian.store.accounts import Account
from peelian.store.notices import Occasion
from peelian.store.tokens import DAYS, MOST_DAYS


class TokenForm(forms.Form):
    """A new token of one's own: what for, which readings, which areas, how long."""

    name = Words(
        label="What it is for", max_length=100, help_text="Such as “QGIS at the desk”: you will know it by this."
    )
    scopes = forms.MultipleChoiceField(label="What it may read", widget=forms.CheckboxSelectMultiple)
    areas = Text(
        label="Areas",
        required=False,
        max_length=4000,
        help_text="Ids of areas, one a line. Left empty, it sees what you see, now and later.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    days = forms.IntegerField(
        label="Days it lives", min_value=1, max_value=MOST_DAYS, initial=DAYS, help_text=f"{MOST_DAYS} at most."
    )

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        """Offer the scopes that the account's role may have."""
        super().__init__(*args, **kwargs)
        offered = scopes_of(Role(account.role))
        field = self.fields["scopes"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - as it is declared above
        field.choices = [(s.value, f"{s.value}: {words_of(s)}") for s in Scope if s in offered]
        field.initial = [s.value for s in (Scope.NIGHTS, Scope.BOXES)]

    def clean_areas(self) -> list[str]:
        """Return the ids, one a line."""
        return [line.strip() for line in self.cleaned_data["areas"].splitlines() if line.strip()]

    def clean_scopes(self) -> list[Scope]:
        """Return the scopes; one at least."""
        wanted = [Scope(s) for s in self.cleaned_data["scopes"]]
        if not wanted:
            raise ValidationError("Choose one at least.")
        return wanted


class NoticeForm(forms.Form):
    """Who is told, where, of what, of which forces."""

    name = Words(label="Who is told", max_length=100)
    address = Words(label="Address", max_length=2000, help_text="https://host/path of a program, or an e-mail address.")
    occasions = forms.MultipleChoiceField(
        label="Of what",
        choices=[
            (Occasion.PUBLISHED.value, "a night is published"),
            (Occasion.LATE.value, "a night is not published when it should be"),
        ],
        initial=[Occasion.PUBLISHED.value, Occasion.LATE.value],
        widget=forms.CheckboxSelectMultiple,
    )
    forces = Words(
        label="Forces", required=False, max_length=2000, help_text="Ids, with commas between. Left empty, all."
    )

    def clean_occasions(self) -> list[Occasion]:
        """Return the occasions."""
        return [Occasion(o) for o in self.cleaned_data["occasions"]]

    def clean_forces(self) -> list[str]:
        """Return the ids."""
        return [part.strip() for part in self.cleaned_data["forces"].split(",") if part.strip()]
