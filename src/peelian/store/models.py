"""Gathers every table for Django, which looks for them under this name."""

from peelian.store.accounts import Account
from peelian.store.audit import AuditLine
from peelian.store.limits import RateLimit
from peelian.store.nights import KillSwitch, NightRun, PublishedBox, PurposeCardRow
from peelian.store.sessions import Session

__all__ = ["Account", "AuditLine", "KillSwitch", "NightRun", "PublishedBox", "PurposeCardRow", "RateLimit", "Session"]
