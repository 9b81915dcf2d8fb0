"""The common store of people, objects, locations and events: tables, intake, reads, search, merges, files, disposal.

Every verb takes an ``Actor``; every read takes a ``Purpose`` too and leaves a line in the log. Rows never leave here:
what comes back is a frozen value of ``peelian.records``.
"""
