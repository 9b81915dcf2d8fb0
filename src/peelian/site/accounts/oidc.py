"""Sign-in by the organisation's own OpenID Connect: its two addresses. Off while ``[site.oidc]`` names no issuer."""

import logging

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from peelian.errors import NotFoundError
from peelian.site import limits
from peelian.site.accounts.providers import UnreachableError
from peelian.site.accounts.refusals import refused, unreachable
from peelian.site.addresses import client_address
from peelian.site.configuration import site_settings
from peelian.site.rules import EVERYONE, allow

log = logging.getLogger(__name__)


@allow(EVERYONE)
@never_cache
@require_safe
def begin(request: HttpRequest) -> HttpResponseBase:
    """Send the reader to the organisation's sign-in, with a state, a nonce and a challenge that only we can answer."""
    _need()
    from peelian.site.accounts.oidc_client import Beginning, answered

    limits.SIGN_IN_FROM.take(client_address(request))
    try:
        return answered(Beginning, request)
    except UnreachableError as error:
        return unreachable(request, error)


@allow(EVERYONE)
@never_cache
@require_safe
def callback(request: HttpRequest) -> HttpResponseBase:
    """Take what the organisation's sign-in sends back, and go on into the session where it holds."""
    _need()
    from httpx import HTTPError
    from jwt import PyJWTError
    from requests import RequestException

    from peelian.site.accounts.oidc_client import Callback, answered

    try:
        return answered(Callback, request)
    except (UnreachableError, RequestException, HTTPError) as error:
        return unreachable(request, error)
    except (SuspiciousOperation, PyJWTError, KeyError, TypeError, ValueError) as error:
        # What a stranger sent, or a provider that keeps to no rule: told in the log, not on the page.
        log.warning("oidc: %s: %s", type(error).__name__, error)
        return refused(request)


def _need() -> None:
    if not site_settings().site.oidc.issuer:
        raise NotFoundError("this site has no sign-in but its own.")
