"""Who asks the interface: somebody who signed in, or a program with a token; and what they may ask for.

An operation says its scope where it is made (``opened_by``); one that says none is refused to everybody.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer

from peelian.errors import NotAllowedError
from peelian.records.access import Actor, Role
from peelian.records.scopes import Scope, scopes_of
from peelian.site.clock import now
from peelian.site.limits import TOKEN
from peelian.site.reach import held_areas
from peelian.site.rules import actor_of
from peelian.store import tokens
from peelian.store.accounts import Account


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks, and the scopes they hold. ``token`` is the token's number, or None for who signed in."""

    actor: Actor
    scopes: frozenset[Scope]
    token: int | None = None

    def may_see(self, area_id: str, force: str) -> bool:
        """Tell whether an area is the caller's: itself, or the force that holds it."""
        return self.actor.may_see(area_id, force)

    def count(self) -> None:
        """Count a program's asking, over all processes; who signed in is not counted.

        Raises
        ------
        TooOftenError
            When it is one too many.
        """
        if self.token is not None:
            TOKEN.take(str(self.token))

    def need(self, scope: Scope) -> None:
        """Refuse a caller who does not hold the scope.

        Raises
        ------
        NotAllowedError
            With the scope that is wanted.
        """
        if scope not in self.scopes:
            raise NotAllowedError(f"this needs the scope {scope.value!r}: {_held(self.scopes)}.")


def signed_in(request: HttpRequest) -> Caller | None:
    """Return who signed in, or None.

    Raises
    ------
    NotAllowedError
        When the account must first choose its own password.
    """
    actor, user = actor_of(request), request.user
    if actor.role is Role.PUBLIC or not isinstance(user, Account):
        return None
    if user.must_change_password:
        raise NotAllowedError("choose your own password first, at /password/.")
    return Caller(actor, scopes_of(actor.role))


def with_token(text: str) -> Caller | None:
    """Return who comes with this token, or None where it opens nothing."""
    found = tokens.bearer(text, now(), held_areas())
    return None if found is None else Caller(found.actor, found.scopes, found.token)


def basic_password(request: HttpRequest) -> str | None:
    """Return the password of a basic Authorization header: there desktop map programs put a token."""
    kind, _, packed = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        return base64.b64decode(packed, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


class Token(HttpBearer):
    """A token in the Authorization header."""

    def __init__(self, scope: Scope | None) -> None:
        """Keep the scope that is wanted."""
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        """Return the caller where the token is good and holds the scope."""
        del request
        return _held_to(self.scope, with_token(token))


class Session(APIKeyCookie):
    """The cookie of who signed in to the site."""

    def __init__(self, scope: Scope | None) -> None:
        """Keep the scope that is wanted."""
        self.param_name = settings.SESSION_COOKIE_NAME
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        """Return the caller where the session is open and its role holds the scope."""
        del key  # Django has read it
        return _held_to(self.scope, signed_in(request))


def opened_by(scope: Scope) -> list[Callable[[HttpRequest], Any]]:
    """Return the two ways into an operation that wants this scope."""
    return [Token(scope), Session(scope)]


#: What an operation has that says nothing: nobody gets in, since no caller holds None.
CLOSED = [Token(None), Session(None)]


def caller_of(request: HttpRequest) -> Caller:
    """Return the caller that authentication has put on the request."""
    caller = getattr(request, "auth", None)
    if not isinstance(caller, Caller):
        raise NotAllowedError("this operation has no rule.")
    return caller


def _held_to(scope: Scope | None, caller: Caller | None) -> Caller | None:
    if caller is None:
        return None
    if scope is None:
        raise NotAllowedError("this operation has no rule.")
    caller.need(scope)
    caller.count()
    return caller


def _held(scopes: frozenset[Scope]) -> str:
    return "you hold " + (", ".join(sorted(s.value for s in scopes)) or "none")
