"""OSTN15 against Ordnance Survey's published test points (OSTN15_OSGM15_TestInput/Output, OS 2016)."""

import numpy as np
import pytest

from peelian.errors import PlaceError
from peelian.places import Projection, metric_crs_for

#: TP05 (St Kilda is left out), TP07 and TP10 of Ordnance Survey's file: ETRS89 lat, lon -> easting, northing.
OS_POINTS = [
    (50.43885825610, -4.10864563561, 250359.811, 62016.569),
    (51.48936564950, -0.11992557180, 530624.974, 178388.464),
    (52.25529381630, -2.15458614387, 389544.190, 261912.153),
]


@pytest.mark.parametrize(("latitude", "longitude", "easting", "northing"), OS_POINTS)
def test_british_grid_agrees_with_ordnance_survey_to_a_centimetre(
    latitude: float, longitude: float, easting: float, northing: float
) -> None:
    x, y = Projection("EPSG:27700").to_metres(np.array([longitude]), np.array([latitude]))
    assert abs(x[0] - easting) < 0.01
    assert abs(y[0] - northing) < 0.01


def test_degrees_made_again_from_metres_are_the_same_to_a_centimetre() -> None:
    for crs, lon, lat in [("EPSG:27700", -0.12, 51.5), ("EPSG:32615", -90.2, 38.63)]:
        projection = Projection(crs)
        back = projection.to_degrees(*projection.to_metres(np.array([lon]), np.array([lat])))
        assert np.allclose(np.ravel(back), [lon, lat], atol=1e-7)


def test_state_plane_feet_become_metres_inside_the_city() -> None:
    x, y = Projection("EPSG:32615").from_crs("ESRI:102696", np.array([896712.3]), np.array([1034696.0]))
    lon, lat = Projection("EPSG:32615").to_degrees(x, y)
    assert abs(lon[0] + 90.232) < 0.001
    assert abs(lat[0] - 38.675) < 0.001


def test_point_beyond_the_grid_is_nowhere_not_somewhere_wrong() -> None:
    x, _ = Projection("EPSG:27700").to_metres(np.array([120.0]), np.array([-33.0]))
    assert np.isnan(x[0])


@pytest.mark.parametrize("crs", ["EPSG:4326", "ESRI:102696"])
def test_crs_that_does_not_count_in_metres_is_refused(crs: str) -> None:
    with pytest.raises(PlaceError, match="metres"):
        Projection(crs)


def test_unknown_crs_is_refused_with_an_example() -> None:
    with pytest.raises(PlaceError, match="EPSG:27700"):
        Projection("EPSG:0")


@pytest.mark.parametrize(
    ("lon", "lat", "crs"),
    [
        (-0.1, 51.5, "EPSG:27700"),
        (-90.2, 38.6, "EPSG:32615"),
        (151.2, -33.9, "EPSG:32756"),
        (2.35, 48.85, "EPSG:32631"),
    ],
)
def test_metric_crs_follows_the_median_point(lon: float, lat: float, crs: str) -> None:
    stray = np.array([lon, lon, lon, 0.0]), np.array([lat, lat, lat, 0.0])
    assert metric_crs_for(*stray) == crs
