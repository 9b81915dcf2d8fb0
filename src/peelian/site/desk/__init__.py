"""The analyst's desk: boxes added or suppressed, purpose cards, bundles, shifts, tactics, and how things stand."""
