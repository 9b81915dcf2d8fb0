"""Forms that were sent: each carries an id of its own, so that sending it twice acts once and is answered alike."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, models, transaction

#: A form sent twice is sent twice within minutes; its row is kept a little longer than any page stays open.
KEPT = timedelta(days=3)


class SentForm(models.Model):
    """One form, under way or answered; a row whose form was refused is taken out again."""

    mark = models.CharField(max_length=64, primary_key=True)
    account = models.BigIntegerField(null=True)
    path = models.TextField()
    at = models.DateTimeField(db_index=True)
    is_answered = models.BooleanField(default=False)
    location = models.TextField(default="")

    class Meta:
        """By the form's own id."""

        db_table = "sent_form"

    def __str__(self) -> str:
        """Where it was sent."""
        return self.path


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a form; ``location`` is where its answer led, "" where it was a page."""

    account: int | None
    path: str
    at: datetime
    is_answered: bool
    location: str


def claim(mark: str, account: int | None, path: str, at: datetime) -> bool:
    """Enter a form as under way; False where it was sent before."""
    try:
        with transaction.atomic():
            SentForm.objects.filter(at__lt=at - KEPT).delete()
            SentForm.objects.create(mark=mark, account=account, path=path, at=at)
    except IntegrityError:
        return False
    return True


def sent(mark: str) -> Sent | None:
    """Return what is known of a form, or None where it was never sent or was refused."""
    row = SentForm.objects.filter(mark=mark).first()
    return None if row is None else Sent(row.account, row.path, row.at, row.is_answered, row.location)


def answered(mark: str, location: str) -> None:
    """Enter where a form's answer led."""
    SentForm.objects.filter(mark=mark).update(is_answered=True, location=location)


def refused(mark: str) -> None:
    """Take a form out again that was not accepted: it may be sent anew."""
    SentForm.objects.filter(mark=mark).delete()
