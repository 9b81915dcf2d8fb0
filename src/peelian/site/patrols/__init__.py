"""Patrol: the briefing on the web and on paper, the phone page that works without signal, and what a shift did."""
