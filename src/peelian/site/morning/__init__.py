"""The morning after: what became of the last boxes, over time, and how the models compare. Nothing switches it off."""
