"""Peelian: place-based crime forecasting and prevention, measured part by part.

The rooms and what each may import are drawn in ``docs/decisions/0001-the-house.md``;
``lint-imports`` holds them there. Methods (``models``, ``selection``, ``evaluation`` ...)
are a plain library: none of them needs Django, a server or a home folder.
"""

__version__ = "0.1.0"
