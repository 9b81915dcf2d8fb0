"""Browsers under test share two cores with other tests: what they wait for may take its time."""

from playwright.sync_api import expect

expect.set_options(timeout=20_000)
