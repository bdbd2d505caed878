"""The one message for predict, undo, redo and reload: the new labels of a box, in runs.

It is idempotent: a page that lost an older one needs no history to draw a newer one right.
"""

import json

import numpy as np
from jaxtyping import UInt16

from voxclick.geometry import Box
from voxclick.server.orientation import Orientation
from voxclick.types import Array, Json
from voxclick.volume.packing import encode_runs


def update_message(
    labels: UInt16[Array, "i j k"], box: Box, orientation: Orientation, about: Json
) -> bytes:
    """The labels of a native box as the page takes them.

    Layout, little-endian, each part padded with zeros to a multiple of four bytes:
    `u32 n`, `n` bytes of JSON, one value a run (`dtype` of the header), one `u32` length a run.
    The runs go over the box with x fastest.

    Args:
        labels: The new label numbers of the box, 0 for none.
        box: Native voxels.
        orientation: How the page has them.
        about: What else the header says: `revision`, `object`, `final`.
    """
    shown = orientation.turned(labels)
    values, lengths = encode_runs(shown.T)  # C order of z y x: x fastest
    dtype = np.uint8 if values.max(initial=0) < 256 else np.uint16
    header = {
        "type": "update",
        **about,
        "box": box_json(orientation.box_in_view(box)),
        "runs": len(values),
        "dtype": np.dtype(dtype).name,
    }
    told = json.dumps(header, separators=(",", ":")).encode()
    return b"".join(
        (
            _padded(len(told).to_bytes(4, "little") + told),
            _padded(values.astype(np.dtype(dtype).newbyteorder("<")).tobytes()),
            lengths.astype("<u4").tobytes(),
        )
    )


def box_json(box: Box) -> Json:
    """A box as JSON, half-open."""
    return {"start": list(box.start), "stop": list(box.stop)}


def _padded(part: bytes) -> bytes:
    return part + bytes(-len(part) % 4)
