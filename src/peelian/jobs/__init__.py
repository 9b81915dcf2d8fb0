"""The conductor.

One verb a file (ingest, night ...), straight lines from store through methods to store and delivery.
"""
