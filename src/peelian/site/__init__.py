"""The web site.

The Django project, one small app a system (maps, cocoons, patrols, records, reports, guides, incidents,
trials, accounts); views, forms, templates, API; no arithmetic.
"""
