"""Files of people, objects, locations and events: CSV by a mapping, SDM JSON, FollowTheMoney JSON. Reads, never keeps.

What comes out are drafts (``peelian.records.drafts``); what cannot be one is refused with the line and the reason.
"""
