"""The smallest weights of each family that has published ones, for the contract of segmenters."""

from collections.abc import Callable
from pathlib import Path

from published_sam2 import TINY_SIZES, narrow

from voxclick.models.weights import save_weights


def write_sam2_slices(path: Path) -> None:
    """A SAM 2 of half a million weights that looks at frames of 64 pixels."""
    from voxclick.models.sam2_slices.architecture import trunk_of
    from voxclick.models.sam2_slices.names import in_library

    tensors = in_library(narrow())
    trunk = trunk_of(tensors, TINY_SIZES).to_json()
    header = {"voxclick": "sam2_slices", "image_size": "64", "trunk": trunk}
    save_weights(path, tensors, header)


TINY_WEIGHTS: dict[str, Callable[[Path], None]] = {"sam2_slices": write_sam2_slices}
"""By family: writes a file that its segmenter takes."""
