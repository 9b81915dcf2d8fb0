"""Gathers every table for Django, which looks for them under this name."""

from peelian.store.accounts import Account
from peelian.store.audit import AuditLine
from peelian.store.nights import KillSwitch, NightRun, PublishedBox, PurposeCardRow
from peelian.store.notices import Notice, Subscription
from peelian.store.tokens import ApiToken

__all__ = [
    "Account",
    "ApiToken",
    "AuditLine",
    "KillSwitch",
    "NightRun",
    "Notice",
    "PublishedBox",
    "PurposeCardRow",
    "Subscription",
]
