"""The challenge's boxes: dictionaries of closed intervals, and prompts on one slice."""

from pathlib import Path

from voxclick.errors import FileFormatError
from voxclick.io.plain_pickle import read_plain
from voxclick.prompts import BoxPrompt

KEYS = ("z_mid_x_min", "z_mid_y_min", "z_mid", "z_mid_x_max", "z_mid_y_max")
"""What is used of a box; `z_min` and `z_max`, the extent along z, are not."""


def read_boxes(path: Path) -> list[BoxPrompt] | None:
    """The boxes of a file, one an object in the order of the labels; None where it has none.

    A box lies on the object's middle slice alone, since off that slice the object may reach
    beyond it.

    Raises:
        FileFormatError: If they cannot be read, or are no boxes.
    """
    found = read_plain(path, "boxes")
    if found is None or found == []:
        return None
    try:
        return [_box(fields) for fields in list(found)]  # type: ignore[call-overload]
    except (TypeError, KeyError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise FileFormatError(
            f"boxes must be dictionaries with {', '.join(KEYS)}, cannot read those of {path}: "
            f"{reason}; write them as get_boxes.py does"
        ) from None


def _box(fields: dict[str, float]) -> BoxPrompt:
    i0, j0, k, i1, j1 = (float(fields[key]) for key in KEYS)
    return BoxPrompt((i0, j0, k), (i1 + 1, j1 + 1, k + 1))
