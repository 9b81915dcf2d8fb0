"""How a record is kept: who may read it, and when it comes up for review. Each change for a reason."""

from collections.abc import Iterable
from datetime import date

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from peelian.errors import NotAllowedError, RecordError
from peelian.records.access import Role
from peelian.records.marking import KEEPERS, READERS, Marking, Notice
from peelian.site.clock import now
from peelian.site.records.entry_forms import KeepForm, MarkForm, MoveForm, ResetForm
from peelian.site.records.forms import problem
from peelian.site.records.frame import Reader, by, catalogue, records_page, rules, with_purpose
from peelian.site.records.record import closed
from peelian.site.rules import allow
from peelian.store.accounts import accounts
from peelian.store.records import reading, retention, writing


@allow(KEEPERS)
@require_http_methods(["GET", "HEAD", "POST"])
@with_purpose
def mark(request: HttpRequest, reader: Reader, number: int) -> HttpResponse:
    """Change who may read a record."""
    view = reading.show(catalogue(), number, reader.actor, reader.purpose)
    if isinstance(view, Notice):
        return closed(request, reader, view)
    form = MarkForm(_readers(view.marking), request.POST or None, initial=_told(view.marking))
    form.hold_to(_told(view.marking))
    if request.method == "POST" and form.is_valid():
        try:
            writing.mark(catalogue(), number, form.marking(), form.cleaned_data["reason"], by(reader))
        except RecordError as error:
            problem(form, error)
        else:
            return HttpResponseRedirect(reverse("record", kwargs={"number": number}))
    status = 400 if form.errors else 200
    return records_page(request, reader, "mark.html.j2", "records", status=status, form=form, number=number, view=view)


@allow(READERS)
@require_http_methods(["GET", "HEAD", "POST"])
@with_purpose
def clock(request: HttpRequest, reader: Reader, number: int) -> HttpResponse:
    """Show a record's clock and what moved it; start it anew, keep the record, or move it to another group."""
    view = reading.show(catalogue(), number, reader.actor, reader.purpose)
    if isinstance(view, Notice):
        return closed(request, reader, view)
    policy = rules().policy
    act = request.POST.get("act", "")
    forms_by_act: dict[str, forms.Form] = {
        "reset": ResetForm(policy, request.POST if act == "reset" else None, initial={"on": now().date()}),
        "keep": KeepForm(request.POST if act == "keep" else None),
        "move": MoveForm(policy, request.POST if act == "move" else None),
    }
    if request.method == "POST":
        if act not in forms_by_act:
            raise RecordError("say what is to be done with the clock: use one of the buttons.")
        form = forms_by_act[act]
        if act != "reset" and not reader.is_keeper:
            raise NotAllowedError("to decide on a review is for an analyst or an administrator.")
        if form.is_valid():
            try:
                _decide(reader, number, act, form)
            except RecordError as error:
                problem(form, error, "on" if act == "reset" else None)
            else:
                return HttpResponseRedirect(reverse("record-clock", kwargs={"number": number}))
    return records_page(
        request,
        reader,
        "clock.html.j2",
        "records",
        status=400 if any(form.errors for form in forms_by_act.values()) else 200,
        number=number,
        view=view,
        decisions=retention.decisions(number, reader.actor, reader.purpose),
        groups={group.name: group.label for group in policy.groups},
        reset=forms_by_act["reset"],
        keep=forms_by_act["keep"],
        move=forms_by_act["move"],
    )


def _decide(reader: Reader, number: int, act: str, form: forms.Form) -> None:
    told, policy = form.cleaned_data, rules().policy
    if act == "reset":
        on: date = told["on"]
        retention.reset(policy, number, told["why"], on, by(reader))
    elif act == "keep":
        retention.keep(policy, number, told["reason"], by(reader))
    else:
        retention.move(policy, number, told["group"], told["reason"], by(reader))


def _readers(marking: Marking) -> Iterable[tuple[int, str]]:
    """Return the accounts that may be cleared: those that work with records, and those that are cleared now."""
    for account in accounts():
        may = account.is_active and Role(account.role) in READERS
        if may or account.pk in marking.cleared:
            yield account.pk, f"{account.name} ({account.username}, {account.role}{'' if may else ', closed'})"


def _told(marking: Marking) -> dict[str, object]:
    return {
        "sensitivity": marking.sensitivity.value,
        "area": marking.area,
        "keeper": marking.keeper,
        "cleared": sorted(marking.cleared),
    }
