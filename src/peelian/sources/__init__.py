"""Feeds: how each kind of file is read, checked, refused and turned into rows of the event log.

Longitude and latitude end here.
"""
