"""The run table: which night was tried when, by which process, and how it ended."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

from django.db import DatabaseError, transaction

from peelian.errors import StoreError
from peelian.forecasts.nights import Night
from peelian.store import notices
from peelian.store.nights import NightRun, PublishedBox, utc_now


@dataclass(frozen=True, slots=True)
class Run:
    """One try at a night, as it is told: when it was begun, when it ended and how."""

    force: str
    night: date
    status: str
    started_at: datetime
    ended_at: datetime | None
    model: str
    fingerprint: str
    error: str


def begin(force: str, night: date, pid: int, at: datetime) -> int:
    """Enter a run as running; return its number."""
    with _kept():
        return int(
            NightRun.objects.create(force=force, night=night, status=NightRun.RUNNING, started_at=at, pid=pid).pk
        )


def bury_the_dead() -> int:
    """Mark runs that say running as died; only call while holding the night's lock. Returns how many."""
    with _kept():
        return NightRun.objects.filter(status=NightRun.RUNNING).update(status=NightRun.DIED, ended_at=utc_now())


def fail(run: int, error: str, at: datetime) -> None:
    """Enter that a run failed, and why. A store that cannot take even that keeps the first error."""
    try:
        NightRun.objects.filter(pk=run).update(status=NightRun.FAILED, error=error, ended_at=at)
    except DatabaseError:
        return


def publish(run: int, night: Night, at: datetime, levels: Sequence[Night] = (), note: str = "") -> None:
    """Enter a run as done together with its boxes, those of further levels too, in one transaction: all or none.

    The notices that tell of it are put into the outbox in the same transaction.
    ``note`` says which further levels or lists could not be made.
    """
    with _kept(), transaction.atomic():
        PublishedBox.objects.filter(force=night.force.id, night=night.night).delete()
        for value in (night, *levels):
            PublishedBox.objects.bulk_create(_boxes(value), batch_size=2000)
        NightRun.objects.filter(pk=run).update(
            status=NightRun.DONE, ended_at=at, fingerprint=night.fingerprint, model=night.model, error=note
        )
        told = notices.about_night(
            night.force.id,
            night.night,
            levels=[value.layer.level for value in (night, *levels)],
            maps=len(night.areas),
            boxes=sum(len(area.boxes) for area in night.areas),
            valid_from=night.period.start.isoformat(),
            valid_to=night.period.end.isoformat(),
            model=night.model,
            fingerprint=night.fingerprint,
        )
        notices.put(notices.Occasion.PUBLISHED, night.force.id, f"run {run}", told, at)


def nights_done(force: str) -> set[date]:
    """Return the nights of a force that were published."""
    return set(NightRun.objects.filter(force=force, status=NightRun.DONE).values_list("night", flat=True))


def newest(force: str | None = None, *, most: int = 100) -> tuple[Run, ...]:
    """Return the runs begun last, of one force or of all, newest first."""
    rows = NightRun.objects.order_by("-id")
    rows = rows if force is None else rows.filter(force=force)
    names = [f.name for f in fields(Run)]
    return tuple(Run(*row) for row in rows.values_list(*names)[:most])


def last_run(force: str) -> tuple[date, str, str] | None:
    """Return night, status and error of the run begun last, or None where none was."""
    run = NightRun.objects.filter(force=force).order_by("id").last()
    return None if run is None else (run.night, run.status, run.error)


def _boxes(night: Night) -> Iterable[PublishedBox]:
    for area in night.areas:
        for index, row in enumerate(area.boxes.chosen.iter_rows(named=True)):
            yield PublishedBox(
                force=night.force.id,
                night=night.night,
                level=night.layer.level,
                area=area.area.id,
                crime_type=area.bundle.name,
                rank=row["rank"],
                x_min=row["x_min"],
                y_min=row["y_min"],
                size_m=area.boxes.size_m,
                expected_count=row["expected_count"],
                rank_low=row["rank_low"],
                rank_high=row["rank_high"],
                place=area.place_names[index],
                model=area.boxes.model,
                valid_from=area.period.start,
                valid_to=area.period.end,
            )


class _kept:  # noqa: N801 - reads as a word where it stands: with _kept()
    """Turn a database's refusal into the store's error, with the mend."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DatabaseError):
            raise StoreError(f"the database refused: {error}. Is the disk full, or the file read-only?") from error
