"""One call of the challenge: an image, boxes, the clicks so far and the last prediction."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Integer

from voxclick import io
from voxclick.errors import FileFormatError
from voxclick.evaluate.challenge.box import read_boxes
from voxclick.io.formats.npz import read_array
from voxclick.io.plain_pickle import read_plain
from voxclick.prompts import BoxPrompt, Point
from voxclick.types import Array
from voxclick.volume import Volume

SIGNS = ("fg", "bg")
MOST_OBJECTS = 255
"""Predictions are label maps of 8 bits."""


@dataclass(frozen=True, eq=False)
class Request:
    """What the organisers' script writes for one call.

    Attributes:
        volume: The image.
        boxes: One an object; None where the objects have none.
        clicks: For each object one click a round, oldest first; None in a round without an error.
        previous: The last prediction, as label numbers from 1; None before the first.
    """

    volume: Volume
    boxes: tuple[BoxPrompt, ...] | None
    clicks: tuple[tuple[Point | None, ...], ...]
    previous: Integer[Array, "i j k"] | None

    @property
    def objects(self) -> int:
        """How many objects there are; they are numbered from 1."""
        return max(len(self.boxes or ()), len(self.clicks))


def read_request(path: Path) -> Request:
    """The request in a file.

    Raises:
        FileFormatError: If it is broken, asks for nothing, or for more than 255 objects.
        GridError: If its spacing is none.
    """
    volume = io.read(path)
    boxes = read_boxes(path)
    clicks = _clicks(path)
    request = Request(volume, None if boxes is None else tuple(boxes), clicks, _previous(path))
    if not 1 <= request.objects <= MOST_OBJECTS:
        raise FileFormatError(
            f"a request must hold boxes or clicks of 1 to {MOST_OBJECTS} objects, got "
            f"{request.objects} in {path}; write it as the challenge's script does"
        )
    if boxes is not None and clicks and len(boxes) != len(clicks):
        raise FileFormatError(
            f"boxes and clicks must be of the same objects, got {len(boxes)} and {len(clicks)} in "
            f"{path}; write it as the challenge's script does"
        )
    if request.previous is not None and request.previous.shape != volume.grid.shape:
        raise FileFormatError(
            f"prev_pred must have the shape of the image, {volume.grid.shape}, got "
            f"{request.previous.shape} in {path}; leave it out of a first call"
        )
    return request


def _previous(path: Path) -> Integer[Array, "i j k"] | None:
    array = read_array(path, "prev_pred")
    if array is None:
        return None
    if array.ndim != 3 or array.dtype.kind not in "biu":
        raise FileFormatError(
            f"prev_pred must be a 3D array of label numbers, got {array.dtype} of the shape "
            f"{array.shape} in {path}; leave it out of a first call"
        )
    turned: Array = array.transpose(2, 1, 0).astype(np.uint8)
    return turned


def _clicks(path: Path) -> tuple[tuple[Point | None, ...], ...]:
    clicks, order = read_plain(path, "clicks"), read_plain(path, "clicks_order")
    try:
        objects: Any = clicks or []
        signs: Any = order or [None] * len(objects)
        return tuple(_in_order(one, said) for one, said in zip(objects, signs, strict=True))
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise FileFormatError(
            "clicks must be a dictionary with fg and bg for each object, and clicks_order say for "
            f"each its fg, bg or None, cannot read those of {path}: {type(error).__name__}: {error}"
        ) from None


def _in_order(
    clicks: dict[str, Any], order: Sequence[str | None] | None
) -> tuple[Point | None, ...]:
    """One object's clicks by round; without an order, those on the object come first."""
    places = {sign: list(clicks.get(sign, ())) for sign in SIGNS}
    signs = order if order is not None else [sign for sign in SIGNS for _ in places[sign]]
    if any(len(places[sign]) != list(signs).count(sign) for sign in SIGNS):
        raise ValueError("clicks_order tells of more or fewer clicks than there are")
    return tuple(None if sign is None else _point(places[sign].pop(0), sign) for sign in signs)


def _point(place: Sequence[float], sign: str) -> Point:
    k, j, i = place
    return Point((float(i), float(j), float(k)), positive=sign == "fg")
