"""Pictures of objects."""

import numpy as np
import pytest
from matplotlib import image as images
from phantoms import GRIDS, ball, bright_ball, grid

from voxclick.evaluate.picture import PREDICTED, TRUTH, draw_object
from voxclick.prompts import BoxPrompt, Lasso, MaskPrompt, Point, Scribble
from voxclick.volume import Mask, Volume


def drawn(tmp_path, *arguments):
    path = tmp_path / "picture.png"
    path.write_bytes(draw_object(*arguments, "a title"))
    return images.imread(path)[..., :3]


def near(picture, colour, tolerance=0.15):
    """Where the picture has (about) a colour given as #rrggbb."""
    wanted = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.abs(picture - wanted).max(axis=-1) < tolerance


@pytest.mark.parametrize("name", GRIDS)
def test_both_outlines_are_in_all_three_planes(tmp_path, name):
    volume, truth = bright_ball(GRIDS[name], (20, 18, 16), 7.0)
    predicted = ball(GRIDS[name], (22, 18, 16), 5.0)
    picture = drawn(tmp_path, volume, truth, predicted, [Point((20, 18, 16))])
    for third in np.array_split(picture[:-60], 3, axis=1):  # above the legend
        assert near(third, TRUTH).sum() > 20
        assert near(third, PREDICTED).sum() > 20


@pytest.mark.parametrize("name", ["straight", "flipped", "permuted"])
def test_the_patient_s_right_is_on_the_left_and_anterior_at_the_top(tmp_path, name):
    on = GRIDS[name]
    middle = on.to_ras(np.array([[20.0, 18.0, 16.0]]))[0]
    i, j, k = on.to_voxel(middle[None] + np.array([[6.0, 6.0, 0.0]]))[0]
    spot = ball(on, (i, j, k), 2.0)  # to the right and in front
    volume = Volume(np.zeros(on.shape, dtype=np.float32), on)
    frame = [Point((20, 18, 16)), Point(tuple(on.to_voxel(np.array([middle - 12.0]))[0]))]
    picture = drawn(tmp_path, volume, spot, spot, frame)
    axial = np.array_split(picture, 3, axis=1)[0]
    rows, columns = np.nonzero(near(axial, PREDICTED)[:-60])
    assert columns.mean() < axial.shape[1] / 2
    assert rows.mean() < axial.shape[0] / 2


def test_every_kind_of_prompt_can_be_drawn(tmp_path):
    on = GRIDS["anisotropic"]
    volume, truth = bright_ball(on, (20, 18, 16), 9.0)
    square = np.array([[14.0, 12, 16], [26, 12, 16], [26, 24, 16], [14, 24, 16]])
    prompts = [
        Point((20, 18, 16)),
        Point((2, 2, 2), positive=False),
        BoxPrompt((12, 10, 12), (28, 26, 20)),
        Scribble(np.array([[18.0, 18, 16], [19, 18, 16]]), positive=False),
        Lasso(square, axis=2),
        MaskPrompt(truth),
    ]
    assert drawn(tmp_path, volume, truth, truth, prompts).shape[2] == 3


def test_an_empty_prediction_on_a_constant_image_is_drawn(tmp_path):
    on = GRIDS["straight"]
    volume = Volume(np.zeros(on.shape, dtype=np.uint8), on)
    nothing = Mask(np.zeros(on.shape, dtype=np.bool_), on)
    assert drawn(tmp_path, volume, ball(on, (5, 5, 5), 3.0), nothing, []).shape[2] == 3


def test_an_image_of_one_slice_is_drawn(tmp_path):
    on = grid((1.0, 1.0, 5.0), np.eye(3), shape=(40, 36, 1))
    volume, truth = bright_ball(on, (20, 18, 0), 7.0)
    assert drawn(tmp_path, volume, truth, truth, [Point((20, 18, 0))]).shape[2] == 3
