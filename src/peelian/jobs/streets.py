"""Streets: a force's network into its home, and the best tenth of all streets for one day and crime type."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peelian.delivery.street_geojson import streets_geojson
from peelian.errors import StoreError
from peelian.evaluation.record import TRACK_SCHEMA
from peelian.events.bundles import Bundle
from peelian.jobs.forecasting import OURS
from peelian.places.forces import DatePrecision, Force
from peelian.places.periods import Period, day_of, month_of
from peelian.places.squares import Squares
from peelian.places.streets import StreetNetwork
from peelian.selection.streets import (
    StreetKernel,
    check_streets,
    nearest_stretch,
    street_rates,
    stretches_of_boxes,
    top_streets,
)
from peelian.sources.networks import read_network
from peelian.store.events import EventStore
from peelian.store.streets import keep_network, keep_street_map, network_of
from peelian.store.tracks import TrackStore


@dataclass(frozen=True, slots=True)
class StreetRequest:
    """Which day's and crime type's streets are asked for; a day begins at ``start_hour``."""

    on: date
    crime_type: str
    share: float = 0.1
    force: str | None = None
    start_hour: int = 0
    bundles: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, eq=False)
class StreetMap:
    """The chosen stretches of one map, their shares of length and expected count, and what lies on no street."""

    force: Force
    crime_type: str
    period: Period
    chosen: pl.DataFrame
    length_share: float
    expected_share: float
    expected_total: float
    events: int
    off_street: int
    boxes: pl.DataFrame  # area_id, rank of the published boxes, and the stretches in each; empty where none stand
    file: Path


def add_network(home: Path, force_id: str | None, file: Path) -> tuple[Force, StreetNetwork]:
    """Keep a file as the force's street network.

    Raises
    ------
    SourceError
        When the file is no street network.
    ForecastError
        When the feed does not say where on a street its crimes are: no map of streets will be made from it.
    """
    force = _force(EventStore(home), force_id)
    check_streets(force.location_precision)
    network = read_network(file, force.crs)
    keep_network(home, force, network)
    return force, network


def map_streets(home: Path, request: StreetRequest) -> StreetMap:
    """Make, keep and return the map of the best streets of one day (month, where the feed is dated to it).

    Raises
    ------
    ForecastError
        When the feed is too coarse for streets.
    StoreError
        When there is no such force, or it has no network, or no event of the type is known.
    """
    store, crime_type = EventStore(home), request.crime_type
    force = _force(store, request.force)
    check_streets(force.location_precision)
    network = network_of(home, force)
    monthly = force.date_precision is DatePrecision.MONTH
    period = (
        month_of(request.on, force.time_zone) if monthly else day_of(request.on, force.time_zone, request.start_hour)
    )
    weights = request.bundles.get(crime_type)
    bundle = Bundle.from_mapping(crime_type, weights) if weights else Bundle.of(crime_type)
    history = store.known_at(force.id, period.start)
    own = bundle.select(history)
    if not len(own):
        raise StoreError(f"{force.name}: no event of {crime_type!r} was known at {period.start:%Y-%m-%d %H:%M} UTC.")
    kernel = StreetKernel()
    rates = street_rates(network, history, bundle, kernel)
    table = top_streets(network, rates, period, request.share)
    chosen = table.filter("is_chosen")
    off = int((nearest_stretch(network, own.x, own.y, kernel.most_m) < 0).sum())
    content = streets_geojson(chosen, network.lines, force, crime_type, period)
    file = keep_street_map(home, force, f"{request.on.isoformat()}-{crime_type}", content)
    return StreetMap(
        force,
        crime_type,
        period,
        chosen,
        float(chosen.get_column("length_m").sum() / network.length_m.sum()),
        float(chosen.get_column("share").sum()),
        float(rates.sum() * period.days),
        len(own),
        off,
        _in_boxes(home, force, request, network, rates, period),
        file,
    )


def _in_boxes(
    home: Path,
    force: Force,
    request: StreetRequest,
    network: StreetNetwork,
    rates: NDArray[np.float64],
    period: Period,
) -> pl.DataFrame:
    """Return the stretches in each box that the night published for this crime type, most expected first."""
    published = TrackStore(home).published(force.id, request.on)
    own = pl.DataFrame(schema=TRACK_SCHEMA) if published is None else published
    own = own.filter((pl.col("method") == OURS) & (pl.col("bundle") == request.crime_type)).with_row_index("box")
    size_m = float(own["size_m"][0]) if own.height else 1.0
    squares = Squares(own["x_min"].to_numpy(), own["y_min"].to_numpy(), size_m)
    stretches = stretches_of_boxes(network, rates, period, squares)
    named = own.select(pl.col("box").cast(pl.Int64), "area_id", "rank")
    return named.join(stretches, on="box", how="inner", maintain_order="left_right").drop("box")


def _force(store: EventStore, force_id: str | None) -> Force:
    if force_id is not None:
        return store.force(force_id)
    forces = store.forces()
    if len(forces) != 1:
        known = ", ".join(force.id for force in forces) or "none: run `peelian ingest` first"
        raise StoreError(f"say which force with --force; known are {known}.")
    return forces[0]
