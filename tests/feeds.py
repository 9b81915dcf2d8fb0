"""Small made-up feeds for the tests of ingest: every file here is written by these lines, none is copied."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

from peelian.jobs.ingest import ingest
from peelian.sources.mapped import Mapped
from peelian.sources.mapping import parse_mapping
from peelian.sources.police_uk import PoliceUk
from peelian.sources.report import IngestReport
from peelian.sources.slmpd import Slmpd

RECEIVED = datetime(2020, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2020, 4, 1, 12, tzinfo=UTC)

STREET_HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    "Last outcome category,Context"
)
SLMPD_HEADER = (
    "Complaint,CodedMonth,DateOccur,FlagCrime,FlagUnfounded,FlagAdministrative,Count,FlagCleanup,Crime,District,"
    "Description,ILEADSAddress,ILEADSStreet,Neighborhood,LocationName,LocationComment,CADAddress,CADStreet,XCoord,YCoord"
)
MAPPING = """
[force]
id = "anytown"
name = "Anytown"
time_zone = "Europe/London"
[place]
crs = "EPSG:27700"
[time]
formats = ["%d/%m/%Y %H:%M", "%d/%m/%Y"]
assumed_delay_hours = 12
[columns]
id = "Ref"
crime_type = "Offence"
x = "X"
y = "Y"
occurred_from = "From"
[crime_types]
"Burglary" = "burglary"
"Robbery" = "robbery"
"""
CSV_HEADER = "Ref,Offence,X,Y,From"


def street_row(
    crime_id: str = "",
    month: str = "2019-05",
    longitude: str = "-0.0915",
    latitude: str = "51.5142",
    location: str = "On or near Cheapside",
    crime_type: str = "Burglary",
) -> str:
    """Return one row of a street file of data.police.uk."""
    force = "City of London Police"
    return f"{crime_id},{month},{force},{force},{longitude},{latitude},{location},,,{crime_type},,"


def slmpd_row(
    complaint: str = "19-000001",
    month: str = "2019-05",
    occurred: str = "05/02/2019 13:30",
    count: int = 1,
    crime: int = 51312,
    x: float = 894_355.0,
    y: float = 1_018_702.0,
) -> str:
    """Return one row of a St. Louis month, with a house number that nothing may keep."""
    return (
        f"{complaint},{month},{occurred},Y,,,{count},,{crime},4,MADE UP,4316,LINTON AVE,67,SOMEONE'S HOUSE,BACK DOOR,"
        f"4316,LINTON AVE,{x},{y}"
    )


def csv_row(
    ref: str = "A1", offence: str = "Burglary", x: str = "530000", y: str = "180000", at: str = "02/05/2019 13:30"
) -> str:
    """Return one row of the mapped feed."""
    return f"{ref},{offence},{x},{y},{at}"


def write(path: Path, *rows: str, encoding: str = "utf-8", packed: bool = False) -> Path:
    """Write rows as a file and return its path."""
    content = ("\n".join(rows) + "\n").encode(encoding)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if packed else content)
    return path


def take_street(home: Path, *paths: Path, received_at: datetime = RECEIVED) -> IngestReport:
    """Ingest street files."""
    return ingest(home, PoliceUk("anytown"), paths, received_at)


def take_slmpd(home: Path, *paths: Path, received_at: datetime = RECEIVED) -> IngestReport:
    """Ingest St. Louis files."""
    return ingest(home, Slmpd(), paths, received_at)


def take_csv(home: Path, *paths: Path, mapping: str = MAPPING, received_at: datetime = RECEIVED) -> IngestReport:
    """Ingest mapped files."""
    return ingest(home, Mapped(parse_mapping(mapping)), paths, received_at)


def refused(report: IngestReport) -> dict[str, int]:
    """Return how many rows were refused for each reason."""
    return {r.reason: r.count for r in report.refused}
