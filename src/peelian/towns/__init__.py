"""Synthetic towns with known truth.

Near repeats, patrol and cocoon effects, reporting bias; the test bed of every other room.
"""
