"""A force's ground: its metric CRS, its middle and its reach. Where longitude and latitude end.

The reach tells a stray point from a wide city: three times the distance within which 95 % of the
points lie, 25 km at least and 550 km at most. A stray would stretch the grid by millions of cells for one event.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.resources import files

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peelian.errors import PlaceError, SourceError
from peelian.places.projections import WGS84, Projection, metric_crs_for, parse_crs
from peelian.sources.records import Batch, Feed
from peelian.sources.refusals import Reason, Sieve

LEAST_REACH_M = 25_000.0
#: Twice this, squared, is the largest grid of 250 m cells (``places.grid.MOST_CELLS``): no force reaches farther.
MOST_REACH_M = 550_000.0
_SPREADS = 3.0
_NEAR_SHARE = 0.95
#: Fewer points than this do not settle a reach: it is measured anew while a force is younger.
ENOUGH_POINTS = 1_000
#: A median point farther than this from its time zone's city is a wrong CRS or time zone: China spans 3,300 km.
_FAR_FROM_ZONE_KM = 5_000.0


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a force's events lie, in metres of ``crs``."""

    crs: str
    centre_x: float
    centre_y: float
    reach_m: float
    n_points: int

    @classmethod
    def around(cls, crs: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> "Ground":
        """Return the ground of these points, which must be finite and at least one."""
        centre_x, centre_y = float(np.median(x)), float(np.median(y))
        distances = np.sort(np.hypot(x - centre_x, y - centre_y))
        # Of few points the farthest is left out too: among twenty, one stray would else set the reach.
        n_near = min(int(np.ceil(_NEAR_SHARE * x.size)), max(x.size - 1, 1))
        spread = float(distances[n_near - 1])
        return cls(crs, centre_x, centre_y, min(max(LEAST_REACH_M, _SPREADS * spread), MOST_REACH_M), x.size)

    def holds(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell of each point whether it lies within the reach; a point that is not finite does not."""
        return np.asarray(np.hypot(x - self.centre_x, y - self.centre_y) <= self.reach_m)


def settle(feed: Feed, batch: Batch, held: pl.DataFrame) -> Ground | None:
    """Return the ground that a feed's records lie on, ``held`` ones (x, y in metres) with them.

    None where the batch has no point.

    Raises
    ------
    SourceError
        When most coordinates cannot be in the feed's CRS: degrees where metres belong, axes
        swapped, or a middle that lies half a world away from the feed's time zone.
    """
    points = batch.records.filter(~pl.col("is_retraction") & pl.col("x").is_finite() & pl.col("y").is_finite())
    if points.height == 0:
        return None
    x, y = points.get_column("x").to_numpy(), points.get_column("y").to_numpy()
    where = f"{batch.file}, line {points.get_column('line')[0]}: x = {x[0]:.10g}, y = {y[0]:.10g}"
    _check_units(feed, x, y, where)
    longitude, latitude = _degrees(feed.crs, x, y)
    if not np.isfinite(longitude).any():
        raise SourceError(f"{where} and all others lie outside {feed.crs}. Name the feed's CRS.")
    _check_axes(feed, x, y, where)
    try:
        crs = feed.metric_crs or metric_crs_for(longitude, latitude)
        east, north = Projection(crs).from_crs(feed.crs, x, y)
    except PlaceError as error:
        raise SourceError(f"{where}: {error}") from error
    good = np.isfinite(east) & np.isfinite(north)
    if not good.any():
        middle = f"{np.nanmedian(longitude):.3f}, {np.nanmedian(latitude):.3f}"
        raise SourceError(
            f"{where} and all others lie nowhere in {crs}; read in {feed.crs} their middle is at {middle} degrees. "
            f"Name the feed's own CRS, or another `metric_crs`."
        )
    held_x, held_y = (held.get_column(c).to_numpy() for c in ("x", "y"))
    if held.height:
        _check_against_held(feed, Ground.around(crs, held_x, held_y), (x, y), where)
    return Ground.around(crs, np.append(held_x, east[good]), np.append(held_y, north[good]))


def place(feed: Feed, ground: Ground, batch: Batch, received_at: datetime) -> Batch:
    """Return the batch with its points in metres of the ground's CRS, what cannot be there or then refused.

    Retractions keep no place of their own: they stand where the event that they take back stood.
    """
    x, y = (batch.records.get_column(c).to_numpy() for c in ("x", "y"))
    east, north = Projection(ground.crs).from_crs(feed.crs, x, y)
    inside = ground.holds(east, north)
    swapped = np.zeros(x.shape, dtype=np.bool_)
    if not inside.all():
        odd = np.flatnonzero(~inside)
        swapped[odd] = ground.holds(*Projection(ground.crs).from_crs(feed.crs, y[odd], x[odd]))
    projected = not parse_crs(feed.crs).is_geographic
    table = batch.records.with_columns(
        pl.Series("east", east), pl.Series("north", north), pl.Series("inside", inside), pl.Series("swapped", swapped)
    )
    sieve = Sieve.over(batch.file, table)
    sieve.refuse(Reason.FUTURE, pl.col("occurred_from") > received_at, pl.col("occurred_from").dt.to_string("iso"))
    given_late = pl.col("is_recorded_given") & (pl.col("recorded_at") > received_at)
    sieve.refuse(Reason.FUTURE, given_late, pl.format("recorded {}", pl.col("recorded_at").dt.to_string("iso")))
    sieve.refuse(
        Reason.REVERSED_SPAN,
        pl.col("occurred_to") < pl.col("occurred_from"),
        pl.format("{} to {}", pl.col("occurred_from").dt.to_string("iso"), pl.col("occurred_to").dt.to_string("iso")),
    )
    here = ~pl.col("is_retraction")
    point = pl.format("{}, {}", "x", "y")
    if projected:
        sieve.refuse(Reason.DEGREES, here & ~pl.col("inside") & _like_degrees("x", "y"), point)
    sieve.refuse(Reason.SWAPPED, here & ~pl.col("inside") & pl.col("swapped"), point)
    sieve.refuse(Reason.NOWHERE, here & ~(pl.col("east").is_finite() & pl.col("north").is_finite()), point)
    sieve.refuse(Reason.STRAY, here & ~pl.col("inside"), point)
    # A metre's thousandth is far below any feed's precision, and the same on every machine.
    placed = sieve.table.with_columns(
        pl.col("east").fill_nan(0.0).round(3).alias("x"),
        pl.col("north").fill_nan(0.0).round(3).alias("y"),
        # What is assumed to be recorded after it reached us was recorded by then: we hold it.
        pl.min_horizontal("recorded_at", pl.lit(received_at)).cast(pl.Datetime("us", "UTC")).alias("recorded_at"),
    )
    return Batch(batch.file, placed.select(batch.records.columns), pl.concat([batch.refused, sieve.refused]))


def _like_degrees(x: str, y: str) -> pl.Expr:
    return (pl.col(x).abs() <= 180) & (pl.col(y).abs() <= 180)  # noqa: PLR2004 - degrees, in either order


def _check_units(feed: Feed, x: NDArray[np.float64], y: NDArray[np.float64], where: str) -> None:
    small = (np.abs(x) <= 180) & (np.abs(y) <= 180)  # noqa: PLR2004 - degrees, in either order
    if parse_crs(feed.crs).is_geographic:
        if np.mean(small) < 0.5:  # noqa: PLR2004 - most of them
            raise SourceError(
                f"{where} look like metres or feet, but {feed.crs} counts in degrees. Name the feed's CRS."
            )
    elif np.mean(small) > 0.5:  # noqa: PLR2004 - most of them
        raise SourceError(
            f"{where} look like degrees, but {feed.crs} does not count in them. The CRS is '{WGS84}' then."
        )


def _check_axes(feed: Feed, x: NDArray[np.float64], y: NDArray[np.float64], where: str) -> None:
    """Hold the middle of the points against the place of the time zone, straight and with axes exchanged."""
    zone = zone_places().get(feed.time_zone)
    if zone is None:
        return
    straight = _km_from(zone, *_degrees(feed.crs, np.array([np.median(x)]), np.array([np.median(y)])))
    if straight < _FAR_FROM_ZONE_KM / 2:
        return
    swapped = _km_from(zone, *_degrees(feed.crs, np.array([np.median(y)]), np.array([np.median(x)])))
    if swapped < straight / 2 and swapped < _FAR_FROM_ZONE_KM / 2:
        raise SourceError(f"{where}: the axes look swapped (x is longitude or easting, y is latitude or northing).")
    if straight > _FAR_FROM_ZONE_KM:
        raise SourceError(
            f"{where}: in {feed.crs} the middle of the file lies {straight:,.0f} km from {feed.time_zone}. "
            "The CRS or the time zone is another."
        )


def _check_against_held(
    feed: Feed, ground: Ground, points: tuple[NDArray[np.float64], NDArray[np.float64]], where: str
) -> None:
    """Refuse a file whose middle lies on the force's ground only with its axes exchanged."""
    x, y = (np.array([np.median(values)]) for values in points)
    to_ground = Projection(ground.crs)
    if ground.holds(*to_ground.from_crs(feed.crs, x, y))[0] or not ground.holds(*to_ground.from_crs(feed.crs, y, x))[0]:
        return
    raise SourceError(
        f"{where}: the axes look swapped; exchanged, the file's middle lies among the events held. "
        "x is longitude or easting, y is latitude or northing."
    )


def _degrees(
    crs: str, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if parse_crs(crs).is_geographic:
        good = (np.abs(x) <= 180) & (np.abs(y) <= 90)  # noqa: PLR2004 - the bounds of the earth
        return np.where(good, x, np.nan), np.where(good, y, np.nan)
    # Any metric CRS of the world would do to come back from; UTM's parent datum is enough for kilometres.
    return _world(crs, x, y)


def _world(crs: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from pyproj import Transformer

    lon, lat = Transformer.from_crs(parse_crs(crs), parse_crs(WGS84), always_xy=True).transform(x, y)
    bad = ~(np.isfinite(lon) & np.isfinite(lat))
    return np.where(bad, np.nan, lon), np.where(bad, np.nan, lat)


def _km_from(place: tuple[float, float], longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> float:
    """Return the great-circle distance in km on a sphere; infinity for a point that is nowhere."""
    if not (np.isfinite(longitude[0]) and np.isfinite(latitude[0])):
        return float("inf")
    lon0, lat0, lon1, lat1 = np.radians([*place, longitude[0], latitude[0]])
    half = np.sin((lat1 - lat0) / 2) ** 2 + np.cos(lat0) * np.cos(lat1) * np.sin((lon1 - lon0) / 2) ** 2
    return float(2 * 6371 * np.arcsin(np.sqrt(half)))


@lru_cache(maxsize=1)
def zone_places() -> dict[str, tuple[float, float]]:
    """Return the (longitude, latitude) of each time zone's city, from the tz database's own table."""
    text = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {row[2]: _iso6709(row[1]) for row in rows}


def _iso6709(text: str) -> tuple[float, float]:
    """Return (longitude, latitude) of ``+DDMM+DDDMM`` or ``+DDMMSS+DDDMMSS``."""
    split = max(text.rfind("+"), text.rfind("-"))
    return _sexagesimal(text[split:], 3), _sexagesimal(text[:split], 2)


def _sexagesimal(text: str, n_degrees: int) -> float:
    sign, digits = (-1 if text[0] == "-" else 1), text[1:]
    minutes, seconds = digits[n_degrees : n_degrees + 2], digits[n_degrees + 2 :] or "0"
    return sign * (int(digits[:n_degrees]) + int(minutes) / 60 + int(seconds) / 3600)
