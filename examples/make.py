# ruff: noqa: INP001 - a script beside its samples, no package
"""Makes the samples in this folder: published files with fewer columns and every row, and a made-up force.

Not needed to use the samples. ``python examples/make.py SOURCE`` where SOURCE holds the folders
that each PROVENANCE.md names.
"""

import csv
import random
import shutil
import sys
from datetime import datetime, timedelta
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


#: People of FEBRL kept in the samples: enough to learn from, few enough to read.
FEBRL_PEOPLE = 400


def record_linkage(source: Path) -> None:
    """Write the first people of FEBRL 3 and 4 with all their records; blanks after commas are left out."""
    target = HERE / "record-linkage"
    target.mkdir(exist_ok=True)
    for name in ("febrl_dataset3", "febrl_dataset4a", "febrl_dataset4b"):
        table = pl.read_csv(source / f"{name}.csv.gz", infer_schema=False)
        table = table.rename({column: column.strip() for column in table.columns})
        table = table.with_columns(pl.all().str.strip_chars())
        person = pl.col("rec_id").str.extract(r"^rec-(\d+)-").cast(pl.Int32())
        table.filter(person < FEBRL_PEOPLE).write_csv(target / f"{name}_first_{FEBRL_PEOPLE}.csv")


OFFENCES = (
    ("BURGLARY DWELLING", 80),
    ("BURGLARY NON DWELLING", 40),
    ("THEFT FROM M/V", 90),
    ("THEFT OF M/V", 30),
    ("ROBBERY PERSONAL", 20),
    ("CRIMINAL DAMAGE", 60),
    ("POSSESSION OF DRUGS", 30),
    ("OFFENSIVE WEAPON", 8),
    ("GOING EQUIPPED", 4),
)
FOUND_BY_OFFICERS = ("POSSESSION OF DRUGS", "OFFENSIVE WEAPON", "GOING EQUIPPED")
STREETS = (
    *("HIGH STREET", "STATION ROAD", "ST MARY'S LANE", "QUEEN STREET"),
    *("MARKET PLACE", "O'BRIEN WAY", "THE GREEN", "MILL ROAD"),
)
HEADER = (
    *("Crime Ref", "Offence Class", "Easting", "Northing", "From Date", "From Time", "To Date", "To Time", "Recorded"),
    *("Street", "Beat", "Status", "How Found"),
)


def anytown() -> None:
    """Write the made-up force: 362 incidents on eight streets in half a year, four of them wrong on purpose."""
    chance = random.Random(1829)  # noqa: S311 - made-up incidents, no secret
    corners = [(chance.gauss(0, 700), chance.gauss(0, 700)) for _ in STREETS]
    rows = []
    for offence, count in OFFENCES:
        for _ in range(count):
            rows.append(_incident(chance, corners, offence, len(rows) + 1))
    rows.sort(key=lambda row: row[0])
    table = [row[1] for row in rows]
    table[7][2] = table[7][3] = ""
    table[19][4] = "31/02/2019"
    table[33][2], table[33][3] = table[33][3], table[33][2]
    table[60][2] = "62" + table[60][2]
    target = HERE / "anytown"
    target.mkdir(exist_ok=True)
    with (target / "incidents.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([HEADER, *table])


def _incident(
    chance: random.Random, corners: list[tuple[float, float]], offence: str, number: int
) -> tuple[datetime, list[str]]:
    street = chance.randrange(len(STREETS))
    east, north = 622_000 + corners[street][0] + chance.gauss(0, 60), 309_000 + corners[street][1] + chance.gauss(0, 60)
    # A made-up feed writes local time without a zone, as real ones do.
    began = datetime(2019, 1, 1) + timedelta(minutes=chance.randrange(180 * 24 * 60))  # noqa: DTZ001
    span = timedelta(minutes=chance.choice([0, 0, 30, 240, 600]))
    recorded = began + span + timedelta(minutes=int(chance.expovariate(1 / 600)))
    found = "Officer initiated" if offence in FOUND_BY_OFFICERS or chance.random() < 0.02 else "Reported by public"  # noqa: PLR2004
    status = "No crime" if chance.random() < 0.02 else "Recorded"  # noqa: PLR2004 - one in fifty
    ended = began + span
    cells = [
        *(f"AT/{number:05d}/19", offence, f"{east:.0f}", f"{north:.0f}", f"{began:%d/%m/%Y}", f"{began:%H:%M}"),
        *((f"{ended:%d/%m/%Y}", f"{ended:%H:%M}") if span else ("", "")),
        *(f"{recorded:%d/%m/%Y %H:%M}", STREETS[street], f"B{street // 3 + 1}", status, found),
    ]
    return began, cells


if __name__ == "__main__":
    anytown()
    root = Path(sys.argv[1])
    st_louis(root / "stlouis-slmpd-2015-2018")
    city_of_london(root / "city-of-london-police-uk")
    london_boundaries(root / "london-boundaries")
    street_network(root / "street-network")
    record_linkage(root / "record-linkage")
