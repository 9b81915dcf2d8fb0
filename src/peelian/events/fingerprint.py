"""The fingerprint of a table of events: what a night writes down so that anyone can check its inputs."""

import hashlib

import numpy as np
import polars as pl

from peelian.events.events import EVENT_SCHEMA, Events


def fingerprint(events: Events) -> str:
    """Return the SHA-256, in hex, over canonical bytes of the events.

    It depends on the events, their CRS and nothing else: not on the order of rows, the version of
    polars, the machine or the instant at which they were known. Canonical: rows by (occurred_from,
    event_id, recorded_at); column by column its name; instants as microseconds and coordinates as
    IEEE doubles, both little-endian; texts as their lengths in bytes, then their bytes in UTF-8
    (a null has length -1).
    """
    table = events.table.sort("occurred_from", "event_id", "recorded_at", "crime_type", "x", "y")
    digest = hashlib.sha256(f"peelian events 1\n{events.crs}\n{table.height}\n".encode())
    for name, dtype in EVENT_SCHEMA.items():
        column = table.get_column(name)
        digest.update(f"{name}\n".encode())
        if dtype == pl.String:
            lengths = column.str.len_bytes().cast(pl.Int64).fill_null(-1)
            digest.update(lengths.to_numpy().astype("<i8").tobytes())
            digest.update("".join(column.drop_nulls().to_list()).encode())
        elif dtype == pl.Float64:
            # Minus zero equals zero, so both have one form.
            digest.update((column.to_numpy() + 0.0).astype("<f8").tobytes())
        else:
            digest.update(np.ascontiguousarray(column.to_physical().to_numpy()).astype("<i8").tobytes())
    return digest.hexdigest()
