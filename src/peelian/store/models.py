"""Where Django looks for tables; each lives in the file of its noun."""

from peelian.store.nights import KillSwitch, NightRun, PublishedBox, PurposeCardRow

__all__ = ["KillSwitch", "NightRun", "PublishedBox", "PurposeCardRow"]
