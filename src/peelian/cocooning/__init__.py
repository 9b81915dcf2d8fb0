"""Super cocooning: which homes to visit after a burglary, by which rule, and the funnel of what was delivered.

Rules will be versioned data files (FACTS section 3: swordfish-9, gmp-9, leeds, magpie, mps-2013); pure
functions from an address sequence to visits.
"""
