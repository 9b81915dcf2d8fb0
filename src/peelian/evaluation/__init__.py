"""How good it was: hits, hit rate, PAI, PEI, intervals and baselines. Knows forecasts and events, never a model."""
