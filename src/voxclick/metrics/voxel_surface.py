"""Agreement of two masks by their outermost voxels, in voxels, as some publications measure it."""

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import binary_erosion, distance_transform_edt

from voxclick.metrics.overlap import check_same_grid, joint_box
from voxclick.types import Array
from voxclick.volume import Mask


def voxel_nsd(truth: Mask, predicted: Mask, tolerance_voxels: float) -> float:
    """The share of both masks' outermost voxels within a tolerance of the other's, in voxels.

    That is MONAI's `compute_surface_dice` without a spacing, unlike `surface.nsd`, which weighs
    areas and measures in millimetres. An outermost voxel has a neighbour across a face that is
    not in the mask, or lies at the volume's border. 1 for two empty masks, 0 for one.

    Raises:
        GridMismatchError: If the masks lie on different grids.
    """
    check_same_grid(truth, predicted)
    box = joint_box(truth, predicted)
    first, second = (_outermost(mask.array[box.slices]) for mask in (truth, predicted))
    count = int(np.count_nonzero(first)) + int(np.count_nonzero(second))
    if count == 0:
        return 1.0
    if not first.any() or not second.any():
        return 0.0
    there, back = _distances(first, second), _distances(second, first)
    near = np.count_nonzero(there <= tolerance_voxels) + np.count_nonzero(back <= tolerance_voxels)
    return float(near / count)


def _outermost(mask: Bool[Array, "i j k"]) -> Bool[Array, "i j k"]:
    rim: Array = mask & ~binary_erosion(mask)
    return rim


def _distances(of: Bool[Array, "i j k"], to: Bool[Array, "i j k"]) -> Float[Array, " n"]:
    distances: Array = distance_transform_edt(~to)[of]
    return distances
