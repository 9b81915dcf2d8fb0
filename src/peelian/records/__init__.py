"""POLE records, people and their accounts: personal, as statements, with who may see them (``access``).

Never imported by places, events, forecasts, models, selection or evaluation: that is the promise that a
forecast is about places.
"""
