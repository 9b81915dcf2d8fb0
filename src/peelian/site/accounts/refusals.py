"""The two pages on which a sign-in by the organisation ends badly."""

import logging

from django.http import HttpRequest, HttpResponse

from peelian.records.access import NOBODY, Act
from peelian.site.addresses import client_address
from peelian.site.configuration import site_settings
from peelian.site.pages import page
from peelian.store import audit

log = logging.getLogger(__name__)


def refused(request: HttpRequest) -> HttpResponse:
    """Return the page for an answer that does not hold."""
    audit.tell(NOBODY, Act.REFUSED, f"a sign-in by the organisation failed from {client_address(request)}")
    label = site_settings().site.oidc.label
    return page(
        request,
        "error.html.j2",
        status=403,
        heading="That did not sign you in.",
        sentence=f"The answer of {label} was refused, was too old, or was not meant for this page. Try once more.",
    )


def unreachable(request: HttpRequest, error: Exception) -> HttpResponse:
    """Return the page for a provider that does not answer, or answers what none should."""
    log.error("oidc: %s: %s", type(error).__name__, error)
    label = site_settings().site.oidc.label
    return page(
        request,
        "error.html.j2",
        status=503,
        heading=f"The sign-in of {label} does not answer.",
        sentence="Try again in a few minutes, or sign in with name and password.",
    )
