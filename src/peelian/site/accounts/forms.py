"""Forms of signing in, of passwords and of accounts."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError

from peelian.records.access import Role
from peelian.site import limits
from peelian.site.fields import DrawnForm, Words
from peelian.store.accounts import Account

#: Areas to choose from: a level in words, and its areas by id and name.
Areas = Sequence[tuple[str, list[tuple[str, str]]]]


#: The one that may least comes first: it is what a hurried hand chooses.
_ROLES = (Role.OFFICER, Role.SERGEANT, Role.ANALYST, Role.EVALUATOR, Role.OVERSEER, Role.ADMINISTRATOR)


class SignInForm(forms.Form):
    """Name and password."""

    username = Words(label="Name", max_length=150, widget=forms.TextInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(
        label="Password",
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class CodeForm(forms.Form):
    """A code from the phone, or a recovery code."""

    code = Words(
        label="Code",
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false", "class": "code"}
        ),
    )


class OfAccountForm(forms.Form):
    """A form about one account's password."""

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        """Keep whose password it is."""
        super().__init__(*args, **kwargs)
        self._account = account


class PresentPasswordForm(OfAccountForm):
    """The account's present password: whoever found the session open does not know it."""

    present = forms.CharField(
        label="Present password",
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def clean_present(self) -> str:
        """Refuse who does not know the present password."""
        limits.PRESENT.take(str(self._account.pk))
        present: str = self.cleaned_data["present"]
        if not self._account.check_password(present):
            raise ValidationError("This is not your present password.")
        return present


class NewPasswordForm(OfAccountForm):
    """A new password, twice, held to the rules."""

    new = forms.CharField(
        label="New password",
        max_length=1000,
        strip=False,
        help_text=" ".join(password_validators_help_texts()),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="New password, once more",
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_new(self) -> str:
        """Hold the new one to the rules."""
        new: str = self.cleaned_data["new"]
        validate_password(new, self._account)
        return new

    def clean(self) -> dict[str, Any]:
        """Ask that both are the same."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "new" in cleaned and cleaned.get("again") != cleaned["new"]:
            self.add_error("again", "The two are not the same.")
        return cleaned


class PasswordForm(NewPasswordForm, PresentPasswordForm):
    """One's own new password, beside the present one."""

    field_order = ("present", "new", "again")


class ForgottenForm(forms.Form):
    """Whose password is forgotten."""

    username = Words(label="Name", max_length=150, widget=forms.TextInput(attrs={"autocomplete": "username"}))


class AccountForm(DrawnForm):
    """What an administrator says of an account: who it is, as what, and where."""

    name = Words(label="Person's name", max_length=200)
    email = forms.EmailField(label="E-mail address", max_length=254, required=False)
    role = forms.ChoiceField(label="Role", choices=[(r.value, r.value) for r in _ROLES])
    areas = forms.MultipleChoiceField(
        label="Areas",
        required=False,
        help_text="Choose none for all areas.",
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, known: Areas, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        """Offer the areas that the home knows, by level."""
        super().__init__(*args, **kwargs)
        areas = self.fields["areas"]
        assert isinstance(areas, forms.MultipleChoiceField)  # noqa: S101 - declared above
        areas.choices = known


class NewAccountForm(AccountForm):
    """An account to open."""

    username = Words(
        label="Name to sign in with",
        max_length=150,
        help_text="Letters, digits and . _ @ + -; it is not given again.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    way = forms.ChoiceField(label="First sign-in", widget=forms.RadioSelect)

    field_order = ("username", "name", "email", "role", "areas", "way")

    def __init__(self, known: Areas, ways: Sequence[tuple[str, str]], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        """Offer the ways in that the site has."""
        super().__init__(known, *args, **kwargs)
        way = self.fields["way"]
        assert isinstance(way, forms.ChoiceField)  # noqa: S101 - declared above
        way.choices = ways
        way.initial = ways[0][0]

    def clean(self) -> dict[str, Any]:
        """A link needs an address to go to."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("way") == "link" and not cleaned.get("email") and "email" not in self.errors:
            self.add_error("email", "A link needs an address to be sent to.")
        return cleaned
