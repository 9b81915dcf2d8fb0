"""The backtest's report (being drawn below)."""

from peelian.forecasts.verdicts import Verdict


def backtest_report(verdict: Verdict) -> str:
    """Return the report."""
    return f"<!doctype html><title>{verdict.terms.name}</title>"
