"""Forms of signing in and of passwords."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError

from peelian.site.fields import Words
from peelian.store.accounts import Account


class SignInForm(forms.Form):
    """Name and password."""

    username = Words(label="Name", max_length=150, widget=forms.TextInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(
        label="Password",
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class PasswordForm(forms.Form):
    """One's own new password, beside the present one."""

    present = forms.CharField(
        label="Present password",
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
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

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        """Keep whose password it is."""
        super().__init__(*args, **kwargs)
        self._account = account

    def clean_present(self) -> str:
        """Refuse who does not know the present password."""
        present: str = self.cleaned_data["present"]
        if not self._account.check_password(present):
            raise ValidationError("This is not your present password.")
        return present

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
