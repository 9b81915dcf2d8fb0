"""The server: gunicorn with a few processes and threads, static files by WhiteNoise, no web server in front needed."""

import sys
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.headers import Headers

from peelian.errors import StoreError
from peelian.settings import Settings
from peelian.site.configuration import YEAR_S, open_site

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def application(settings: Settings) -> Application:
    """Return the site as a WSGI application; the store is opened, its tables brought up to date."""
    open_site(settings)

    from django.core.wsgi import get_wsgi_application
    from whitenoise import WhiteNoise

    from peelian.site.assets import BUILT, STATIC

    def immutable(path: str, url: str) -> bool:
        del path
        return url.startswith("/static/built/") and not url.endswith("manifest.json")

    guards = file_headers(settings)

    def guard(headers: Headers, path: str, url: str) -> None:
        del path, url
        for name, value in guards.items():
            headers[name] = value

    served = WhiteNoise(get_wsgi_application(), immutable_file_test=immutable, max_age=600, add_headers_function=guard)
    served.add_files(str(STATIC), prefix="static/")
    if (BUILT / "worker.js").exists():
        # The page's own worker speaks for the whole site only from its root.
        served.add_file_to_dictionary("/worker.js", str(BUILT / "worker.js"))
    whole: Application = served
    return whole


def file_headers(settings: Settings) -> dict[str, str]:
    """Return the guards of files: they do not pass Django, and are held to the same."""
    guards = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        # A picture of ours opened by itself runs nothing.
        "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    }
    return guards | ({"Strict-Transport-Security": f"max-age={YEAR_S}"} if settings.site.behind_tls else {})


def serve(settings: Settings, *, on_ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve until told to stop; ``on_ready`` is called with the address once it is answered.

    Raises
    ------
    StoreError
        When the address is taken.
    """
    from gunicorn.app.base import BaseApplication

    site = settings.site
    made = application(settings)

    from peelian.site.clock import now

    now()  # all processes share the instant at which a demonstration's clock started
    _close_connections()

    class Served(BaseApplication):  # type: ignore[misc] # gunicorn ships no types
        """Our settings instead of gunicorn's own files and command line."""

        def load_config(self) -> None:
            """Set what gunicorn needs to know."""
            wanted = {
                "bind": f"{site.host}:{site.port}",
                "workers": site.processes,
                "threads": site.threads,
                "worker_class": "gthread",
                "preload_app": True,
                "accesslog": None,
                "errorlog": "-",
                "loglevel": "warning",
                "graceful_timeout": 20,
                "control_socket_disable": True,
                "when_ready": lambda _: on_ready(f"http://{site.host}:{site.port}/"),
            }
            for name, value in wanted.items():
                if name in self.cfg.settings:
                    self.cfg.set(name, value)

        def load(self) -> Application:
            """Return what was made before the processes part."""
            return made

    try:
        Served().run()
    except SystemExit as error:
        if error.code:
            raise StoreError(
                f"the site could not start at {site.host}:{site.port}; is another program there? "
                "Choose another with --port."
            ) from error


def _close_connections() -> None:
    """Close what was opened before the processes part: a connection belongs to one process."""
    from django.db import connections

    connections.close_all()
    sys.stdout.flush()
