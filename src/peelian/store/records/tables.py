"""Tables of the common store: records, what is said of them, how they are tied, what hangs on them, how they end.

A trigger refuses every change of a statement or a link; only disposal deletes. The tables of the search index have no
model: they are made in ``index_tables`` and can be made anew from these at any time.
"""

from typing import Any

from django.db import models

from peelian.records.catalogue import SAME_AS
from peelian.records.marking import Sensitivity
from peelian.records.statements import Reliability, Stance


def _choices(closed: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - any StrEnum
    return [(c.value, c.value) for c in closed]


class Record(models.Model):
    """One person, object, location or event as one source knows it. ``key`` is the source's own name for it."""

    type = models.CharField(max_length=63)
    source = models.CharField(max_length=200)
    key = models.CharField(max_length=120)
    area = models.CharField(max_length=200, default="")
    sensitivity = models.CharField(max_length=10, choices=_choices(Sensitivity), default=Sensitivity.OPEN.value)
    keeper = models.CharField(max_length=200, default="")
    recorded_at = models.DateTimeField()
    group = models.CharField(max_length=63, default="")
    review_due = models.DateField()
    review_reason = models.TextField()

    class Meta:
        """A source names a record once; a record kept from some names whom to ask."""

        db_table = "record"
        constraints = (
            models.UniqueConstraint(fields=["source", "key"], name="record_is_named_once_by_its_source"),
            models.CheckConstraint(
                condition=models.Q(sensitivity__in=[s.value for s in Sensitivity]), name="record_sensitivity_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(sensitivity="open") | ~models.Q(keeper=""), name="record_kept_close_names_its_keeper"
            ),
        )
        indexes = (
            models.Index(fields=["review_due", "id"], name="record_by_review"),
            models.Index(fields=["type", "id"], name="record_by_type"),
        )

    def __str__(self) -> str:
        """Type and number; never a name."""
        return f"{self.type} {self.pk}"


class Clearance(models.Model):
    """An account that may read a sealed record."""

    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="clearances")
    account = models.BigIntegerField()

    class Meta:
        """Each account once a record."""

        db_table = "record_clearance"
        constraints = (models.UniqueConstraint(fields=["record", "account"], name="record_clearance_is_given_once"),)

    def __str__(self) -> str:
        """Record and account."""
        return f"{self.record_id}: account {self.account}"


class StatementRow(models.Model):
    """One statement; what it says is in ``peelian.records.statements``."""

    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="statements")
    property = models.CharField(max_length=63, default="")
    stance = models.CharField(max_length=10, choices=_choices(Stance))
    value = models.TextField(default="")
    about = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="+")
    source = models.CharField(max_length=200)
    stated_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()
    recorder = models.CharField(max_length=200)
    reliability = models.CharField(max_length=10, choices=_choices(Reliability))

    class Meta:
        """A value where something is said, none where it is unknown, a reason where it is withdrawn or disputed."""

        db_table = "record_statement"
        indexes = (models.Index(fields=["record", "id"], name="record_statement_in_order"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(stance="unknown", value="") | (~models.Q(stance="unknown") & ~models.Q(value="")),
                name="record_statement_says_something",
            ),
            models.CheckConstraint(
                condition=~models.Q(stance="withdraws") | models.Q(about__isnull=False),
                name="record_statement_withdraws_another",
            ),
            models.CheckConstraint(
                condition=models.Q(about__isnull=True) | models.Q(about__lt=models.F("id")),
                name="record_statement_is_about_an_earlier_one",
            ),
            models.CheckConstraint(
                condition=models.Q(stance="disputes") | ~models.Q(property=""), name="record_statement_names_a_property"
            ),
            models.CheckConstraint(
                condition=models.Q(stance__in=[s.value for s in Stance])
                & models.Q(reliability__in=[r.value for r in Reliability]),
                name="record_statement_words_are_known",
            ),
        )

    def __str__(self) -> str:
        """Number and property; never the value."""
        return f"{self.pk}: {self.property} of {self.record_id}"


class LinkRow(models.Model):
    """One tie between two records; a merge is one of type ``same-as``, with the score and the reasons for it."""

    type = models.CharField(max_length=63)
    start = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="links_out", db_index=False)
    end = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="links_in", db_index=False)
    detail = models.CharField(max_length=200, default="")
    source = models.CharField(max_length=200)
    key = models.CharField(max_length=500)
    recorded_at = models.DateTimeField()
    recorder = models.CharField(max_length=200)
    reliability = models.CharField(max_length=10, choices=_choices(Reliability))
    score = models.FloatField(null=True)
    reasons = models.JSONField(default=list)

    class Meta:
        """Paged from both ends; a source tells a link once."""

        db_table = "record_link"
        indexes = (
            models.Index(fields=["start", "id"], name="record_link_from_start"),
            models.Index(fields=["end", "id"], name="record_link_from_end"),
            # Merges are few, and every read of a record asks for them: beside a million other links too.
            models.Index(fields=["start"], name="record_merge_from_start", condition=models.Q(type=SAME_AS)),
            models.Index(fields=["end"], name="record_merge_from_end", condition=models.Q(type=SAME_AS)),
        )
        constraints = (
            models.UniqueConstraint(fields=["source", "key"], name="record_link_is_told_once_by_its_source"),
            models.CheckConstraint(condition=~models.Q(start=models.F("end")), name="record_link_ties_two"),
            models.CheckConstraint(
                condition=models.Q(reliability__in=[r.value for r in Reliability]), name="record_link_words_are_known"
            ),
        )

    def __str__(self) -> str:
        """Ends and type."""
        return f"{self.start_id} {self.type} {self.end_id}"


class LinkWithdrawal(models.Model):
    """A link taken back, by whom and why. A merge is undone so."""

    link = models.OneToOneField(LinkRow, on_delete=models.CASCADE, primary_key=True, related_name="withdrawal")
    reason = models.TextField()
    recorded_at = models.DateTimeField()
    recorder = models.CharField(max_length=200)

    class Meta:
        """Not without a reason."""

        db_table = "record_link_withdrawal"
        constraints = (
            models.CheckConstraint(condition=~models.Q(reason=""), name="record_link_withdrawal_has_a_reason"),
        )

    def __str__(self) -> str:
        """Which link."""
        return f"link {self.link_id} withdrawn"


class MergeProposal(models.Model):
    """Two records that may be one, as linkage proposes; a person decides."""

    OPEN, ACCEPTED, REJECTED = "open", "accepted", "rejected"

    left = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="+")
    right = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="+")
    score = models.FloatField(null=True)
    reasons = models.JSONField(default=list)
    waterfall = models.JSONField(default=list)
    method = models.CharField(max_length=200)
    proposed_at = models.DateTimeField()
    decision = models.CharField(max_length=10, choices=[(c, c) for c in (OPEN, ACCEPTED, REJECTED)], default=OPEN)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, default="")
    note = models.TextField(default="")

    class Meta:
        """A pair is proposed once, the smaller number left."""

        db_table = "merge_proposal"
        indexes = (models.Index(fields=["decision", "-score", "id"], name="merge_proposal_queue"),)
        constraints = (
            models.UniqueConstraint(fields=["left", "right"], name="merge_proposal_is_made_once"),
            models.CheckConstraint(condition=models.Q(left__lt=models.F("right")), name="merge_proposal_is_in_order"),
            models.CheckConstraint(
                condition=models.Q(decision="open", decided_at__isnull=True)
                | (models.Q(decided_at__isnull=False) & ~models.Q(decided_by="")),
                name="merge_proposal_is_decided_by_somebody",
            ),
        )

    def __str__(self) -> str:
        """Pair and decision."""
        return f"{self.left_id} and {self.right_id}: {self.decision}"


class Attachment(models.Model):
    """A document or photograph of a record. The bytes stand in ``HOME/attachments`` under ``sha256``.

    ``original_sha256`` is of the bytes as they came (a photograph is kept without what its camera wrote into it).
    A later version of the same name is a new row that ``replaces`` the earlier.
    """

    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    original_sha256 = models.CharField(max_length=64)
    captured_at = models.CharField(max_length=40, default="")
    version = models.PositiveIntegerField()
    replaces = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="+")
    text_note = models.CharField(max_length=300, default="")
    scanned_by = models.CharField(max_length=200, default="")
    recorded_at = models.DateTimeField()
    recorder = models.CharField(max_length=200)

    class Meta:
        """Versions of a name are numbered within a record."""

        db_table = "attachment"
        constraints = (
            models.UniqueConstraint(fields=["record", "name", "version"], name="attachment_version_is_unique"),
            models.CheckConstraint(condition=models.Q(size__gt=0), name="attachment_is_not_empty"),
        )

    def __str__(self) -> str:
        """Record and version."""
        return f"attachment {self.pk} of {self.record_id}, version {self.version}"


class RetentionEvent(models.Model):
    """What started a record's clock (again), moved it to a group, or decided to keep it; with the reason."""

    OPENED, RESET, KEPT, MOVED = "opened", "reset", "kept", "moved"

    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="retention")
    kind = models.CharField(max_length=10, choices=[(c, c) for c in (OPENED, RESET, KEPT, MOVED)])
    on = models.DateField()
    reason = models.TextField()
    group = models.CharField(max_length=63, default="")
    recorded_at = models.DateTimeField()
    recorder = models.CharField(max_length=200)

    class Meta:
        """Every decision has its reason."""

        db_table = "retention_event"
        constraints = (models.CheckConstraint(condition=~models.Q(reason=""), name="retention_event_has_a_reason"),)

    def __str__(self) -> str:
        """Record and kind."""
        return f"{self.record_id} {self.kind} {self.on}"


class Disposal(models.Model):
    """All that is left of a record that was disposed of: its number, its type, when, by whom and under which rule."""

    record = models.BigIntegerField(unique=True)
    type = models.CharField(max_length=63)
    group = models.CharField(max_length=63)
    reason = models.TextField()
    recorded_at = models.DateTimeField()
    recorder = models.CharField(max_length=200)

    class Meta:
        """Not without a reason."""

        db_table = "record_disposal"
        constraints = (models.CheckConstraint(condition=~models.Q(reason=""), name="record_disposal_has_a_reason"),)

    def __str__(self) -> str:
        """Which record, when."""
        return f"record {self.record} disposed of on {self.recorded_at:%Y-%m-%d}"


class ImportRun(models.Model):
    """An import: how far it came. ``cursor`` is the last row taken of each part, written together with its records."""

    RUNNING, DONE, FAILED = "running", "done", "failed"

    source = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.CharField(max_length=10, choices=[(c, c) for c in (RUNNING, DONE, FAILED)])
    cursor = models.JSONField(default=dict)
    tally = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    error = models.TextField(default="")

    class Meta:
        """By source and start."""

        db_table = "record_import"
        indexes = (models.Index(fields=["source", "id"], name="record_import_by_source"),)

    def __str__(self) -> str:
        """Source and status."""
        return f"import {self.pk} of {self.source}: {self.status}"


class SavedSearch(models.Model):
    """A search that somebody wants to hear about; run again by a job, as that account, for that purpose."""

    account = models.BigIntegerField(db_index=True)
    name = models.CharField(max_length=200)
    query = models.CharField(max_length=200)
    filters = models.JSONField(default=dict)
    purpose = models.TextField()
    saved_at = models.DateTimeField()
    seen_until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """A purpose, or it is not saved."""

        db_table = "saved_search"
        constraints = (models.CheckConstraint(condition=~models.Q(purpose=""), name="saved_search_has_a_purpose"),)

    def __str__(self) -> str:
        """Number; never the query."""
        return f"saved search {self.pk} of account {self.account}"


class SearchAlert(models.Model):
    """A record that a saved search found and had not found before."""

    search = models.ForeignKey(SavedSearch, on_delete=models.CASCADE, related_name="alerts")
    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="+")
    found_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        """Told once."""

        db_table = "search_alert"
        constraints = (models.UniqueConstraint(fields=["search", "record"], name="search_alert_is_told_once"),)

    def __str__(self) -> str:
        """Which search, which record."""
        return f"search {self.search_id}: record {self.record_id}"
