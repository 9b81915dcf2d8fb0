"""What programs read: the JSON interface under /api/v1/ and the layer for maps (OGC API - Features) under /ogc/."""
