# ruff: noqa: INP001 - a script beside its samples, no package
"""Makes the reduced samples in this folder from the full published files: fewer columns, every row.

Not needed to use the samples. ``python examples/make.py SOURCE`` where SOURCE holds the folders
that each PROVENANCE.md names.
"""

import shutil
import sys
from pathlib import Path

import polars as pl

HERE = Path(__file__).parent
#: No house number, no name of a place, no comment: what an event may hold and what its reading needs.
SLMPD = (
    "Complaint",
    "CodedMonth",
    "DateOccur",
    "Count",
    "Crime",
    "District",
    "Description",
    "ILEADSStreet",
    "XCoord",
    "YCoord",
)
SLMPD_MAY = (
    *("Complaint", "Coded Month", "Date Occur", "Count", "Crime", "ILeads Add", "District", "Description"),
    *("ILEADS-Street", "X-Coord", "Y-Coord"),
)
CITY_MONTHS = ("2016-01", "2016-02", "2016-03", "2016-04")


def st_louis(source: Path) -> None:
    """Write four years and the month with entry times, only the columns needed; copy the polygons."""
    target = HERE / "st-louis"
    target.mkdir(exist_ok=True)
    for year in range(2015, 2019):
        table = pl.read_parquet(source / f"crimes_{year}.parquet", columns=list(SLMPD))
        table.write_parquet(target / f"crimes_{year}.parquet", compression="zstd", compression_level=19)
    may = pl.read_parquet(source / "crimes_2017-05_all_26_columns.parquet", columns=list(SLMPD_MAY))
    # By its name it is read before the year that repeats it without entry times: the times stand.
    may.write_csv(target / "2017-05-with-entry-times.csv")
    for name in ("stl_boundary_wgs84.geojson.gz", "stl_neighborhoods.geojson.gz"):
        shutil.copyfile(source / name, target / name)


def city_of_london(source: Path) -> None:
    """Copy four months of streets and one of outcomes as published."""
    target = HERE / "city-of-london"
    target.mkdir(exist_ok=True)
    for month in CITY_MONTHS:
        shutil.copyfile(
            source / f"{month}-city-of-london-street.csv.gz", target / f"{month}-city-of-london-street.csv.gz"
        )
    outcomes = f"{CITY_MONTHS[0]}-city-of-london-outcomes.csv.gz"
    shutil.copyfile(source / outcomes, target / outcomes)


def london_boundaries(source: Path) -> None:
    """Copy boroughs and wards."""
    target = HERE / "london-boundaries"
    target.mkdir(exist_ok=True)
    for name in ("boroughs.geojson.gz", "wards_2014.geojson.gz"):
        shutil.copyfile(source / name, target / name)


def street_network(source: Path) -> None:
    """Copy the streets of Covent Garden and the Strand."""
    target = HERE / "street-network"
    target.mkdir(exist_ok=True)
    name = "central_london_highways.geojson.gz"
    shutil.copyfile(source / name, target / name)


if __name__ == "__main__":
    root = Path(sys.argv[1])
    st_louis(root / "stlouis-slmpd-2015-2018")
    city_of_london(root / "city-of-london-police-uk")
    london_boundaries(root / "london-boundaries")
    street_network(root / "street-network")
