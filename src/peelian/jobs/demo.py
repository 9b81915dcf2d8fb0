"""The main job on the real sample: four years of St. Louis crime in, two nights out."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from peelian.errors import StoreError
from peelian.forecasts.nights import PurposeCard
from peelian.jobs.ingest import ingest
from peelian.jobs.night import NightOutcome, run_nights
from peelian.jobs.terms import Terms
from peelian.sources.slmpd import ASSUMED_DELAY, Slmpd
from peelian.store import nights as night_store

#: The pictures in the documentation show this night; the sample ends nine days after it.
FIRST, LAST = date(2018, 12, 20), date(2018, 12, 21)
CRIME_TYPES = ("burglary", "larceny", "robbery", "vehicle-theft")
#: The sample is old, so its card may be; every page made from it says "example".
CARD = PurposeCard(
    crime_type="*",
    goal="Show what Peelian makes of four years of recorded crime.",
    measure="Whether a reader of these pages can say what they claim, and what they do not.",
    owner="whoever runs this demonstration",
    stop_rule="Ends with the sample.",
    expires=date(2018, 12, 31),
    is_example=True,
)


def demo(settings: Terms, examples: Path, progress: Callable[[str], None] = lambda _: None) -> list[NightOutcome]:
    """Bring the sample in, agree on an example card, and make two nights; safe to repeat.

    Raises
    ------
    StoreError
        When the sample is not there: it comes with the repository, not with the installed program.
    """
    sample = examples / "st-louis"
    if not sample.is_dir():
        raise StoreError(f"the sample {sample} is not there; run the demo from a clone of the repository.")
    progress("reading the sample")
    ingest(
        settings.home,
        Slmpd(ASSUMED_DELAY),
        sorted(sample.glob("*.csv")) + sorted(sample.glob("*.parquet")),
        datetime.now(UTC),
    )
    if "*" not in night_store.cards():
        night_store.agree_card(CARD, night_store.utc_now())
    chosen = replace(settings.night, crime_types=settings.night.crime_types or CRIME_TYPES)
    return run_nights(replace(settings, night=chosen), LAST, since=FIRST, again=True, progress=progress)
