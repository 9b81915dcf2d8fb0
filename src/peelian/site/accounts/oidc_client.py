"""Our side of OpenID Connect: mozilla-django-oidc's code flow with PKCE, state and nonce, and which account it opens.

Imported only where ``[site.oidc]`` is set: the library is an extra.
"""

import re
from collections.abc import Mapping
from typing import Any

import httpx
import jwt
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views import View
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from peelian.errors import NotAllowedError, PeelianError, StoreError
from peelian.records.access import Act, Actor, Role, program
from peelian.settings import OidcTerms
from peelian.site.accounts.entry import enter
from peelian.site.accounts.providers import provider_of
from peelian.site.accounts.refusals import refused
from peelian.site.addresses import client_address
from peelian.site.configuration import site_settings
from peelian.store import accounts, audit
from peelian.store.accounts import Account
from peelian.store.nights import utc_now

Claims = Mapping[str, Any]


def setting(name: str, *default: Any) -> Any:  # noqa: ANN401 - the library asks for all of its settings here
    """Return a setting of the library from ours and from what the provider says of itself."""
    settings = site_settings()
    terms = settings.site.oidc
    fixed: dict[str, Any] = {
        "OIDC_RP_CLIENT_ID": terms.client_id,
        "OIDC_RP_CLIENT_SECRET": settings.oidc_secret,
        "OIDC_RP_SCOPES": terms.scopes,
        "OIDC_USE_PKCE": True,
        "OIDC_USE_NONCE": True,
        "OIDC_TIMEOUT": 10,
        "OIDC_AUTHENTICATION_CALLBACK_URL": "oidc-callback",
    }
    if name in fixed:
        return fixed[name]
    asked = {
        "OIDC_OP_AUTHORIZATION_ENDPOINT": "authorization",
        "OIDC_OP_TOKEN_ENDPOINT": "token",
        "OIDC_OP_USER_ENDPOINT": "userinfo",
        "OIDC_OP_JWKS_ENDPOINT": "keys",
        "OIDC_RP_SIGN_ALGO": "algorithm",
    }
    if name in asked:
        return getattr(provider_of(terms.issuer), asked[name])
    return default[0] if default else None


def answered(view: type[View], request: HttpRequest) -> HttpResponseBase:
    """Return what one of the library's views answers."""
    return view.as_view()(request)


class Beginning(OIDCAuthenticationRequestView):  # type: ignore[misc] # the library has no types
    """The way to the provider."""

    get_settings = staticmethod(setting)


class Callback(OIDCAuthenticationCallbackView):  # type: ignore[misc] # the library has no types
    """The way back."""

    get_settings = staticmethod(setting)

    def login_success(self) -> HttpResponseBase:
        """Go on as after a password: the second factor where it is needed, then the session."""
        onward = self.request.session.pop("oidc_login_next", None) or "/"
        return enter(self.request, self.user, onward=onward, how=site_settings().site.oidc.label)

    def login_failure(self) -> HttpResponseBase:
        """Say so on a page."""
        return refused(self.request)


class Backend(OIDCAuthenticationBackend):  # type: ignore[misc] # the library has no types
    """Holds an ID token to its issuer, its audience and its time, and finds the account it is for."""

    get_settings = staticmethod(setting)

    def __init__(self) -> None:
        """Ask the provider nothing yet: Django makes every backend at every sign-in."""

    def authenticate(self, request: HttpRequest | None, **told: Any) -> Account | None:  # noqa: ANN401 - as Django calls it
        """Return the account of a callback; a sign-in by password is none of this backend's."""
        if request is None or not told.get("nonce") or not told.get("code_verifier"):
            return None
        super().__init__()
        found: Account | None = super().authenticate(request, **told)
        return found

    def retrieve_matching_jwk(self, token: str) -> jwt.PyJWK:
        """Return the key that signed; a token that names none is the only key's, as the standard allows."""
        if "kid" in jwt.get_unverified_header(token):
            named: jwt.PyJWK = super().retrieve_matching_jwk(token)
            return named
        keys = httpx.get(self.OIDC_OP_JWKS_ENDPOINT, timeout=10).raise_for_status().json()["keys"]
        if len(keys) != 1:
            raise SuspiciousOperation("the token names no key, and the provider has several")
        return jwt.PyJWK(keys[0])

    def verify_token(self, token: str, **told: Any) -> Claims:  # noqa: ANN401 - as the library calls it
        """Return the token's claims once signature, nonce, issuer, audience and time hold."""
        payload: Claims = super().verify_token(token, **told)
        issuer, client = provider_of(site_settings().site.oidc.issuer).issuer, site_settings().site.oidc.client_id
        audience = payload.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if payload.get("iss") != issuer:
            raise SuspiciousOperation(f"the token is of {payload.get('iss')!r}, not of {issuer!r}")
        if client not in audiences or payload.get("azp", client) != client:
            raise SuspiciousOperation(f"the token is for {audience!r}, not for {client!r}")
        if "exp" not in payload or not payload.get("sub"):
            raise jwt.InvalidTokenError("the token has no end or no subject")
        return payload

    def get_or_create_user(self, access_token: str, id_token: str, payload: Claims) -> Account:
        """Return the account, or refuse in words; each refusal is in the log."""
        claims = {**payload, **self.get_userinfo(access_token, id_token, payload)}
        if claims["sub"] != payload["sub"]:
            raise SuspiciousOperation("the provider's two answers are about two people")
        terms = site_settings().site.oidc
        try:
            return account_for(terms, claims)
        except PeelianError as error:
            who = str(claims.get(terms.claim, claims["sub"]))
            words = f"{terms.label} sent {who!r} from {client_address(self.request)}: {error}"
            audit.tell(Actor(None, who, Role.PUBLIC), Act.REFUSED, words)
            raise


def account_for(terms: OidcTerms, claims: Claims) -> Account:
    """Return the account that these claims open.

    The first sign-in finds it by the configured claim and binds it to the provider's own name for the person; from then
    on only that name counts, so that an address given to somebody else opens nothing.

    Raises
    ------
    NotAllowedError
        When there is none, it is closed, or it is another person's.
    """
    subject = f"{terms.issuer} {claims['sub']}"
    bound = Account.objects.filter(subject=subject).first()
    account = bound or _matched(terms, claims)
    if account is None:
        account = _opened(terms, claims)
    if not account.is_active:
        raise NotAllowedError("this account is closed.")
    if account.subject not in (None, subject):
        raise NotAllowedError("this account is bound to another person of your organisation. Ask your administrator.")
    if account.role == Role.ADMINISTRATOR.value and not terms.may_administer:
        raise NotAllowedError("administrators sign in with name, password and code.")
    if bound is None:
        accounts.bind_subject(program(f"sign-in of {terms.label}"), account, subject, at=utc_now())
    return account


def _matched(terms: OidcTerms, claims: Claims) -> Account | None:
    said = claims.get(terms.claim)
    if not isinstance(said, str) or not said:
        raise NotAllowedError(f"{terms.label} did not say {terms.claim!r}. Ask your administrator.")
    if terms.claim != "email":
        return Account.objects.filter(username__iexact=said).first()
    if not _is_verified(claims):
        raise NotAllowedError(f"{terms.label} has not verified your e-mail address.")
    found = list(Account.objects.filter(email__iexact=said)[:2])
    if len(found) > 1:
        raise NotAllowedError("several accounts have your e-mail address. Ask your administrator.")
    return found[0] if found else None


def _is_verified(claims: Claims) -> bool:
    """Tell whether the provider vouches for the e-mail address, or says nothing of it; some say it as a text."""
    return str(claims.get("email_verified", True)).casefold() == "true"


def _opened(terms: OidcTerms, claims: Claims) -> Account:
    groups = claims.get(terms.groups_claim) if terms.groups_claim else None
    held = {str(g) for g in groups} if isinstance(groups, list) else {str(groups)} if groups else set()
    role = next((role for group, role in terms.roles.items() if group in held), None)
    if role is None:
        raise NotAllowedError("you have no account here yet. Ask your administrator to open one.")
    email = claims.get("email")
    wanted = str(claims.get("preferred_username") or email or claims["sub"])
    try:
        return accounts.open_account(
            program(f"sign-in of {terms.label}"),
            re.sub(r"[^A-Za-z0-9._@+-]", "-", wanted)[:150],
            str(claims.get("name") or wanted)[:200],
            Role(role),
            terms.areas,
            None,
            at=utc_now(),
            email=str(email) if email and _is_verified(claims) else "",
        )
    except StoreError as error:
        raise NotAllowedError(f"no account could be opened for you: {error}") from error
