"""Squares in the plane."""

import numpy as np

from peelian.places.squares import Squares


def test_shapes_are_the_squares_themselves_none_of_none() -> None:
    squares = Squares(np.array([0.0, 62.5]), np.array([0.0, 1000.0]), 250.0)
    assert [shape.bounds for shape in squares.shapes] == [(0.0, 0.0, 250.0, 250.0), (62.5, 1000.0, 312.5, 1250.0)]
    assert squares[:0].shapes.shape == (0,)
    assert squares[:1].shapes.shape == (1,)
