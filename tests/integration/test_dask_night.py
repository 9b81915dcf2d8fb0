"""The night on a Dask cluster: a scheduler and two worker processes on loopback, one killed while it works."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.dask_cluster import two_workers
from tests.homes import peelian

NIGHT = "2018-04-20"
#: Nine keys, so that a worker that dies midway leaves work behind.
SETTINGS = """
[night]
replay_nights = 2
count = 4
nearly = 2
[bundles]
""" + "\n".join(f"mix-{n} = {{ burglary = {n}, robbery = 1, larceny = 0.5 }}" for n in range(1, 7))


def test_a_night_on_a_cluster_is_the_same_to_the_byte_though_a_worker_is_killed_midway(
    home: Path, tmp_path: Path
) -> None:
    (home / "peelian.toml").write_text(SETTINGS, encoding="utf-8")
    alone = Path(shutil.copytree(home, tmp_path / "alone"))
    (alone / "peelian.toml").write_text("workers = 1\n" + SETTINGS, encoding="utf-8")
    done = peelian("night", "--on", NIGHT, home=alone)
    assert done.returncode == 0, done.stderr
    with two_workers() as cluster:
        words = ["night", "--on", NIGHT, "--executor", cluster.address, "--home", str(home)]
        night = subprocess.Popen(
            [sys.executable, "-m", "peelian", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PEELIAN_DEBUG": ""},
        )
        n_done = _wait_for_first_part(home, night)
        cluster.kill_one()
        said, complaint = night.communicate(timeout=240)
    assert 0 < n_done < 9, "the worker died before the work began, or after it ended"
    assert night.returncode == 0, said + complaint
    for name in ("boxes.geojson", "boxes.csv", "index.html", "briefing-North.pdf", "briefing-South.pdf"):
        one, other = ((place / "nights" / NIGHT / name).read_bytes() for place in (alone, home))
        assert one == other, name
    assert _told(alone) == _told(home)
    assert not list((home / "work").glob("*")), "parts of a finished night were left behind"


def _wait_for_first_part(home: Path, night: subprocess.Popen[str]) -> int:
    """Return how many parts are done as soon as any is."""
    until = time.monotonic() + 180
    while night.poll() is None and time.monotonic() < until:
        n_done = len(list(home.glob("work/night-*/*.part")))
        if n_done:
            return n_done
        time.sleep(0.02)
    return 0


def _told(home: Path) -> dict[str, object]:
    value: dict[str, object] = json.loads((home / "nights" / NIGHT / "night.json").read_text(encoding="utf-8"))
    value.pop("timings")
    return value
