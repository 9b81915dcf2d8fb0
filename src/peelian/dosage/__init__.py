"""Patrol dose.

Visits, dwell and officer-minutes per box from device tracks, presence caps, officer privacy by construction.
"""
