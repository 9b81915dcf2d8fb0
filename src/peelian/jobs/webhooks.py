"""Sends one webhook: signed, to an address that was looked up and found public, following nobody elsewhere.

The receiver checks ``Peelian-Signature: t=SECONDS,v1=HEX``: HEX is the HMAC-SHA256, under the subscription's secret, of
the seconds, a full stop and the body. The same id twice is the same notice.
"""

import asyncio
import hashlib
import hmac
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

import httpx

from peelian import __version__
from peelian.errors import SettingsError
from peelian.store.notices import Due

#: A receiver has so long to answer, from the first look for its address to the last byte of its head.
DEADLINE_S = 15.0
Address = IPv4Address | IPv6Address
Networks = tuple[IPv4Network | IPv6Network, ...]
_NAT64 = IPv6Network("64:ff9b::/96")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a webhook goes: the address that its host was found at, which is then the one that is asked."""

    url: httpx.URL
    host: str
    port: int


def networks(written: Sequence[str]) -> Networks:
    """Return the networks of a setting.

    Raises
    ------
    SettingsError
        When one is none.
    """
    try:
        return tuple(ip_network(text) for text in written)
    except ValueError as error:
        raise SettingsError(f"[notices] private_networks: {error}; write them as 10.1.0.0/16.") from error


def sign(secret: str, at: datetime, body: str) -> str:
    """Return the signature of a body sent at that instant."""
    seconds = int(at.timestamp())
    seal = hmac.new(secret.encode(), f"{seconds}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={seconds},v1={seal}"


async def send(due: Due, allowed: Networks, at: datetime) -> str:
    """Send a notice; return "" where the receiver took it, else what went wrong, in a sentence."""
    try:
        async with asyncio.timeout(DEADLINE_S):
            target = await _target(due.address, allowed)
            return await _post(target, due, at)
    except TimeoutError:
        return f"no answer within {DEADLINE_S:.0f} seconds"
    except OSError as error:
        return f"the host cannot be found: {error.strerror or error}"
    except UnicodeError:
        return "the host's name is none"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    except _RefusedError as error:
        return str(error)


class _RefusedError(Exception):
    """An address that is not asked, with the reason."""


async def _target(address: str, allowed: Networks) -> Target:
    """Look an address up once, and refuse it unless every answer may be asked.

    The answer itself is then asked: a name that answers otherwise a moment later leads nowhere else.
    """
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    loop = asyncio.get_running_loop()
    answers = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found = [_plain(ip_address(str(answer[4][0]).partition("%")[0])) for answer in answers]
    for one in found:
        if not (one.is_global and not one.is_multicast) and not any(one in network for network in allowed):
            raise _RefusedError(
                f"{host} is {one}, which is no public address; an administrator may allow it in [notices] "
                "private_networks"
            )
    if parts.scheme == "http" and not all(one.is_loopback for one in found):
        raise _RefusedError("https is wanted: http only reaches this machine itself")
    return Target(httpx.URL(address).copy_with(host=str(found[0]), port=port), host, port)


def _plain(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one only wraps: it is judged by what it reaches."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour or address


async def _post(target: Target, due: Due, at: datetime) -> str:
    is_usual = target.port == _PORTS[target.url.scheme]
    name = f"[{target.host}]" if ":" in target.host else target.host
    headers = {
        "Host": name if is_usual else f"{name}:{target.port}",
        "Content-Type": "application/json",
        "User-Agent": f"Peelian/{__version__}",
        "Peelian-Id": str(due.id),
        "Peelian-Event": due.occasion.value,
        "Peelian-Signature": sign(due.secret, at, due.body),
    }
    # No proxy of the environment: it would look the name up again. No redirect: it would lead past the look.
    async with (
        httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=DEADLINE_S) as client,
        client.stream(
            "POST",
            target.url,
            content=due.body.encode(),
            headers=headers,
            extensions={"sni_hostname": target.host},
        ) as answer,
    ):
        if answer.is_success:
            return ""
        if answer.is_redirect:
            return f"it answered {answer.status_code}: it leads elsewhere, and that is not followed"
        return f"it answered {answer.status_code}"
