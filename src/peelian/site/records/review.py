"""Review: records whose clock has run out, each with its reason; kept for a reason, or disposed of for good."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from peelian.errors import RecordError
from peelian.records.marking import KEEPERS
from peelian.site.clock import now
from peelian.site.configuration import site_settings
from peelian.site.records.forms import ReasonForm, problem
from peelian.site.records.frame import Reader, by, catalogue, records_page, rules, with_purpose
from peelian.site.rules import allow
from peelian.store.records import retention
from peelian.store.records.writing import kept

_SIZE = 50


@allow(KEEPERS)
@require_http_methods(["GET", "HEAD", "POST"])
@with_purpose
def review(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Return what is due, the longest due first; keep or dispose of what was chosen."""
    form = ReasonForm(request.POST or None)
    chosen = [int(pk) for pk in request.POST.getlist("record") if pk.isascii() and pk.isdecimal() and len(pk) < 19]  # noqa: PLR2004 - what a number can be
    told = ""
    if request.method == "POST" and form.is_valid():
        try:
            told = _decide(reader, chosen, request.POST.get("decision", ""), form.cleaned_data["reason"])
        except RecordError as error:
            problem(form, error)
        else:
            request.session["records_told"] = told
            return HttpResponseRedirect(reverse("records-review"))
    after = request.GET.get("after", "")
    skipped = int(after) if after.isascii() and after.isdecimal() and len(after) < 9 else 0  # noqa: PLR2004 - no queue is longer
    today = now().date()
    return records_page(
        request,
        reader,
        "review.html.j2",
        "records-review",
        status=400 if form.errors else 200,
        due=retention.due(today, reader.actor, after=skipped, size=_SIZE),
        n_due=retention.count_due(today),
        types=catalogue().types,
        form=form,
        chosen=chosen,
        told=request.session.pop("records_told", ""),
        skipped=skipped,
        size=_SIZE,
    )


def _decide(reader: Reader, chosen: list[int], decision: str, reason: str) -> str:
    """Keep or dispose of records, and return what was done in a sentence."""
    if not chosen:
        raise RecordError("choose a record first.")
    if decision == "keep":
        with kept():  # all or none
            for record in chosen:
                retention.keep(rules().policy, record, reason, by(reader))
        return f"Kept: {len(chosen)}. Their clocks start anew today."
    if decision != "dispose":
        raise RecordError("say whether they are kept or disposed of: use one of the two buttons.")
    agreed = rules()
    done = retention.dispose(agreed.catalogue, agreed.policy, chosen, reason, site_settings().home, by(reader))
    return (
        f"Disposed of for good: {done.records} records, {done.statements} statements, {done.links} links, "
        f"{done.files} files."
    )
