"""Gathers every table for Django, which looks for them under this name."""

from peelian.store.accounts import Account
from peelian.store.audit import AuditLine
from peelian.store.box_notes import BoxNoteRow
from peelian.store.desk import CrimeBundle, ShiftRow, TacticsRow
from peelian.store.edits import BoxEditRow, BoxEditWithdrawal
from peelian.store.limits import RateLimit
from peelian.store.nights import KillSwitch, NightRun, PublishedBox, PurposeCardRow
from peelian.store.notices import Notice, Subscription
from peelian.store.patrols import VisitRow
from peelian.store.records import tables as records
from peelian.store.sent_forms import SentForm
from peelian.store.sessions import Session
from peelian.store.tokens import ApiToken

__all__ = [
    "Account",
    "ApiToken",
    "AuditLine",
    "BoxEditRow",
    "BoxEditWithdrawal",
    "BoxNoteRow",
    "CrimeBundle",
    "KillSwitch",
    "NightRun",
    "Notice",
    "PublishedBox",
    "PurposeCardRow",
    "RateLimit",
    "SentForm",
    "Session",
    "ShiftRow",
    "Subscription",
    "TacticsRow",
    "VisitRow",
    "records",
]
