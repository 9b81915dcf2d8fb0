"""A PostgreSQL server of the tests' own on loopback, and its address: a fixture for whoever imports it."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest
from tests.conftest import needs


def program(name: str) -> str:
    """Return where one of PostgreSQL's programs stands; Debian keeps them off the path."""
    found = shutil.which(name) or next((str(p) for p in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), "")
    if not found:
        needs(name, "postgresql")
    return found


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """Run a server while it is needed, and give its address; nothing of it is left behind."""
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    # PostgreSQL refuses to run as root: root lends it the folder and the system's own user for it.
    root = os.geteuid() == 0
    folder = Path(mkdtemp(prefix="peelian-pg-"))
    as_user = ["runuser", "-u", "postgres", "--"] if root else []
    if root:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    try:
        start = [initdb, "-D", str(folder / "d"), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C"]
        subprocess.run([*as_user, *start], check=True, capture_output=True, cwd=folder)
        words = " ".join([said, *options])
        serve = [pg_ctl, "-D", str(folder / "d"), "-w", "-l", str(folder / "log"), "-o", words, "start"]
        subprocess.run([*as_user, *serve], check=True, capture_output=True, cwd=folder)
        yield f"postgres://postgres@127.0.0.1:{port}/postgres"
        stop = [pg_ctl, "-D", str(folder / "d"), "-m", "immediate", "stop"]
        subprocess.run([*as_user, *stop], check=False, capture_output=True, cwd=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """One server for all tests of a process."""
    with serving() as address:
        yield address
