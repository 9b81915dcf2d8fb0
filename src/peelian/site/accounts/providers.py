"""What an OpenID Connect provider says of itself at its well-known address; asked once an hour."""

import time
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

import httpx

from peelian.errors import PeelianError

_ASKED_EVERY_S = 3600
#: Signatures that need no shared secret, the commonest first.
_ALGORITHMS = ("RS256", "ES256", "PS256", "RS384", "RS512", "ES384")


class UnreachableError(PeelianError):
    """The organisation's sign-in does not answer, or answers what none should."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Where a provider's parts are."""

    issuer: str
    authorization: str
    token: str
    userinfo: str
    keys: str
    algorithm: str


def provider_of(issuer: str) -> Provider:
    """Return what the provider says of itself.

    Raises
    ------
    UnreachableError
        When it cannot be asked, speaks for another issuer, or would have secrets travel in the open.
    """
    return _asked(issuer, int(time.time() // _ASKED_EVERY_S))


@lru_cache(maxsize=4)
def _asked(issuer: str, hour: int) -> Provider:
    del hour
    address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    try:
        answer = httpx.get(address, timeout=10).raise_for_status().json()
        said = {name: str(answer[name]) for name in ("issuer", *_ENDPOINTS)}
        offered = answer.get("id_token_signing_alg_values_supported", ["RS256"])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
        raise UnreachableError(f"{address}: {type(error).__name__}: {error}") from error
    if said["issuer"].rstrip("/") != issuer.rstrip("/"):
        raise UnreachableError(f"{address} speaks for {said['issuer']}, not for {issuer}.")
    for name in _ENDPOINTS:
        part = urlsplit(said[name])
        if part.scheme != "https" and part.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise UnreachableError(f"{address}: {name} = {said[name]} is not https.")
    algorithm = next((a for a in _ALGORITHMS if a in offered), None)
    if algorithm is None:
        raise UnreachableError(f"{address} signs with {', '.join(map(str, offered))}; none of them is known here.")
    authorization, token, userinfo, keys = (said[name] for name in _ENDPOINTS)
    return Provider(said["issuer"], authorization, token, userinfo, keys, algorithm)


_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
