"""What the challenge's script writes for one call."""

import numpy as np
import pytest

from voxclick.errors import FileFormatError, InputError
from voxclick.evaluate.challenge.request import read_request

IMAGE = np.zeros((4, 5, 6), dtype=np.uint8)
BOX = {
    "z_min": 0,
    "z_max": 3,
    "z_mid": 2,
    "z_mid_x_min": 1,
    "z_mid_y_min": 0,
    "z_mid_x_max": 4,
    "z_mid_y_max": 3,
}
CLICKS = [{"fg": [[1, 2, 3]], "bg": [[0, 0, 0], [3, 4, 5]]}, {"fg": [[2, 2, 2]], "bg": []}]
ORDER = [["bg", "fg", "bg"], ["fg", None, None]]


def write(path, **arrays):
    np.savez_compressed(
        path,
        imgs=IMAGE,
        spacing=(3.0, 1.0, 0.5),
        **{
            key: np.array(value, dtype=object) if isinstance(value, list) else value
            for key, value in arrays.items()
        },
    )
    return path


def test_boxes_and_clicks_are_turned_from_z_y_x(tmp_path):
    request = read_request(
        write(tmp_path / "a.npz", boxes=[BOX, BOX], clicks=CLICKS, clicks_order=ORDER)
    )
    assert request.objects == 2
    assert request.volume.grid.shape == (6, 5, 4)
    assert request.volume.grid.spacing_mm == (0.5, 1.0, 3.0)
    assert (request.boxes[0].start, request.boxes[0].stop) == ((1, 0, 2), (5, 4, 3))
    first, second = request.clicks
    assert [(point.at, point.positive) for point in first] == [
        ((0, 0, 0), False),
        ((3, 2, 1), True),
        ((5, 4, 3), False),
    ]
    assert [point and point.positive for point in second] == [True, None, None]


def test_the_last_prediction_is_turned_too(tmp_path):
    previous = np.zeros((4, 5, 6), dtype=np.uint8)
    previous[1, 2, 3] = 2
    request = read_request(write(tmp_path / "a.npz", boxes=[BOX, BOX], prev_pred=previous))
    assert request.previous[3, 2, 1] == 2
    assert request.clicks == ()


def test_clicks_without_an_order_begin_with_those_on_the_object(tmp_path):
    request = read_request(write(tmp_path / "a.npz", clicks=CLICKS))
    assert [point.positive for point in request.clicks[0]] == [True, False, False]
    assert request.boxes is None


WRONG = {
    "it asks for nothing": {},
    "it has no box": {"boxes": []},
    "a box lacks keys": {"boxes": [{"z_mid": 3}]},
    "a box is a number": {"boxes": [3]},
    "a side of a box is a word": {"boxes": [{**BOX, "z_mid": "two"}]},
    "a box is inside out": {"boxes": [{**BOX, "z_mid_x_min": 9}]},
    "boxes and clicks differ": {"boxes": [BOX], "clicks": CLICKS, "clicks_order": ORDER},
    "the prediction has another shape": {"boxes": [BOX], "prev_pred": IMAGE[:2]},
    "the prediction is of fractions": {"boxes": [BOX], "prev_pred": IMAGE.astype(np.float32)},
    "clicks are out of order": {"clicks": CLICKS, "clicks_order": [["fg"], ["fg"]]},
    "a click has no sign": {"clicks": CLICKS, "clicks_order": [["bg", "fg", "no"], ["fg"]]},
    "an order is missing": {"clicks": CLICKS, "clicks_order": [["bg", "fg", "bg"]]},
    "clicks are words": {"clicks": ["fg", "bg"]},
    "a click has two numbers": {"clicks": [{"fg": [[1, 2]], "bg": []}]},
    "there are too many objects": {"boxes": [BOX] * 256},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_no_request_is_an_error_that_names_the_file(tmp_path, wrong):
    with pytest.raises(InputError) as caught:
        read_request(write(tmp_path / "a.npz", **wrong))
    assert isinstance(caught.value, FileFormatError)
    assert "a.npz" in str(caught.value)
