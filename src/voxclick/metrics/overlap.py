"""Agreement of two masks by the voxels they share."""

import math

import numpy as np

from voxclick.errors import GridMismatchError
from voxclick.geometry import Box
from voxclick.volume import Mask


def dice(truth: Mask, predicted: Mask) -> float:
    """Twice the shared voxels over the sum of both; 1 for two empty masks, 0 for one.

    Raises:
        GridMismatchError: If the masks lie on different grids.
    """
    check_same_grid(truth, predicted)
    total = truth.voxels + predicted.voxels
    return 1.0 if total == 0 else 2 * _shared(truth, predicted) / total


def iou(truth: Mask, predicted: Mask) -> float:
    """The shared voxels over those of either; 1 for two empty masks, 0 for one.

    Raises:
        GridMismatchError: If the masks lie on different grids.
    """
    check_same_grid(truth, predicted)
    shared = _shared(truth, predicted)
    either = truth.voxels + predicted.voxels - shared
    return 1.0 if either == 0 else shared / either


def volume_error_ml(truth: Mask, predicted: Mask) -> float:
    """Predicted less true volume in millilitres: above 0 where too much was segmented.

    Raises:
        GridMismatchError: If the masks lie on different grids.
    """
    check_same_grid(truth, predicted)
    return predicted.volume_ml - truth.volume_ml


def relative_volume_error(truth: Mask, predicted: Mask) -> float:
    """The volume error over the true volume; for an empty truth 0 if empty too, else infinite.

    Raises:
        GridMismatchError: If the masks lie on different grids.
    """
    error = volume_error_ml(truth, predicted)
    if truth.voxels == 0:
        return 0.0 if predicted.voxels == 0 else math.inf
    return error / truth.volume_ml


def check_same_grid(truth: Mask, predicted: Mask) -> None:
    """Raise GridMismatchError unless both masks lie on one grid."""
    if not truth.grid.matches(predicted.grid):
        raise GridMismatchError(
            f"two masks on one grid are needed, got {truth.grid.shape} and "
            f"{predicted.grid.shape} voxels at different places; resample one onto the other"
        )


def joint_box(truth: Mask, predicted: Mask) -> Box:
    """The smallest box that holds both masks; empty for two empty masks."""
    return Box.of_mask(truth.array).union(Box.of_mask(predicted.array))


def _shared(truth: Mask, predicted: Mask) -> int:
    return int(np.count_nonzero(truth.array & predicted.array))
