"""Pages for everybody: a ward at a time, some days late, in plain words, and what the map is and cannot know."""
