"""A home saved while it works and made again elsewhere, on both databases; and what is refused."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.homes import peelian
from tests.postgresql_server import Server, postgresql

# Writes lines and folders until it is ended, as a site and a night do.
_BUSY = """
import sys
from pathlib import Path
from peelian.store.database import open_database
home = Path(sys.argv[1])
open_database(home, sys.argv[2])
from peelian.records.access import Act, program
from peelian.store import audit
from peelian.store.folders import publish_folder
n = 0
while True:
    n += 1
    files = [(f"site/{i}.json", b"%d" % n) for i in range(40)]
    publish_folder(home / "nights" / "2018-04-20", [("night.json", b"%d" % n), *files])
    audit.tell(program("a test"), Act.PUBLISHED, f"night {n}")
    if n == 1:
        print("busy", flush=True)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A PostgreSQL of these tests' own."""
    with postgresql() as started:
        yield started


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A home with a few files, an account, a session and the site's key."""
    home = tmp_path / "home"
    for name in ("events/force=town/ingests/000001.json", "nights/2018-04-20/night.json", "areas/force=town/w.parquet"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(name, encoding="utf-8")
    (home / "peelian.toml").write_text("[night]\ncount = 4\n", encoding="utf-8")
    (home / "secret.key").write_text("k" * 64, encoding="utf-8")
    for left in ("work/night-1/part", "locks/night.lock", "nights/.making-2018-04-21/night.json", "serve.log"):
        (home / left).parent.mkdir(parents=True, exist_ok=True)
        (home / left).write_text("passing", encoding="utf-8")
    done = peelian("user", "add", "ann", "--password-stdin", home=home, stdin="correct horse battery\n")
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(home / "peelian.sqlite3")) as database:
        instant = "2026-11-24 06:00:00"
        row = ("the key to a session", "", instant, instant, instant, "", "", 1)
        database.execute("INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        database.commit()
    return home


def saved(home: Path, path: Path, *words: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    done = peelian("backup", str(path), "--json", *words, home=home, env=env)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_saved_home_comes_back_to_the_byte_and_counted(small: Path, tmp_path: Path) -> None:
    told = saved(small, tmp_path / "kept" / "b.zip")
    assert told["tables"]["account"] == 1
    assert told["audit_lines"] == 1
    assert (tmp_path / "kept" / "b.zip").stat().st_mode & 0o777 == 0o600
    done = peelian("restore", str(tmp_path / "kept" / "b.zip"), home=tmp_path / "again")
    assert done.returncode == 0, done.stderr
    assert "an audit log of 1 whole lines" in done.stdout
    again = tmp_path / "again"
    found = sorted(p.relative_to(again).as_posix() for p in again.rglob("*") if p.is_file())
    assert [f for f in found if "sqlite3" not in f] == [
        "areas/force=town/w.parquet",
        "events/force=town/ingests/000001.json",
        "nights/2018-04-20/night.json",
        "peelian.toml",
    ]
    for name in found:
        assert "sqlite3" in name or (again / name).read_bytes() == (small / name).read_bytes()
    assert "ann: ann, officer" in peelian("user", "list", home=again).stdout
    verified = peelian("audit", "verify", "--expect", f"1:{told['audit_seal']}", home=again)
    assert verified.stdout.startswith("whole: 2 lines")


def test_neither_sessions_nor_the_key_are_in_it_unless_asked_for(small: Path, tmp_path: Path) -> None:
    saved(small, tmp_path / "b.zip")
    saved(small, tmp_path / "with-key.zip", "--with-key")
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert b"the key to a session" not in archive.read("database/peelian.sqlite3")
        assert not [n for n in archive.namelist() if "secret" in n]
    assert peelian("restore", str(tmp_path / "with-key.zip"), home=tmp_path / "again").returncode == 0
    key = tmp_path / "again" / "secret.key"
    assert key.read_text(encoding="utf-8") == "k" * 64
    assert key.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_home_is_saved_whole_while_another_process_writes(
    request: pytest.FixtureRequest, small: Path, tmp_path: Path, kind: str
) -> None:
    url, to = "", None
    if kind == "postgresql":
        server = request.getfixturevalue("server")
        url, to = server.make("busy"), server
    env = {"DATABASE_URL": url}
    assert peelian("user", "add", "ann", "--no-password", home=small, env=env).returncode in (0, 1)
    with subprocess.Popen([sys.executable, "-c", _BUSY, str(small), url], stdout=subprocess.PIPE, text=True) as busy:
        try:
            assert busy.stdout is not None
            assert busy.stdout.readline() == "busy\n"
            kept = [tmp_path / f"b{i}.zip" for i in range(2)]
            told = [saved(small, path, env=env) for path in kept]
            assert busy.poll() is None
        finally:
            busy.kill()
    assert told[0]["audit_lines"] < told[1]["audit_lines"]
    for i, path in enumerate(kept):
        again = tmp_path / f"again{i}"
        place = {"DATABASE_URL": to.make(f"again{i}") if to else ""}
        done = peelian("restore", str(path), home=again, env=place)
        assert done.returncode == 0, done.stderr
        # One night's folder is of one making: no mix of two.
        parts = {p.read_bytes() for p in (again / "nights" / "2018-04-20").rglob("*.json")}
        assert len(parts) == 1
        head = f"{told[i]['audit_lines']}:{told[i]['audit_seal']}"
        assert peelian("audit", "verify", "--expect", head, home=again, env=place).returncode == 0
        if to:
            taken = peelian("restore", str(path), home=tmp_path / "third", env=place)
            assert taken.returncode == 1
            assert "holds tables already" in taken.stderr
    assert list((small / "work").glob("backup-*")) == []


def test_a_copy_goes_back_to_its_own_kind_of_database_only(small: Path, tmp_path: Path) -> None:
    saved(small, tmp_path / "b.zip")
    env = {"DATABASE_URL": "postgres://postgres@127.0.0.1:1/none"}
    done = peelian("restore", str(tmp_path / "b.zip"), home=tmp_path / "again", env=env)
    assert done.returncode == 1
    assert "holds a sqlite database and the place is postgresql" in done.stderr
    assert not (tmp_path / "again").exists()


def test_without_the_client_of_postgresql_it_is_said(server: Server, tmp_path: Path) -> None:
    env = {"DATABASE_URL": server.make("noclient"), "PATH": str(tmp_path)}
    done = peelian("backup", str(tmp_path / "b.zip"), home=tmp_path / "home", env=env)
    assert done.returncode == 1
    assert "pg_dump is not on the PATH" in done.stderr
    assert not (tmp_path / "b.zip").exists()


def test_a_backup_overwrites_nothing_and_does_not_lie_in_its_home(small: Path, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_text("precious", encoding="utf-8")
    assert "overwrites nothing" in peelian("backup", str(tmp_path / "b.zip"), home=small).stderr
    assert (tmp_path / "b.zip").read_text(encoding="utf-8") == "precious"
    assert "lies in the home" in peelian("backup", str(small / "b.zip"), home=small).stderr


def test_a_restore_overwrites_nothing(small: Path, tmp_path: Path) -> None:
    saved(small, tmp_path / "b.zip")
    before = sorted(small.rglob("*"))
    done = peelian("restore", str(tmp_path / "b.zip"), home=small)
    assert done.returncode == 1
    assert "is not empty" in done.stderr
    assert sorted(small.rglob("*")) == before
    (tmp_path / "empty").mkdir()
    assert peelian("restore", str(tmp_path / "b.zip"), home=tmp_path / "empty").returncode == 0


def _rewritten(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """Return a copy of an archive with some of its files changed."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    other = path.with_name("other.zip")
    with zipfile.ZipFile(other, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return other


def _flip(files: dict[str, bytes]) -> None:
    files["home/peelian.toml"] = b"[night]\ncount = 5\n"


def _lose(files: dict[str, bytes]) -> None:
    del files["home/peelian.toml"]


def _miscount(files: dict[str, bytes]) -> None:
    told = json.loads(files["manifest.json"])
    told["tables"]["account"] = 2
    files["manifest.json"] = json.dumps(told).encode()


def _escape(files: dict[str, bytes]) -> None:
    told = json.loads(files["manifest.json"])
    told["files"]["../../escaped"] = told["files"].pop("home/peelian.toml")
    files["manifest.json"] = json.dumps(told).encode()
    files["../../escaped"] = files.pop("home/peelian.toml")


def _forge(files: dict[str, bytes]) -> None:
    told = json.loads(files["manifest.json"])
    told["audit_seal"] = "0" * 64
    files["manifest.json"] = json.dumps(told).encode()


def _newer(files: dict[str, bytes]) -> None:
    told = json.loads(files["manifest.json"])
    files["manifest.json"] = json.dumps({**told, "format": 99}).encode()


def _no_manifest(files: dict[str, bytes]) -> None:
    del files["manifest.json"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_flip, "not what the manifest says"),
        (_lose, "damaged or missing"),
        (_miscount, "rows of account are not what the manifest counts"),
        (_escape, "no name for a file under a home"),
        (_forge, "audit log ends at line"),
        (_newer, "newer Peelian"),
        (_no_manifest, "no backup of Peelian"),
    ],
)
def test_a_backup_that_is_not_what_it_says_makes_no_home(
    small: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], None], words: str
) -> None:
    saved(small, tmp_path / "b.zip")
    other = _rewritten(tmp_path / "b.zip", change)
    done = peelian("restore", str(other), home=tmp_path / "x" / "again")
    assert done.returncode == 1
    assert words in done.stderr
    assert not (tmp_path / "x" / "again").exists()
    assert not list(tmp_path.rglob("escaped"))
    assert not list(tmp_path.rglob(".restoring-*"))


def test_a_backup_cut_short_or_of_another_kind_is_refused(small: Path, tmp_path: Path) -> None:
    saved(small, tmp_path / "b.zip")
    whole = (tmp_path / "b.zip").read_bytes()
    for name, content in (("cut", whole[: len(whole) // 2]), ("none", b"hello"), ("empty", b"")):
        (tmp_path / name).write_bytes(content)
        done = peelian("restore", str(tmp_path / name), home=tmp_path / "again")
        assert done.returncode == 1, name
        assert "Traceback" not in done.stderr
    assert "No such file" in peelian("restore", str(tmp_path / "nowhere"), home=tmp_path / "again").stderr


def test_what_a_killed_backup_left_is_swept_by_the_next(small: Path, tmp_path: Path) -> None:
    (small / "work" / "backup-12345" / "home").mkdir(parents=True)
    saved(small, tmp_path / "b.zip")
    assert not (small / "work" / "backup-12345").exists()
    assert (small / "work" / "night-1" / "part").exists()


def test_a_folder_caught_between_two_renames_is_saved_under_its_own_name(tmp_path: Path) -> None:
    from peelian.store.snapshots import snapshot

    home = tmp_path / "home"
    (home / "nights" / ".replaced-2018-04-20").mkdir(parents=True)
    (home / "nights" / ".replaced-2018-04-20" / "night.json").write_text("old", encoding="utf-8")
    names = snapshot(home, tmp_path / "copy", lambda path: path.name.startswith("."))
    assert names == ["nights/2018-04-20/night.json"]
    assert (tmp_path / "copy" / names[0]).read_text(encoding="utf-8") == "old"


def test_what_lies_on_another_disk_by_a_link_is_saved_too(tmp_path: Path) -> None:
    from peelian.store.snapshots import snapshot

    (tmp_path / "large" / "force=town").mkdir(parents=True)
    (tmp_path / "large" / "force=town" / "a.parquet").write_text("rows", encoding="utf-8")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "events").symlink_to(tmp_path / "large")
    names = snapshot(tmp_path / "home", tmp_path / "copy", lambda _: False)
    assert names == ["events/force=town/a.parquet"]


def test_doctor_asks_for_a_backup_once_somebody_works_here(home: Path, tmp_path: Path) -> None:
    def found() -> dict[str, Any]:
        done = peelian("doctor", "--json", home=home)
        return next(f for f in json.loads(done.stdout) if f["subject"] == "backup")

    assert found()["is_well"]
    assert peelian("user", "add", "ann", "--no-password", home=home).returncode == 0
    assert not found()["is_well"]
    saved(home, tmp_path / "b.zip")
    assert found()["is_well"]


def test_a_home_of_the_first_schema_opens_and_keeps_its_rows(tmp_path: Path) -> None:
    make = """
import sys
from pathlib import Path
from django.conf import settings
from peelian.store import django_settings
from peelian.store.database import database_settings
values = {n: getattr(django_settings, n) for n in dir(django_settings) if n.isupper()}
settings.configure(**values | {"DATABASES": {"default": database_settings(Path(sys.argv[1]), "")}})
import django
django.setup()
from django.core.management import call_command
call_command("migrate", "store", "0001", verbosity=0)
"""
    home = tmp_path / "home"
    home.mkdir()
    subprocess.run([sys.executable, "-c", make, str(home)], check=True, env={**os.environ})
    with closing(sqlite3.connect(home / "peelian.sqlite3")) as database:
        database.execute(
            "INSERT INTO purpose_card (crime_type, goal, measure, owner, stop_rule, expires, is_example, agreed_at)"
            " VALUES ('burglary', 'g', 'm', 'an old owner', 's', '2030-01-01', 0, '2026-01-01 00:00:00')"
        )
        database.commit()
    kept = Path(shutil.copytree(home, tmp_path / "kept"))
    done = peelian("purpose", "list", home=home)
    assert done.returncode == 0, done.stderr
    assert "an old owner" in done.stdout
    # A home of that age can be saved by this version, too, and comes back.
    saved(kept, tmp_path / "b.zip")
    assert peelian("restore", str(tmp_path / "b.zip"), home=tmp_path / "again").returncode == 0
    assert "an old owner" in peelian("purpose", "list", home=tmp_path / "again").stdout
