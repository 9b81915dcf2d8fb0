"""Pages about the interface: what it is, one's own tokens, and who is told when a night is published or late."""

from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from peelian.errors import StoreError
from peelian.records.access import Role
from peelian.records.scopes import Scope, words_of
from peelian.site.api.forms import NoticeForm, TokenForm
from peelian.site.api.operations import api
from peelian.site.clock import now
from peelian.site.configuration import site_settings
from peelian.site.pages import page
from peelian.site.reach import held_areas
from peelian.site.rules import EVERYONE, SIGNED_IN, actor_of, allow
from peelian.store import notices as notice_store
from peelian.store import tokens as token_store
from peelian.store.accounts import Account


@allow(EVERYONE)
def interface(request: HttpRequest) -> HttpResponse:
    """Return the interface's document as a page that can be read: made by us, no script, no other host."""
    return page(request, "api/interface.html.j2", **_interface(), kind_of=_kind, answer_of=_answer)


@lru_cache(maxsize=1)
def _interface() -> dict[str, Any]:
    """Return what the page says of the interface; it changes with the program only."""
    schema = api.get_openapi_schema()
    operations = [
        {"address": address, "name": told["operationId"].rpartition("_")[2], **told}
        for address, methods in schema["paths"].items()
        for told in methods.values()
    ]
    shapes = {name: _rows(told) for name, told in sorted(schema["components"]["schemas"].items())}
    return {
        "operations": operations,
        "shapes": {name: rows for name, rows in shapes.items() if rows},
        "scopes": [(s.value, words_of(s)) for s in Scope],
        "about": schema["info"]["description"],
    }


@allow(SIGNED_IN)
@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """Return one's own tokens and the form for a new one; a new one is shown here, once."""
    account = request.user
    assert isinstance(account, Account)  # noqa: S101 - the rule lets in nobody else
    form, made = TokenForm(account, request.POST or None), None
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            made = token_store.make(
                account.actor(),
                account,
                asked["name"],
                asked["scopes"],
                asked["areas"],
                at=now(),
                days=asked["days"],
                held=held_areas(),
            )
        except StoreError as error:
            form.add_error(None, str(error))
        else:
            form = TokenForm(account)
    at = now()
    return page(
        request,
        "api/tokens.html.j2",
        status=400 if form.errors else 200,
        form=form,
        made=made,
        tokens=[(t, t.is_open(at)) for t in token_store.tokens(account)],
        site=f"{request.scheme}://{request.get_host()}",
    )


@allow(SIGNED_IN)
@require_POST
def revoke(request: HttpRequest, token: int) -> HttpResponse:
    """End one of one's own tokens at once."""
    account = request.user
    assert isinstance(account, Account)  # noqa: S101 - the rule lets in nobody else
    token_store.revoke(account.actor(), token, at=now(), owner=account)
    return HttpResponseRedirect(reverse("tokens"))


@allow(Role.ADMINISTRATOR)
@never_cache
@require_http_methods(["GET", "POST"])
def notices(request: HttpRequest) -> HttpResponse:
    """Return who is told when a night is published or late, and what became of it; a new secret is shown here, once."""
    form, made = NoticeForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            made = notice_store.subscribe(
                actor_of(request), asked["name"], asked["address"], asked["occasions"], asked["forces"], at=now()
            )
        except StoreError as error:
            form.add_error("address", str(error))
        else:
            form = NoticeForm()
    return page(
        request,
        "api/notices.html.j2",
        status=400 if form.errors else 200,
        form=form,
        made=made,
        subscriptions=notice_store.subscriptions(),
        notices=notice_store.newest(),
        has_mail=bool(site_settings().mail.host),
    )


@allow(Role.ADMINISTRATOR)
@require_POST
def end_notices(request: HttpRequest, subscription: int) -> HttpResponse:
    """End a subscription."""
    notice_store.end(actor_of(request), subscription, at=now())
    return HttpResponseRedirect(reverse("notices"))


def _rows(shape: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return a shape's parts: name, kind, what is said of it."""
    return [(name, _kind(told), told.get("description", "")) for name, told in shape.get("properties", {}).items()]


def _answer(operation: dict[str, Any]) -> tuple[str, str]:
    """Return the shape and the media type of what an operation answers."""
    kind, content = next(iter(operation["responses"][200]["content"].items()))
    return _kind(content["schema"]), kind


def _kind(told: dict[str, Any]) -> str:
    """Return what a value is, in a few words."""
    if "$ref" in told:
        return str(told["$ref"]).rpartition("/")[2]
    if "anyOf" in told:
        return " or ".join(_kind(one) for one in told["anyOf"])
    if "const" in told:
        return f"“{told['const']}”"
    if "enum" in told:
        return ", ".join(map(str, told["enum"]))
    if told.get("type") == "array":
        return f"list of {_kind(told.get('items', {}))}"
    named = {"date": "a day", "date-time": "an instant with its offset"}
    plain = {"string": "text", "integer": "whole number", "boolean": "true or false"} | {
        n: n for n in ("number", "null")
    }
    return named.get(told.get("format", "")) or plain.get(told.get("type", ""), "an object")
