"""What may be looked for in the log."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from django import forms
from django.http import QueryDict

from peelian.records.access import Act
from peelian.site.fields import Day, Words
from peelian.store.accounts import Account
from peelian.store.audit import Search


class SearchForm(forms.Form):
    """Person, act, record and day; each may be left open."""

    person = forms.TypedChoiceField(label="Person", required=False, coerce=int, empty_value=None)
    act = forms.ChoiceField(label="Act", required=False, choices=[("", "any"), *((a.value, a.value) for a in Act)])
    record = Words(label="Record", required=False, max_length=200)
    day = Day(label="Day (UTC)", required=False)

    def __init__(self, known: Iterable[Account], asked: QueryDict) -> None:
        """Offer every account that there ever was: closed ones stay."""
        super().__init__(asked)
        person = self.fields["person"]
        assert isinstance(person, forms.TypedChoiceField)  # noqa: S101 - declared above
        named = sorted(((str(a.pk), f"{a.name} ({a.username})") for a in known), key=lambda pair: pair[1].casefold())
        person.choices = [("", "anybody"), *named]

    def search(self) -> Search:
        """Return what is looked for; only of a form that holds."""
        told = self.cleaned_data
        since = datetime.combine(told["day"], time(), UTC) if told["day"] else None
        return Search(
            actor=told["person"],
            act=told["act"],
            record=told["record"],
            since=since,
            until=None if since is None else since + timedelta(days=1),
        )
