"""Tonight: the map of one area and crime type, its boxes, and the places that a moving map draws."""
