"""Randomised trials.

Assignment, power, intention to treat, displacement (WDQ, WDD), separate effects of patrol and cocoon.
"""
