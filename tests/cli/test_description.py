"""Images in words and numbers."""

import numpy as np
import pytest
from phantoms import GRIDS

import voxclick as vc
from voxclick.cli.description import describe_image, describe_intensities, ml


@pytest.mark.parametrize("name", GRIDS)
def test_the_grid_is_told_as_json_can_hold_it(name):
    on = GRIDS[name]
    told = describe_image(vc.Volume(np.zeros(on.shape, dtype=np.int16), on))
    assert told["shape"] == list(on.shape)
    assert told["spacing_mm"] == pytest.approx(on.spacing_mm)
    assert told["affine"] == on.affine.tolist()
    assert told["type"] == "int16"
    assert told["path"] is None


def test_intensities_are_the_percentiles():
    on = vc.Grid((10, 10, 10), np.eye(4))
    told = describe_intensities(vc.Volume(np.arange(1000).reshape(10, 10, 10), on))
    assert list(told.values()) == pytest.approx([0, 9.99, 499.5, 989.01, 999])


@pytest.mark.parametrize(
    ("volume_ml", "text"),
    [(0.0, "0.0 ml"), (0.031234, "0.0312 ml"), (6.4199, "6.42 ml"), (212.44, "212.4 ml")],
)
def test_volumes_are_told_to_a_sensible_digit(volume_ml, text):
    assert ml(volume_ml) == text
