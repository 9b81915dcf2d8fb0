"""Forecasting models: each returns expected counts per cell and says what made them.

Pure: no disk, no clock, no records.
"""
