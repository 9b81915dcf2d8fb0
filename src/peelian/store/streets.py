"""A force's street network, kept as WKB in Parquet under ``HOME/streets/force=ID/network.parquet``, in its metres."""

import hashlib
import io
from pathlib import Path

import numpy as np
import polars as pl
import shapely

from peelian.errors import StoreError
from peelian.places.forces import Force
from peelian.places.streets import StreetNetwork
from peelian.store.files import write_whole

_SCHEMA = pl.Schema({"street": pl.String, "wkb": pl.Binary})


def keep_network(home: Path, force: Force, network: StreetNetwork) -> Path:
    """Keep the network as the force's; an earlier one is replaced. Return its file."""
    rows = pl.DataFrame({"street": list(network.names), "wkb": list(shapely.to_wkb(network.lines))}, schema=_SCHEMA)
    held = io.BytesIO()
    rows.write_parquet(held, compression="zstd")
    path = _path(home, force)
    write_whole(path, held.getbuffer())
    return path


def network_mark(home: Path, force: Force) -> str:
    """Return the SHA-256 of the force's network as it is kept; "" where it has none."""
    path = _path(home, force)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def network_of(home: Path, force: Force) -> StreetNetwork:
    """Return the force's network.

    Raises
    ------
    StoreError
        When the force has none, or its file cannot be read.
    """
    path = _path(home, force)
    if not path.exists():
        raise StoreError(f"{force.name} has no street network; bring one in with 'peelian streets add NETWORK'.")
    try:
        rows = pl.read_parquet(path, schema=_SCHEMA)
        lines = shapely.from_wkb(rows.get_column("wkb").to_numpy())
    except (OSError, pl.exceptions.PolarsError, shapely.errors.ShapelyError) as error:
        raise StoreError(f"{path}: {error}. Bring the network in again with 'peelian streets add'.") from error
    return StreetNetwork.of(force.crs, np.asarray(lines, dtype=object), rows.get_column("street").to_list())


def keep_street_map(home: Path, force: Force, name: str, content: bytes) -> Path:
    """Keep a map of streets beside the network, replacing one of the same name; return its file."""
    path = _path(home, force).with_name(f"{name}.geojson")
    write_whole(path, content)
    return path


def _path(home: Path, force: Force) -> Path:
    return Path(home) / "streets" / f"force={force.id}" / "network.parquet"
