"""The same night on PostgreSQL, started by the test on loopback: one schema serves both."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import needs
from tests.homes import peelian


def _program(name: str) -> str:
    found = shutil.which(name) or next((str(p) for p in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), "")
    if not found:
        needs(name, "postgresql")
    return found


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server of this test's own, and its address."""
    initdb, pg_ctl = _program("initdb"), _program("pg_ctl")
    # PostgreSQL refuses to run as root: root lends it the folder and the system's own user for it.
    root = os.geteuid() == 0
    folder = Path("/tmp") / f"peelian-pg-{os.getpid()}"  # noqa: S108 - the server's user must reach it; made anew below
    folder.mkdir(mode=0o700)
    as_user = ["runuser", "-u", "postgres", "--"] if root else []
    if root:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    try:
        start = [initdb, "-D", str(folder / "d"), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C"]
        subprocess.run([*as_user, *start], check=True, capture_output=True, cwd=folder)
        serve = [pg_ctl, "-D", str(folder / "d"), "-w", "-l", str(folder / "log"), "-o", options, "start"]
        subprocess.run([*as_user, *serve], check=True, capture_output=True, cwd=folder)
        yield f"postgres://postgres@127.0.0.1:{port}/postgres"
        stop = [pg_ctl, "-D", str(folder / "d"), "-m", "immediate", "stop"]
        subprocess.run([*as_user, *stop], check=False, capture_output=True, cwd=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_night_on_postgresql_gives_the_same_boxes_as_on_sqlite(home: Path, server: str, tmp_path: Path) -> None:
    other = Path(shutil.copytree(home, tmp_path / "other"))
    url = {"DATABASE_URL": server}
    card = ["--goal", "g", "--measure", "m", "--owner", "o", "--stop-rule", "s", "--expires", "2018-12-31"]
    assert peelian("purpose", "set", *card, home=other, env=url).returncode == 0
    for place, env in ((home, {}), (other, url)):
        done = peelian("night", "--on", "2018-04-20", home=place, env=env)
        assert done.returncode == 0, done.stderr
    one, two = ((p / "nights" / "2018-04-20" / "boxes.geojson").read_bytes() for p in (home, other))
    assert one == two
    again = peelian("night", "--on", "2018-04-20", home=other, env=url)
    assert "nothing to do" in again.stdout


def test_server_that_cannot_be_reached_is_an_error_in_a_sentence(home: Path) -> None:
    done = peelian("purpose", "list", home=home, env={"DATABASE_URL": "postgres://postgres@127.0.0.1:1/none"})
    assert done.returncode == 1
    assert "cannot be opened" in done.stderr
    assert "Traceback" not in done.stderr


def test_address_that_is_none_is_an_error_in_a_sentence(home: Path) -> None:
    done = peelian("purpose", "list", home=home, env={"DATABASE_URL": "nonsense"})
    assert done.returncode == 1
    assert "DATABASE_URL" in done.stderr
