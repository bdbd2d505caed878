import numpy as np
import pytest

from voxclick.geometry import Grid
from voxclick.prompts import BoxPrompt
from voxclick.simulate.boxes import SliceBoxUser
from voxclick.types import Array, Index3
from voxclick.volume import Mask

WIDE: Index3 = (512, 300, 9)


def drawn(truth: Array, seed: int, axis: int = 2) -> BoxPrompt:
    grid = Grid(truth.shape, np.eye(4))
    empty = Mask(np.zeros_like(truth), grid)
    box = SliceBoxUser(axis).next_prompt(Mask(truth, grid), empty, np.random.default_rng(seed))
    assert box is not None
    return box


def challenge_box(plane: Array, pushed: int) -> list[int]:
    """The challenge's 2D box on a (y, x) slice: x_min, y_min, x_max, y_max, all inclusive."""
    height, width = plane.shape
    y, x = np.where(plane)
    push_x, push_y = int(pushed * width / 256), int(pushed * height / 256)
    return [
        max(0, int(x.min()) - push_x),
        max(0, int(y.min()) - push_y),
        min(width - 1, int(x.max()) + push_x),
        min(height - 1, int(y.max()) + push_y),
    ]


@pytest.mark.parametrize("corner", [(100, 120, 2), (3, 1, 2), (470, 270, 2)])
def test_one_number_pushes_all_sides_of_a_slice_box_as_in_the_challenge(corner: Index3) -> None:
    truth = np.zeros(WIDE, dtype=np.bool_)
    i, j, k = corner
    truth[i : i + 40, j : j + 25, k : k + 4] = True
    expected = [challenge_box(truth[:, :, k + 2].T, pushed) for pushed in range(6)]
    seen = set()
    for seed in range(40):
        box = drawn(truth, seed)
        sides = [box.start[0], box.start[1], box.stop[0] - 1, box.stop[1] - 1]
        assert sides in expected
        seen.add(expected.index(sides))
        assert (box.start[2], box.stop[2]) == (k + 2, k + 3)
    assert seen == set(range(6))


def test_a_slice_box_lies_on_the_middle_of_the_slices_that_the_object_occupies() -> None:
    truth = np.zeros((20, 20, 20), dtype=np.bool_)
    truth[4:7, 5:9, [1, 2, 3, 12, 15]] = True
    box = drawn(truth, 0)
    assert (box.start[2], box.stop[2]) == (3, 4)
    assert (box.start[:2], box.stop[:2]) == ((4, 5), (7, 9))


def test_a_slice_box_across_another_axis_is_flat_there() -> None:
    truth = np.zeros((20, 20, 20), dtype=np.bool_)
    truth[4:9, 5:9, 6:12] = True
    box = drawn(truth, 0, axis=0)
    assert box.start == (6, 5, 6)
    assert box.stop == (7, 9, 12)
