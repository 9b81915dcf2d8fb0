"""An ingest that is killed, or meets a full disk, leaves the state before or the state after; never half."""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from tests.feeds import CSV_HEADER, MAPPING, csv_row, write

from peelian.store.events import EventStore

ROUNDS = 6


def command(home: Path, mapping: Path, file: Path) -> list[str]:
    words = ["ingest", "csv", str(file), "--mapping", str(mapping), "--home", str(home)]
    return [sys.executable, "-m", "peelian", *words]


def feed(folder: Path, name: str, n: int) -> Path:
    rows = (csv_row(f"{name}-{i}", x=str(530_000 + i % 900), at=f"02/05/{2010 + i % 9} 13:30") for i in range(n))
    return write(folder / f"{name}.csv", CSV_HEADER, *rows)


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    return write(tmp_path / "mapping.toml", MAPPING.replace("[columns]", "most_years_before = 50\n[columns]"))


def parts_on_disk(home: Path) -> set[str]:
    folder = home / "events" / "force=anytown"
    return {str(p.relative_to(folder)) for p in folder.glob("year=*/*")}


def test_killed_at_any_instant_it_leaves_the_state_before_or_after(tmp_path: Path, mapping: Path) -> None:
    home = tmp_path / "home"
    subprocess.run(command(home, mapping, feed(tmp_path, "first", 50)), check=True, capture_output=True)
    big = feed(tmp_path, "big", 30_000)
    began = time.monotonic()
    subprocess.run(command(tmp_path / "trial", mapping, big), check=True, capture_output=True)
    whole = time.monotonic() - began
    chance = random.Random(7)  # noqa: S311 - instants to kill at, no secret
    seen = set()
    for _ in range(ROUNDS):
        process = subprocess.Popen(command(home, mapping, big), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=whole * chance.uniform(0.35, 1.0))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        seen.add(len(EventStore(home).log("anytown")))
        assert seen <= {50, 30_050}
    subprocess.run(command(home, mapping, big), check=True, capture_output=True)
    assert len(EventStore(home).log("anytown")) == 30_050
    named = {part.path for m in EventStore(home).manifests("anytown") for part in m.parts}
    assert parts_on_disk(home) >= named
    # The next ingest that brings something clears away whatever a killed one left.
    subprocess.run(command(home, mapping, feed(tmp_path, "last", 10)), check=True, capture_output=True)
    named = {part.path for m in EventStore(home).manifests("anytown") for part in m.parts}
    assert parts_on_disk(home) == named


@pytest.mark.parametrize("limit", [100, 6_000])
def test_a_full_disk_is_one_clear_error_and_the_old_state_stands(tmp_path: Path, mapping: Path, limit: int) -> None:
    """A limit on the size of files stands for the disk: the system refuses the write in the same way."""
    home = tmp_path / "home"
    subprocess.run(command(home, mapping, feed(tmp_path, "first", 50)), check=True, capture_output=True)
    before = EventStore(home).log("anytown").table
    kept = parts_on_disk(home)
    big = feed(tmp_path, "big", 30_000)

    def narrow() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        command(home, mapping, big),
        preexec_fn=narrow,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "POLARS_MAX_THREADS": "1"},
    )
    assert done.returncode == 1, done.stderr
    assert "disk is full" in done.stderr
    assert "Traceback" not in done.stderr
    assert EventStore(home).log("anytown").table.equals(before)
    assert parts_on_disk(home) == kept
    assert not list(home.rglob("*.tmp"))
    subprocess.run(command(home, mapping, big), check=True, capture_output=True)
    assert len(EventStore(home).log("anytown")) == 30_050


def test_a_home_that_may_not_be_written_is_one_clear_error(tmp_path: Path, mapping: Path) -> None:
    blocked = tmp_path / "home"
    blocked.write_text("a file where the home should be")
    done = subprocess.run(
        command(blocked, mapping, feed(tmp_path, "a", 5)), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert str(blocked) in done.stderr


def test_readers_see_whole_ingests_while_one_is_under_way(tmp_path: Path, mapping: Path) -> None:
    home = tmp_path / "home"
    subprocess.run(command(home, mapping, feed(tmp_path, "first", 50)), check=True, capture_output=True)
    process = subprocess.Popen(command(home, mapping, feed(tmp_path, "big", 30_000)), stdout=subprocess.DEVNULL)
    seen = []
    while process.poll() is None:
        table = EventStore(home).log("anytown").table
        seen.append(table.height)
        assert isinstance(table, pl.DataFrame)
        time.sleep(0.05)
    assert process.returncode == 0
    assert set(seen) <= {50, 30_050}
