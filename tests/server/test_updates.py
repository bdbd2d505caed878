import json

import numpy as np
import pytest
from phantoms import GRIDS

from voxclick.geometry import Box
from voxclick.server.orientation import Orientation
from voxclick.server.updates import update_message


def read(message: bytes) -> tuple[dict, np.ndarray]:
    """As the page reads it: header, and the labels of the box with x fastest."""
    size = int.from_bytes(message[:4], "little")
    header = json.loads(message[4 : 4 + size])
    start = -(-(4 + size) // 4) * 4
    runs = header["runs"]
    values = np.frombuffer(message, header["dtype"], runs, start)
    after = -(-(start + values.nbytes) // 4) * 4
    lengths = np.frombuffer(message, "<u4", runs, after)
    assert len(message) == after + 4 * runs
    return header, np.repeat(values, lengths)


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("top", [2, 300])
def test_the_page_gets_the_labels_of_the_box(name: str, top: int) -> None:
    grid = GRIDS[name]
    orientation = Orientation.of(grid)
    labels = np.random.default_rng(1).integers(0, top, grid.shape).astype(np.uint16)
    box = Box((3, 5, 7), (10, 30, 9))
    about = {"revision": 4, "object": 1, "final": False}
    header, flat = read(update_message(labels[box.slices], box, orientation, about))
    assert header["dtype"] == ("uint8" if top < 256 else "uint16")
    assert (header["type"], header["revision"], header["final"]) == ("update", 4, False)
    start, stop = header["box"]["start"], header["box"]["stop"]
    x, y, z = (b - a for a, b in zip(start, stop, strict=True))
    shown = orientation.turned(labels)[tuple(map(slice, start, stop))]
    assert np.array_equal(flat.reshape(z, y, x).transpose(2, 1, 0), shown)


def test_an_update_of_nothing_is_empty() -> None:
    orientation = Orientation.of(GRIDS["straight"])
    nothing = np.zeros((0, 0, 0), dtype=np.uint16)
    header, flat = read(update_message(nothing, Box.EMPTY, orientation, {"revision": 1}))
    assert header["runs"] == flat.size == 0
