"""Gathers every table for Django, which looks for them under this name."""

from peelian.store.accounts import Account
from peelian.store.audit import AuditLine
from peelian.store.box_notes import BoxNoteRow
from peelian.store.nights import KillSwitch, NightRun, PublishedBox, PurposeCardRow
from peelian.store.patrols import VisitRow

__all__ = [
    "Account",
    "AuditLine",
    "BoxNoteRow",
    "KillSwitch",
    "NightRun",
    "PublishedBox",
    "PurposeCardRow",
    "VisitRow",
]
