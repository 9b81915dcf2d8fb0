"""Changes of a record: a statement more, a correction, a withdrawal, a dispute, a file. Nothing is overwritten."""

from collections.abc import Iterable
from urllib.parse import quote

from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from peelian.errors import NotFoundError, RecordError, SourceError
from peelian.jobs.attaching import attach as attach_file
from peelian.records.catalogue import Property
from peelian.records.marking import READERS, Notice
from peelian.records.statements import Reliability, Statement
from peelian.site.configuration import site_settings
from peelian.site.records.forms import AttachForm, DisputeForm, ReasonForm, StatementForm, problem, start_of
from peelian.site.records.frame import Reader, by, catalogue, records_page, with_purpose
from peelian.site.records.record import closed, statement_of
from peelian.site.rules import allow
from peelian.store.records import attachments, reading, writing
from peelian.store.records.reading import View
from peelian.store.records.writing import Told


@allow(READERS)
@require_http_methods(["GET", "HEAD", "POST"])
@with_purpose
def state(request: HttpRequest, reader: Reader, number: int) -> HttpResponse:
    """Add a statement to a record, or correct one (``?corrects=``)."""
    view = reading.show(catalogue(), number, reader.actor, reader.purpose)
    if isinstance(view, Notice):
        return closed(request, reader, view)
    corrected = _named(view, request.GET.get("corrects", ""))
    offered: Iterable[Property] = view.entity.type.properties.values()
    initial = {}
    if corrected is not None:
        offered = (view.entity.type.property(corrected.property),)
        initial = {"property": corrected.property, "value": corrected.value}
    form = StatementForm(offered, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        said_on = start_of(told["stated_on"]) if told["stated_on"] else None
        try:
            writing.state(
                catalogue(),
                corrected.record if corrected else number,
                told["property"],
                None if told["is_unknown"] else told["value"],
                Told(told["source"], said_on, Reliability(told["reliability"])),
                by(reader),
                corrects=corrected.id if corrected else None,
            )
        except RecordError as error:
            problem(form, error, "value")
        else:
            return _back(number)
    return _changing(request, reader, "state.html.j2", form, number=number, view=view, about=corrected)


@allow(READERS)
@require_http_methods(["GET", "HEAD", "POST"])
@with_purpose
def withdraw(request: HttpRequest, reader: Reader, number: int, statement: int) -> HttpResponse:
    """Withdraw a statement (or a withdrawal, or a dispute), for a reason."""
    view = reading.show(catalogue(), number, reader.actor, reader.purpose)
    if isinstance(view, Notice):
        return closed(request, reader, view)
    about = _named(view, str(statement))
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        writing.withdraw(catalogue(), statement, form.cleaned_data["reason"], by(reader))
        return _back(number)
    return _changing(request, reader, "withdraw.html.j2", form, number=number, view=view, about=about)


@allow(READERS)
@require_http_methods(["GET", "HEAD", "POST"])
@with_purpose
def dispute(request: HttpRequest, reader: Reader, number: int) -> HttpResponse:
    """Enter what the person says against a record, or against one statement (``?about=``)."""
    view = reading.show(catalogue(), number, reader.actor, reader.purpose)
    if isinstance(view, Notice):
        return closed(request, reader, view)
    about = _named(view, request.GET.get("about", ""))
    form = DisputeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        record = about.record if about else number
        writing.dispute(record, told["says"], Told(told["source"]), by(reader), about=about.id if about else None)
        return _back(number)
    return _changing(request, reader, "dispute.html.j2", form, number=number, view=view, about=about)


@allow(READERS)
@require_POST
@with_purpose
def attach(request: HttpRequest, reader: Reader, number: int) -> HttpResponse:
    """Attach a file to a record, once it has passed every check."""
    form = AttachForm(request.POST, request.FILES)
    if form.is_valid():
        file: UploadedFile = form.cleaned_data["file"]
        try:
            settings = site_settings()
            attach_file(settings.home, number, str(file.name), file.file, by(reader), settings.records)
        except (RecordError, SourceError) as error:
            form.add_error("file", str(error)[:1].upper() + str(error)[1:])
        else:
            return _back(number, "files")
    view = reading.show(catalogue(), number, reader.actor, reader.purpose)
    if isinstance(view, Notice):
        return closed(request, reader, view)
    return _changing(request, reader, "attach.html.j2", form, number=number, view=view, about=None)


@allow(READERS)
@require_safe
@with_purpose
def download(request: HttpRequest, reader: Reader, number: int) -> HttpResponseBase:
    """Return an attachment's bytes, always to be saved and never to be shown as a page; the log names who had them."""
    del request
    found, stream = attachments.open_attachment(site_settings().home, number, reader.actor, reader.purpose)
    answer = FileResponse(stream, content_type=found.content_type)
    answer["Content-Length"] = str(found.size)
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.name, safe='')}"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _named(view: View, text: str) -> Statement | None:
    """Return the statement that an address names, None where it names none.

    Raises
    ------
    NotFoundError
        When the record has no such statement.
    """
    if not text:
        return None
    found = statement_of(view, int(text)) if text.isascii() and text.isdecimal() and len(text) < 19 else None  # noqa: PLR2004 - what a number can be
    if found is None:
        raise NotFoundError("the record has no such statement.")
    return found


def _changing(
    request: HttpRequest,
    reader: Reader,
    template: str,
    form: object,
    **parts: object,
) -> HttpResponse:
    wrong = bool(getattr(form, "errors", None))
    return records_page(request, reader, template, "records", status=400 if wrong else 200, form=form, **parts)


def _back(number: int, place: str = "said") -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('record', kwargs={'number': number})}#{place}")
