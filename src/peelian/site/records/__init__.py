"""Records for people: search, a record, what may be one, the chart of links, and the review of what is kept."""
