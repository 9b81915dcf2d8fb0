"""A new record: its type first, then a form made from what the catalogue says of that type."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from peelian.errors import NotFoundError, RecordError
from peelian.records.catalogue import Family
from peelian.records.marking import READERS
from peelian.site.records.entry_forms import NewRecordForm
from peelian.site.records.forms import problem
from peelian.site.records.frame import Reader, by, catalogue, records_page, rules, with_purpose
from peelian.site.rules import allow
from peelian.store.records import writing


@allow(READERS)
@require_safe
@with_purpose
def choose_type(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Return the types of record, family by family."""
    types = sorted(catalogue().types.values(), key=lambda t: t.label)
    families = {family.value: [t for t in types if t.family is family] for family in Family}
    return records_page(request, reader, "new.html.j2", "records-new", families=families)


@allow(READERS)
@require_http_methods(["GET", "HEAD", "POST"])
@with_purpose
def open_record(request: HttpRequest, reader: Reader, record_type: str) -> HttpResponse:
    """Open a record of one type."""
    known = rules()
    found = known.catalogue.types.get(record_type)
    if found is None:
        raise NotFoundError(f"there is no type of record {record_type[:63]!r}.")
    form = NewRecordForm(found, request.POST or None)
    if request.method == "POST" and form.is_valid():
        says = form.cleaned_data["source"]
        try:
            number = writing.open_record(known.catalogue, known.policy, form.draft(), by(reader), says=says)
        except RecordError as error:
            problem(form, error)
        else:
            return HttpResponseRedirect(reverse("record", kwargs={"number": number}))
    status = 400 if form.errors else 200
    return records_page(request, reader, "open.html.j2", "records-new", status=status, form=form, type=found)
