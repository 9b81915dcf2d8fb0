"""POLE records: people, objects, locations and events as statements.

Never imported by places, events, forecasts, models, selection or evaluation: that is the promise that a
forecast is about places.
"""
