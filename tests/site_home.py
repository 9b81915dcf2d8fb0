"""A site for tests: the made-up town with two published nights and an account of every role, in this process or served.

``open_town(folder)`` opens it for Django's test client; ``served(...)`` starts the real server on a free port.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from peelian.settings import read_settings
from tests.homes import make_home, peelian

#: The two nights that the town has published, and an instant within the second.
NIGHTS = ("2018-04-19", "2018-04-20")
CLOCK = "2018-04-20T19:00:00-05:00"
PASSWORD = "an easy one to try"  # noqa: S105 - of accounts that live as long as a test
ROLES = ("administrator", "analyst", "sergeant", "officer", "evaluator", "overseer")


def make_site_home(folder: Path) -> Path:
    """Fill a home with the town and its nights; accounts are made by ``open_town``, with a quick hash."""
    home = make_home(folder)
    done = peelian("night", "--on", NIGHTS[1], "--since", NIGHTS[0], home=home)
    assert done.returncode == 0, done.stderr
    return home


def open_town(home: Path, url: str = "", *, oidc_secret: str = "", mail: Any = None, **site: object) -> dict[str, Any]:  # noqa: ANN401 - terms of the settings
    """Open the site of a home in this process and return its accounts by role; "north" is an officer of one area."""
    from peelian.site.configuration import open_site

    settings = replace(read_settings(home, {}), database_url=url, oidc_secret=oidc_secret)
    settings = settings if mail is None else replace(settings, mail=mail)
    open_site(replace(settings, site=replace(settings.site, **{"clock": CLOCK, **site})))

    from django.conf import settings as django_settings

    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    django_settings.ALLOWED_HOSTS = ["*"]

    from peelian.records.access import Role, program
    from peelian.store import accounts
    from peelian.store.nights import utc_now

    known = {a.username: a for a in accounts.accounts()}
    wanted = {**{role: (Role(role), ("*",)) for role in ROLES}, "north": (Role.OFFICER, ("North",))}
    return {
        name: known.get(name)
        or accounts.open_account(program("a test"), name, f"Ann {name}", role, areas, PASSWORD, at=utc_now())
        for name, (role, areas) in wanted.items()
    }


def copy_rows(home: Path, url: str) -> None:
    """Make a home's tables in another database, and put its rows there: so its nights need not be made again."""
    from peelian.store.database import open_database

    open_database(home)

    from django.core import serializers
    from django.core.management.color import no_style
    from django.db import connection, connections

    from peelian.store.nights import NightRun, PublishedBox, PurposeCardRow

    tables = (PurposeCardRow, NightRun, PublishedBox)
    rows = serializers.serialize("json", [row for table in tables for row in table.objects.all()])
    connection.close()
    open_database(home, url)
    for row in serializers.deserialize("json", rows):
        row.save()
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), tables):
            cursor.execute(statement)
    connections.close_all()


def client_of(account: Any = None, **options: Any) -> Any:  # noqa: ANN401 - Django's test client and our account
    """Return a test client, signed in as the account where one is given; an administrator with code and all."""
    from django.test import Client

    client = Client(**options)
    if account is not None:
        client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
        if account.role == "administrator":
            verify(client, account)
    return client


def verify(client: Any, account: Any) -> None:  # noqa: ANN401 - as above
    """Let a test client's session have shown a second factor, made for it where the account has none."""
    from django_otp import DEVICE_ID_SESSION_KEY
    from django_otp.plugins.otp_totp.models import TOTPDevice

    phone, _ = TOTPDevice.objects.get_or_create(user=account, confirmed=True, defaults={"name": "phone"})
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = phone.persistent_id
    session.save()


@contextmanager
def served(home: Path, *words: str, env: dict[str, str] | None = None) -> Iterator[str]:
    """Serve a home in a process of its own and give its address; the process is ended afterwards."""
    port = free_port()
    command = [sys.executable, "-m", "peelian", "serve", "--home", str(home), "--port", str(port), *words]
    log = (home / "serve.log").open("ab")
    process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **(env or {})})
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(address, process, home / "serve.log")
        yield address
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def free_port() -> int:
    """Return a port that nobody listens at now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def copy_of(home: Path, folder: Path) -> Path:
    """Return a copy of a home for a test that changes it."""
    return Path(shutil.copytree(home, folder))


def wait_for(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until a site that was started answers."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:  # noqa: S310 - our own address
                assert answer.status == 200
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8"))
