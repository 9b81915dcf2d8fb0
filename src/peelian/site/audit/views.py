"""The log for overseers and administrators: read, search, check, take away. Nothing here can change a line."""

import csv
import io
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_POST, require_safe

from peelian.errors import NotFoundError
from peelian.records.access import Act, Role
from peelian.site import limits
from peelian.site.audit.forms import SearchForm
from peelian.site.once import may_repeat
from peelian.site.pages import page
from peelian.site.rules import actor_of, allow
from peelian.store import audit
from peelian.store.accounts import accounts
from peelian.store.audit import Line, Search

#: Lines on a page.
MOST = 50
_PLACE = "audit"
_COLUMNS = ("number", "at", "actor", "actor_name", "role", "act", "what", "record", "purpose", "details", "seal")


@allow(Role.OVERSEER, Role.ADMINISTRATOR)
@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """Return the log, the newest lines first, or those that were looked for."""
    form = SearchForm(accounts(), request.GET)
    wanted = form.search() if form.is_valid() else Search()
    before = request.GET.get("before", "")
    number = int(before) if before.isdecimal() and len(before) < 19 else None  # noqa: PLR2004 - what a number can be
    if number is None and (wanted.actor is not None or wanted.record):
        # Looking one person or record up is an act of its own; leafing through the newest lines is not.
        audit.tell(actor_of(request), Act.CONSULTED, "looked the audit log up", details=_query(form))
    found = audit.search(wanted, most=MOST + 1, before=number)
    asked = _query(form)
    return page(
        request,
        "audit.html.j2",
        status=400 if form.errors else 200,
        place=_PLACE,
        form=form,
        lines=found[:MOST],
        older=urlencode({**asked, "before": found[MOST - 1].number}) if len(found) > MOST else "",
        newest=urlencode(asked),
        is_older=number is not None,
        asked=asked,
        head=audit.head(),
    )


@allow(Role.OVERSEER, Role.ADMINISTRATOR)
@may_repeat
@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Check the whole chain and return the verdict in a sentence."""
    limits.VERIFY.take(str(actor_of(request).id))
    began = time.monotonic()
    verdict = audit.verify()
    seconds = time.monotonic() - began
    words = f"checked the audit log: {verdict.fault or f'{verdict.lines} lines whole'}"
    audit.tell(actor_of(request), Act.CONSULTED, words)
    return page(request, "audit_verdict.html.j2", place=_PLACE, verdict=verdict, seconds=seconds)


@allow(Role.OVERSEER, Role.ADMINISTRATOR)
@may_repeat
@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """Hand out the log, or what was looked for, as CSV or JSON lines; who took it is in the log from then on."""
    form = SearchForm(accounts(), request.POST)
    makers = {"csv": (_as_csv, "text/csv"), "jsonl": (_as_json_lines, "application/x-ndjson")}
    kind = request.POST.get("as", "")
    if kind not in makers or not form.is_valid():
        raise NotFoundError("the log is handed out as csv or as jsonl.")
    maker, media_type = makers[kind]
    audit.tell(actor_of(request), Act.DISCLOSED, f"took the audit log away as {kind}", details=_query(form))
    response = StreamingHttpResponse(maker(audit.lines(form.search())), content_type=f"{media_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="peelian-audit.{kind}"'
    return response


def _query(form: SearchForm) -> dict[str, str]:
    """Return what was asked, as it stands in an address; only what holds."""
    told = form.cleaned_data if form.is_valid() else {}
    return {name: str(value) for name, value in told.items() if value not in (None, "")}


def _as_json_lines(lines: Iterable[Line]) -> Iterator[str]:
    for line in lines:
        yield json.dumps({**asdict(line), "at": line.at.isoformat()}, ensure_ascii=False) + "\n"


def _as_csv(lines: Iterable[Line]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for line in lines:
        told = {**asdict(line), "at": line.at.isoformat(), "details": json.dumps(line.details, ensure_ascii=False)}
        writer.writerow([_cell(told[name]) for name in _COLUMNS])
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    yield text.getvalue()


def _cell(value: object) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
