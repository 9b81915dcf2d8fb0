"""Where a request comes from: the socket's address, or what trusted servers in front say."""

from django.http import HttpRequest

from peelian.site.configuration import site_settings


def client_address(request: HttpRequest) -> str:
    """Return the client's address; ``site.proxies`` servers in front are believed, and no header beyond them."""
    proxies = site_settings().site.proxies
    told = [a.strip() for a in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if a.strip()]
    if proxies and len(told) >= proxies:
        return str(told[-proxies])
    return str(request.META.get("REMOTE_ADDR", ""))
