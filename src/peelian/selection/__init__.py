"""From a surface to boxes: ranking, ties, stability. Knows forecasts, never a model."""
