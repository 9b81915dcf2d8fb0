"""How the self-exciting model's fit grows: simulated crime around two hundred spots over four years, one thread.

PredictCode's SEPP takes 31 s and 0.6 GB for one fit of about 3,000 events, and its cost grows with the square.
``PEELIAN_BENCH_EVENTS`` ends the table early.
"""

import json
import os
import subprocess
import sys

SIZES = (3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
#: Seconds and gigabytes that must not be passed.
TARGETS = {100_000: (20.0, 1.0), 1_000_000: (240.0, None)}

ALONE = """
import json, resource, sys, time
from datetime import UTC, datetime, timedelta
import numpy as np
import polars as pl
from peelian.events import EVENT_SCHEMA, Bundle, Events
from peelian.models.hawkes import Hawkes
from peelian.places import Grid, Region

n, side = int(sys.argv[1]), 20_000.0
cutoff = datetime(2018, 7, 4, tzinfo=UTC)
rng = np.random.default_rng(0)
spots = rng.normal(side / 2, side / 6, (200, 2))
points = np.clip(spots[rng.integers(0, 200, n)] + rng.normal(0, 300, (n, 2)), 0, side - 1)
age = pl.Series(rng.uniform(0.1, 1460, n) * 86_400_000_000).cast(pl.Int64).cast(pl.Duration("us"))
began = (pl.lit(cutoff) - age).alias("began")
table = pl.DataFrame({"x": points[:, 0] + 25_000, "y": points[:, 1] + 50_000}).with_columns(began)
table = table.select(
    event_id=pl.int_range(pl.len()).cast(pl.String), crime_type=pl.lit("burglary"), x="x", y="y",
    occurred_from=pl.col("began"), occurred_to=pl.col("began"), recorded_at=pl.col("began"),
    district=pl.lit(None, pl.String), street=pl.lit(None, pl.String),
).select(pl.col(name).cast(dtype) for name, dtype in EVENT_SCHEMA.items())
history = Events(table, "EPSG:32615", cutoff)
region = Region(Grid("EPSG:32615", 250.0, 100, 200, 80, 80), np.ones(6400, dtype=np.bool_))
began_s, began_cpu = time.perf_counter(), time.process_time()
Hawkes(longest_days=1461).fit(history, Bundle.of("burglary"), region)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print(json.dumps([time.perf_counter() - began_s, time.process_time() - began_cpu, peak]))
"""


def run() -> list[dict[str, object]]:
    """Return rows of name, measured, target and unit; each size in a process of its own."""
    most = int(os.environ.get("PEELIAN_BENCH_EVENTS", str(SIZES[-1])))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
    rows: list[dict[str, object]] = []
    for n in SIZES:
        if n > most:
            break
        done = subprocess.run(
            [sys.executable, "-c", ALONE, str(n)], capture_output=True, text=True, check=True, env=environment
        )
        wall, processor, peak = json.loads(done.stdout.splitlines()[-1])
        seconds, gigabytes = TARGETS.get(n, (None, None))
        rows += [
            {"name": f"hawkes, one fit, {n:,} events", "measured": wall, "target": seconds, "unit": "s"},
            {"name": f"hawkes, one fit, {n:,} events, processor", "measured": processor, "target": None, "unit": "s"},
            {"name": f"hawkes, one fit, {n:,} events, memory", "measured": peak, "target": gigabytes, "unit": "GB"},
        ]
    return rows
