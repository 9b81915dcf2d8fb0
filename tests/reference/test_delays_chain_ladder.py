"""The delay estimator against a published run-off triangle: Taylor & Ashe 1983, factors as printed by Mack 1993.

Mack, T. (1993) Distribution-free calculation of the standard error of chain ladder reserve estimates, ASTIN Bulletin
23(2), doi 10.2143/AST.23.2.2005092. The triangle is that of Taylor, G. C. & Ashe, F. R. (1983) Second moments of
estimates of outstanding claims, doi 10.1016/0304-4076(83)90094-X.
"""

import numpy as np
import pytest

from peelian.models.delays import completeness

INCREMENTS = """
357848 766940 610542 482940 527326 574398 146342 139950 227229 67948
352118 884021 933894 1183289 445745 320996 527804 266172 425046
290507 1001799 926219 1016654 750816 146923 495992 280405
310608 1108250 776189 1562400 272482 352053 206286
443160 693190 991983 769488 504851 470639
396132 937085 847498 805037 705960
440832 847631 1131398 1063269
359480 1061648 1443370
376686 986608
344014
"""
FACTORS = [3.4906, 1.7473, 1.4574, 1.1739, 1.1038, 1.0863, 1.0539, 1.0766, 1.0177]


def test_completeness_is_one_over_the_product_of_the_printed_factors() -> None:
    rows = [[float(v) for v in line.split()] for line in INCREMENTS.split("\n") if line]
    hazard = [0.0]
    for column in range(1, 10):
        known = [row for row in rows if len(row) > column]
        new = sum(row[column] for row in known)
        hazard.append(new / sum(sum(row[: column + 1]) for row in known))
    shares = completeness(np.array(hazard))
    assert shares[1:] / shares[:-1] == pytest.approx(FACTORS, abs=6e-5)
    assert shares[-1] == 1.0
