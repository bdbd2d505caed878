"""The picture of a segmentation."""

import io

import numpy as np
import pytest
from matplotlib import image as images
from phantoms import GRIDS, bright_ball, grid

from voxclick.cli.preview import COLOURS, draw_preview
from voxclick.evaluate.planes import NEGATIVE, POSITIVE
from voxclick.prompts import Point
from voxclick.volume import LabelMap, Volume


def drawn(volume, labels, prompts):
    return images.imread(io.BytesIO(draw_preview(volume, labels, prompts)))[..., :3]


def near(picture, colour, tolerance=0.1):
    wanted = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.abs(picture - wanted).max(axis=-1) < tolerance


def thirds(picture):
    """The three panels, without the title above and the legend below."""
    return np.array_split(picture[80:-60], 3, axis=1)


def labelled(mask, name="ball"):
    return LabelMap(mask.array.astype(np.uint8), mask.grid, {1: name})


@pytest.mark.parametrize("name", GRIDS)
def test_outline_and_clicks_are_in_all_three_planes(name):
    volume, truth = bright_ball(GRIDS[name], (20, 18, 16), 9.0)
    prompts = [Point((20, 18, 16)), Point((20, 18, 17), positive=False)]
    for third in thirds(drawn(volume, labelled(truth), prompts)):
        assert near(third, COLOURS[0]).sum() > 50
        assert near(third, POSITIVE).sum() + near(third, NEGATIVE).sum() > 5


def test_the_planes_are_as_wide_as_the_patient_is():
    on = grid((1.0, 1.0, 4.0), np.eye(3), shape=(40, 40, 10))  # a cube of 40 mm
    volume, truth = bright_ball(on, (20, 20, 5), 15.0)
    for third in thirds(drawn(volume, labelled(truth), [])):
        rows, columns = np.nonzero(near(third, COLOURS[0]))
        assert np.ptp(rows) == pytest.approx(np.ptp(columns), rel=0.15)


def test_an_empty_mask_is_drawn_at_the_first_click():
    volume, truth = bright_ball(GRIDS["straight"], (20, 18, 16), 9.0)
    nothing = LabelMap(np.zeros(truth.array.shape, dtype=np.uint8), truth.grid, {1: "none"})
    for third in thirds(drawn(volume, nothing, [Point((20, 18, 16))])):
        assert near(third, POSITIVE).sum() > 10
    assert drawn(volume, nothing, []).shape[2] == 3


def test_many_objects_and_odd_names_and_values_are_drawn():
    on = GRIDS["straight"]
    array = np.zeros(on.shape, dtype=np.uint8)
    for label in range(1, 13):
        array[label * 3, 5:20, 5:20] = label
    names = {label: f"$_{label}^{{tumor \\frac 体{'long' * 9}" for label in range(1, 13)}
    values = np.full(on.shape, np.nan, dtype=np.float32)
    with pytest.warns(UserWarning, match="Glyph"):
        assert drawn(Volume(values, on), LabelMap(array, on, names), []).shape[2] == 3


@pytest.mark.parametrize(
    ("inside", "grey"), [(40, 0.5), (-900, 0.3), (600, 0.7)], ids=["soft", "lung", "bone"]
)
def test_a_ct_gets_the_window_of_what_was_segmented(inside, grey):
    on = grid((1.0, 1.0, 1.0), np.eye(3), shape=(40, 40, 40))
    _, truth = bright_ball(on, (20, 20, 20), 15.0)
    image = np.where(truth.array, inside, -1000).astype(np.int16)
    image[0, 0, :] = 2000  # whatever else is in the scan
    nothing = LabelMap(np.zeros(on.shape, dtype=np.uint8), on, {1: "none"})
    axial = thirds(drawn(Volume(image, on), nothing, [Point((20, 20, 20))]))[0]
    rows, columns = (size // 2 for size in axial.shape[:2])
    patch = axial[rows + 20 : rows + 60, columns + 20 : columns + 60]
    assert patch.mean() == pytest.approx(grey, abs=0.03)
