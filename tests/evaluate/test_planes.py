"""Planes as radiologists hang them."""

import io

import numpy as np
import pytest
from matplotlib import image as images
from phantoms import GRIDS, ball, bright_ball, grid

from voxclick.evaluate.planes import NEGATIVE, POSITIVE, Aim, Outline, draw_planes, png
from voxclick.prompts import BoxPrompt, Lasso, MaskPrompt, Point, Scribble
from voxclick.volume import Volume

COLOUR = "#ff00ff"
CENTRE = (20, 18, 16)


def drawn(volume, outlines, prompts, at=CENTRE, title="a ball"):
    aim = Aim(at, volume.grid.box, (0.0, 100.0))
    figure = draw_planes(volume, outlines, prompts, title, aim)
    return images.imread(io.BytesIO(png(figure)))[..., :3]


def panels(picture):
    """Axial, coronal, sagittal; without the title above and the legend below."""
    return np.array_split(picture[80:-60], 3, axis=1)


def near(picture, colour, tolerance=0.1):
    wanted = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.abs(picture - wanted).max(axis=-1) < tolerance


def middle(panel, colour):
    rows, columns = np.nonzero(near(panel, colour))
    return rows.mean() / panel.shape[0], columns.mean() / panel.shape[1]


@pytest.mark.parametrize("name", GRIDS)
def test_right_is_left_front_is_up_and_the_head_is_up(name):
    on = GRIDS[name]
    centre = on.to_ras(np.array([CENTRE], dtype=np.float64))[0]
    i, j, k = on.to_voxel(centre[None] + np.array([[7.0, 7.0, 7.0]]))[0]
    spot = ball(on, (i, j, k), 3.5)  # to the right, in front and above
    volume = Volume(np.zeros(on.shape, dtype=np.float32), on)
    at = tuple(int(n) for n in np.round((i, j, k)))
    axial, coronal, sagittal = panels(drawn(volume, [Outline(spot, COLOUR, "spot")], [], at))
    for panel in (axial, coronal, sagittal):
        row, column = middle(panel, COLOUR)
        assert column < 0.5
        assert row < 0.5


@pytest.mark.parametrize("name", GRIDS)
def test_a_ball_is_round_on_every_plane(name):
    volume, truth = bright_ball(GRIDS[name], CENTRE, 9.0)
    for panel in panels(drawn(volume, [Outline(truth, COLOUR, "ball")], [])):
        rows, columns = np.nonzero(near(panel, COLOUR))
        assert np.ptp(rows) == pytest.approx(np.ptp(columns), rel=0.2)


def test_the_outline_runs_along_the_edge_of_the_object():
    on = grid((1.0, 1.0, 1.0), np.eye(3), shape=(40, 40, 40))
    volume, truth = bright_ball(on, (20, 20, 20), 12.0, noise=0.0)
    for panel in panels(drawn(volume, [Outline(truth, COLOUR, "ball")], [], (20, 20, 20))):
        rows, columns = np.nonzero(near(panel, COLOUR))
        away = np.hypot(rows - rows.mean(), columns - columns.mean())
        bright = panel[..., 1] > 0.5
        inside = np.hypot(
            *(np.indices(bright.shape) - np.array([[[rows.mean()]], [[columns.mean()]]]))
        )
        assert away.min() > 0.8 * away.max()
        assert bright[inside < away.min() - 12].mean() > 0.99


@pytest.mark.parametrize(
    "prompt",
    [
        Point(CENTRE),
        BoxPrompt((12, 10, 8), (28, 26, 24)),
        Scribble(np.array([[18.0, 18, 16], [19, 18, 16], [20, 18, 16]])),
        Lasso(np.array([[14.0, 12, 16], [26, 12, 16], [26, 24, 16], [14, 24, 16]]), axis=2),
        MaskPrompt(ball(GRIDS["straight"], CENTRE, 8.0)),
    ],
    ids=lambda prompt: prompt.kind,
)
def test_every_kind_of_prompt_is_drawn_in_the_colour_of_its_sign(prompt):
    volume = Volume(np.zeros(GRIDS["straight"].shape, dtype=np.float32), GRIDS["straight"])
    axial = panels(drawn(volume, [], [prompt]))[0]
    assert near(axial, POSITIVE).sum() > 20
    assert near(axial, NEGATIVE).sum() == 0


def test_a_prompt_off_the_plane_is_pale():
    volume = Volume(np.zeros(GRIDS["straight"].shape, dtype=np.float32), GRIDS["straight"])
    on, off = ((Point((20, 18, k), positive=False)) for k in (16, 18))
    bold, pale = (near(panels(drawn(volume, [], [p]))[0], NEGATIVE).sum() for p in (on, off))
    assert bold > 20
    assert pale == 0


def test_signs_in_names_are_no_formulas():
    volume, truth = bright_ball(GRIDS["straight"], CENTRE, 9.0)
    odd = r"$\frac{_x$"
    assert drawn(volume, [Outline(truth, COLOUR, odd)], [], title=odd).ndim == 3
