"""Several processes at once: no lock errors, nothing that was answered as saved is lost, no request fails."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.homes import peelian
from tests.site_home import CLOCK, client_of, free_port, open_town, served, wait_for

TEXT = re.compile(r"peelian_[A-Za-z0-9_-]{43}")
CSRF = "a" * 32


def _cookies(account: Any) -> dict[str, str]:  # noqa: ANN401 - our account
    return {"peelian_session": client_of(account).cookies["peelian_session"].value, "csrftoken": CSRF}


def _make_token(client: httpx.Client, address: str, name: str) -> str:
    """Make a token by the page; return its text, which is shown only once it is saved."""
    form = {"csrfmiddlewaretoken": CSRF, "name": name, "scopes": "nights", "areas": "", "days": "30"}
    answer = client.post(f"{address}/account/tokens/", data=form)
    assert answer.status_code == 200, answer.text
    (text,) = TEXT.findall(answer.text)
    return str(text)


def _saved(texts: list[str]) -> None:
    """Hold that every token that was shown is kept, with its line in a log that is whole."""
    from peelian.store import audit
    from peelian.store.tokens import ApiToken, _seal

    rows = dict(ApiToken.objects.values_list("seal", "pk"))
    assert all(_seal(text) in rows for text in texts)
    lines = {line.record for line in audit.lines() if line.record.startswith("token/")}
    assert lines == {f"token/{pk}" for pk in rows.values()}, "each with its line, and no line without"
    assert audit.verify().is_whole


@contextmanager
def _all(*tasks: Any) -> Iterator[list[BaseException]]:  # noqa: ANN401 - things to call
    """Run tasks side by side while the block runs; what one raises stands in the list afterwards."""
    faults: list[BaseException] = []

    def guarded(task: Any) -> None:  # noqa: ANN401 - a thing to call
        try:
            task()
        except BaseException as fault:  # noqa: BLE001 - the test raises them all
            faults.append(fault)

    threads = [threading.Thread(target=guarded, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    try:
        yield faults
    finally:
        for thread in threads:
            thread.join()


def test_two_sites_a_night_and_commands_write_at_once_and_nothing_is_lost(
    site_home: Path, database_url: str, town: dict[str, Any]
) -> None:
    env, texts = {"DATABASE_URL": database_url}, []
    cookies = _cookies(town["analyst"])
    with served(site_home, "--clock", CLOCK, env=env) as one, served(site_home, "--clock", CLOCK, env=env) as other:

        def readers_write(number: int) -> None:
            with httpx.Client(cookies=cookies, timeout=60) as client:
                texts.extend(_make_token(client, (one, other)[i % 2], f"{number} {i}") for i in range(12))

        def command_writes() -> None:
            for i in range(2):
                done = peelian("token", "add", "officer", "--name", f"command {i}", home=site_home, env=env)
                assert done.returncode == 0, done.stderr
                texts.extend(TEXT.findall(done.stdout))

        def night_writes() -> None:
            done = peelian("night", "--on", "2018-04-20", "--again", home=site_home, env=env)
            assert done.returncode == 0, done.stderr

        with _all(*(lambda n=n: readers_write(n) for n in range(4)), command_writes, night_writes) as faults:
            pass
    assert faults == []
    assert len(texts) == 4 * 12 + 2
    _saved(texts)
    log = (site_home / "serve.log").read_text(encoding="utf-8")
    assert "locked" not in log
    assert "Traceback" not in log

    from peelian.store.nights import NightRun, PublishedBox

    assert PublishedBox.objects.filter(night="2018-04-20").count() == 24
    assert NightRun.objects.filter(night="2018-04-20", status="done").count() == 2


def test_what_was_answered_as_saved_is_there_after_kill_9(
    site_home: Path, database_url: str, town: dict[str, Any]
) -> None:
    texts: list[str] = []
    cookies = _cookies(town["analyst"])
    with _killable(site_home, {"DATABASE_URL": database_url}) as (address, kill):

        def write(number: int) -> None:
            with httpx.Client(cookies=cookies, timeout=30) as client:
                for i in range(10_000):
                    try:
                        texts.append(_make_token(client, address, f"{number} {i}"))
                    except httpx.TransportError:
                        return  # killed: what was not answered may be there or not

        with _all(*(lambda n=n: write(n) for n in range(3))) as faults:
            until = time.monotonic() + 30
            while len(texts) < 20 and time.monotonic() < until:
                time.sleep(0.05)
            kill()
    assert faults == []
    assert len(texts) >= 20
    _saved(texts)
    from django.db import connection

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            assert cursor.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_night_published_while_serving_costs_no_failed_request(site_home: Path) -> None:
    from peelian.store.folders import publish_folder

    town = open_town(site_home)
    cookies, done, answered = _cookies(town["analyst"]), threading.Event(), []
    night = site_home / "nights" / "2018-04-20"
    pages = (
        "/tonight/town/2018-04-20/district/North/burglary/",
        "/tonight/town/2018-04-20/district/North/burglary/box/1/",
        "/api/v1/boxes.geojson",
        "/api/v1/boxes/town:2018-04-20:district:South:robbery:1/why",
        "/ogc/collections/boxes-district/items",
        "/tonight/town/2018-04-20/district/South/briefing.pdf",
    )
    with served(site_home, "--clock", CLOCK) as address:

        def read(first: int) -> None:
            with httpx.Client(cookies=cookies, timeout=60) as client:
                while not done.is_set():
                    for page in (*pages[first:], *pages[:first]):
                        answer = client.get(address + page)
                        assert answer.status_code == 200, (page, answer.text[:500])
                        answered.append(page)

        with _all(*(lambda n=n: read(n) for n in (0, 2, 4))) as faults:
            try:
                files = [(str(p.relative_to(night)), p.read_bytes()) for p in night.rglob("*") if p.is_file()]
                for _ in range(15):
                    publish_folder(night, files)
                made = peelian("night", "--on", "2018-04-20", "--again", home=site_home)
                assert made.returncode == 0, made.stderr
            finally:
                done.set()
    assert faults == []
    assert len(answered) > 50

    from django.db import connections

    connections.close_all()


@contextmanager
def _killable(home: Path, env: dict[str, str]) -> Iterator[tuple[str, Any]]:
    """Serve a home in a group of processes of its own; give its address and what kills them all at once."""
    port = free_port()
    command = [sys.executable, "-m", "peelian", "serve", "--home", str(home), "--port", str(port), "--clock", CLOCK]
    with (home / "serve.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **env}, start_new_session=True)

    def kill() -> None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)

    try:
        wait_for(f"http://127.0.0.1:{port}", process, home / "serve.log")
        yield f"http://127.0.0.1:{port}", kill
    finally:
        if process.poll() is None:
            kill()


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """No connection is left to a database that is then taken away."""
    yield
    from django.db import connections

    connections.close_all()
