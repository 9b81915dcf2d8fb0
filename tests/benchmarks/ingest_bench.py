"""Figures of ingest: seconds and peak memory, each in a process of its own; big text by a flag.

``python tests/benchmarks/ingest_bench.py FOLDER [--gigabytes 2]`` where FOLDER holds the London
street crime of 2016-2017 in Parquet. Without that folder a feed of its size is made.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

ROWS = 1_452_818

_CHILD = """
import json, resource, sys, time
from datetime import UTC, datetime
from pathlib import Path
from peelian.jobs.ingest import ingest
from peelian.sources.police_uk import PoliceUk
began = time.perf_counter()
report = ingest(Path(sys.argv[1]), PoliceUk(sys.argv[2]), sys.argv[3:], datetime.now(UTC))
seconds = time.perf_counter() - began
used = resource.getrusage(resource.RUSAGE_SELF)
peak, cpu = used.ru_maxrss / 1e6, used.ru_utime + used.ru_stime
print(json.dumps({"seconds": seconds, "cpu": cpu, "peak_gb": peak, "rows": report.rows_read, "kept": report.kept}))
"""


def run(extract: Path | None = None) -> list[dict[str, Any]]:
    """Return the rows of the table: name, measured, target, unit."""
    source = str(extract) if extract is not None and extract.exists() else None
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "crimes.parquet"
        if source is None:
            make_london(made)
        first = measure(Path(folder) / "home", "london", source or str(made))
        again = measure(Path(folder) / "home", "london", source or str(made))
    what = "London 2016-2017" if source else "made of London's size"
    return [
        {"name": f"ingest {first['rows']:,} rows ({what})", "measured": first["seconds"], "target": 15.0, "unit": "s"},
        {"name": "ingest, processor time of all cores, start included", "measured": first["cpu"], "unit": "s"},
        {"name": "ingest, peak memory", "measured": first["peak_gb"], "target": 1.5, "unit": "GB"},
        {"name": "the same files again", "measured": again["seconds"], "target": 30.0, "unit": "s"},
        {"name": "the same again, peak memory", "measured": again["peak_gb"], "target": 1.5, "unit": "GB"},
    ]


def measure(home: Path, force: str, *paths: str) -> dict[str, float]:
    """Ingest in a fresh process, so that its peak is its own."""
    words = [sys.executable, "-c", _CHILD, str(home), force, *paths]
    return dict(json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout))


def make_london(path: Path) -> None:
    """Write a made-up month feed of London's size and mix, with its 45,700 points."""
    rng = np.random.default_rng(1829)
    points = rng.uniform([-0.45, 51.32], [0.2, 51.65], (45_700, 2)).round(6)
    at = points[rng.integers(0, len(points), ROWS)]
    types = ["anti-social-behaviour", "violent-crime", "other-theft", "vehicle-crime", "burglary", "drugs"]
    months = [f"{year}-{month:02d}" for year in (2016, 2017) for month in range(1, 13)]
    pl.DataFrame(
        {
            "id": np.arange(ROWS) + 46_000_000,
            "month": np.sort(rng.choice(months, ROWS)),
            "category": rng.choice(types, ROWS),
            "latitude": at[:, 1],
            "longitude": at[:, 0],
            "street_id": rng.integers(1, 45_700, ROWS).astype(np.int32),
        }
    ).write_parquet(path)


def run_big_text(gigabytes: float) -> list[dict[str, Any]]:
    """Return seconds and peak memory for one street CSV of that size."""
    header = (
        "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
        "Last outcome category,Context\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "2019-05-big-street.csv"
        n = 0
        with path.open("w", encoding="utf-8") as file:
            file.write(header)
            while file.tell() < gigabytes * 1e9:
                for _ in range(20_000):
                    n += 1
                    lon, lat = -0.3 + (n % 4099) * 1e-4, 51.4 + (n % 2053) * 1e-4
                    file.write(
                        f"{n:064x},2019-{1 + n % 12:02d},Big Police,Big Police,{lon:.6f},{lat:.6f},On or near A1,"
                        f"E01000914,Camden 028B,Burglary,Investigation complete; no suspect identified,\n"
                    )
        found = measure(Path(folder) / "home", "big", str(path))
    return [
        {
            "name": f"one CSV of {gigabytes:g} GB, {n:,} rows",
            "measured": found["seconds"],
            "target": 600.0,
            "unit": "s",
        },
        {"name": "processor time of all cores", "measured": found["cpu"], "unit": "s"},
        {
            "name": f"one CSV of {gigabytes:g} GB, peak memory",
            "measured": found["peak_gb"],
            "target": 2.5,
            "unit": "GB",
        },
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--gigabytes", type=float, default=0.0)
    chosen = parser.parse_args()
    for row in run_big_text(chosen.gigabytes) if chosen.gigabytes else run(chosen.folder):
        target = f"(target {row['target']:g})" if "target" in row else ""
        print(f"{row['name']:<60} {row['measured']:>8.2f} {row['unit']:<3} {target}")
