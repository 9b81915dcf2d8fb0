"""A nation in a night: 43 made-up forces, 2.4 million cells, six million crimes a year, 16 types, on this machine.

What is measured is the night itself but for its page files: reading the log, forecasts, boxes, reasons, rank ranges
and baselines of every force, by ``compose_night``, one force after another with one pool of workers. No night before
is replayed. The growth over 1, 4, 16 and 43 forces is read off while one run goes on. Made-up crime says nothing of
skill. ``PEELIAN_NATION_SCALE`` (1 unless given) makes ground and crime of every force smaller;
``PEELIAN_NATION_FORCES`` (43) ends the run after so many of them. Linux only: memory is read from ``/proc``.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import shapely

from peelian.jobs.terms import NightTerms, Terms
from peelian.store.areas import AreaStore
from peelian.store.database import open_database
from peelian.store.events import EventStore
from peelian.towns.nation import Ground, Nation, crimes, grounds

NIGHT, DAYS, WORKERS = date(2026, 1, 1), 365, 2
UNTIL = datetime(NIGHT.year, NIGHT.month, NIGHT.day, tzinfo=UTC)
STEPS = (1, 4, 16, 43)
#: Model, boxes, and how many boxes the longer list has beside the ten that were asked for (0: no such list).
WAYS = (
    ("smoothed-counts", "grid", 20),
    ("mixture", "grid", 20),
    ("mixture", "floating", 20),
    ("mixture", "floating", 0),
)
TARGET_S, TARGET_GB = 300.0, 6.0


def run() -> list[dict[str, object]]:
    """Return rows of name, measured, target and unit."""
    forces = int(os.environ.get("PEELIAN_NATION_FORCES", STEPS[-1]))
    nation = scaled(float(os.environ.get("PEELIAN_NATION_SCALE", "1")))
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        prepare(Path(folder), nation, forces)
        rows: list[dict[str, object]] = [
            {
                "name": f"nation: making and ingesting the crimes of {forces} forces",
                "measured": time.perf_counter() - began,
                "target": None,
                "unit": "s",
            }
        ]
        for model, boxes, longer in WAYS:
            # A process of its own: its peak is its own, and so is its processor time.
            words = [sys.executable, __file__, folder, model, boxes, str(longer), str(forces)]
            done = subprocess.run(words, check=True, capture_output=True, text=True)
            name = f"nation, {model}, boxes {boxes}{'' if longer else ', ten alone'}"
            rows += _told(name, [json.loads(line) for line in done.stdout.splitlines()], nation)
    return rows


def scaled(scale: float) -> Nation:
    """Return the nation with ground, districts and crime made smaller alike; as many forces and types."""
    whole = Nation()
    return replace(
        whole,
        n_cells=max(round(whole.n_cells * scale), whole.n_forces),
        n_districts=max(round(whole.n_districts * scale), whole.n_forces),
        events_a_year=whole.events_a_year * scale,
    )


def prepare(home: Path, nation: Nation, forces: int) -> None:
    """Fill a home with the first forces' districts and a year of their crimes."""
    open_database(home)
    from peelian.jobs.demo import CARD
    from peelian.store import nights

    for ground in grounds(nation)[:forces]:
        EventStore(home).append(ground.force, "made up", UNTIL, crimes(ground, UNTIL, DAYS))
        file = home / "districts.geojson"
        file.write_text(json.dumps(_districts(ground)), encoding="utf-8")
        AreaStore(home).add(ground.force, "borough", file, "id")
    nights.agree_card(replace(CARD, expires=NIGHT), nights.utc_now())


def measure(home: Path, model: str, boxes: str, longer: int, forces: int) -> Iterator[dict[str, float]]:
    """Yield what was used when 1, 4, 16 ... forces were done: seconds, processor seconds, peak memory, size."""
    open_database(home)
    from peelian.jobs.executors import Workers
    from peelian.jobs.night import compose_night

    terms = Terms(
        home=home, workers=WORKERS, night=NightTerms(model=model, boxes=boxes, longer=longer, replay_nights=0)
    )
    so_far = {"forces": 0, "cells": 0, "events": 0, "maps": 0}
    began, cpu_began = time.perf_counter(), time.process_time()
    with Workers(terms.executor, terms.workers) as workers:
        for number, force in enumerate(EventStore(home).forces()[:forces], start=1):
            night = compose_night(terms, force, NIGHT, workers).night
            so_far["forces"] = number
            so_far["cells"] += night.layer.grid.n_cells
            so_far["events"] += night.n_events_known
            so_far["maps"] += len(night.areas)
            if number in STEPS or number == forces:
                children = [child.pid for child in active_children() if child.pid]
                yield so_far | {
                    "seconds": time.perf_counter() - began,
                    "cpu": time.process_time() - cpu_began + sum(_cpu_seconds(pid) for pid in children),
                    "peak_gb": sum(_peak_gb(pid) for pid in [os.getpid(), *children]),
                }


def _told(name: str, steps: list[dict[str, Any]], nation: Nation) -> list[dict[str, object]]:
    """Return rows for each step; only the whole nation at full size is held to its target."""
    rows: list[dict[str, object]] = []
    for step in steps:
        is_whole = step["forces"] == STEPS[-1] and nation == Nation()
        size = f"{step['forces']} forces, {step['cells'] / 1e6:.2f} M cells, {step['events'] / 1e6:.2f} M events"
        rows += [
            {
                "name": f"{name}: {size}, {step['maps']:,} maps",
                "measured": step["seconds"],
                "target": TARGET_S if is_whole else None,
                "unit": "s",
            },
            {"name": f"{name}: same, processor time of all", "measured": step["cpu"], "target": None, "unit": "s"},
            {
                "name": f"{name}: same, peaks of all processes together",
                "measured": step["peak_gb"],
                "target": TARGET_GB if is_whole else None,
                "unit": "GB",
            },
        ]
    return rows


def _districts(ground: Ground) -> dict[str, Any]:
    """Return the ground's districts as GeoJSON, in metres and saying so."""
    crs = {"type": "name", "properties": {"name": ground.force.crs}}
    features = [
        {"type": "Feature", "properties": {"id": area_id}, "geometry": json.loads(shapely.to_geojson(polygon))}
        for area_id, polygon in ground.districts()
    ]
    return {"type": "FeatureCollection", "crs": crs, "features": features}


def _cpu_seconds(pid: int) -> float:
    # Fields 14 and 15 of stat, counted after the name in brackets, which may hold blanks.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_gb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1e6


if __name__ == "__main__":
    for step_done in measure(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])):
        print(json.dumps(step_done), flush=True)
