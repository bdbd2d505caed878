"""The smallest weights of each family that has published ones, for the contract of segmenters."""

from collections.abc import Callable
from pathlib import Path

from adapter_network import small_network
from published_ct_sam3d import lively
from published_edgetam import narrow as narrow_edgetam
from published_sam import narrow as narrow_sam
from published_sam2 import TINY_SIZES, narrow
from supervised_network import LOOK, SIZES, tiny

from voxclick.models.sam_adapter3d.checkpoint import write_network
from voxclick.models.sam_adapter3d.settings import Settings
from voxclick.models.supervised.look import header_of
from voxclick.models.supervised.network import stored
from voxclick.models.weights import save_weights
from voxclick.preprocess.statistics import Intensity


def write_ct_sam3d(path: Path) -> None:
    """CT-SAM3D at sixteen channels."""
    network = lively()
    header = {"voxclick": "ct_sam3d", "sizes": network.sizes.to_json()}
    save_weights(path, dict(network.state_dict()), header)


def write_sam2_slices(path: Path) -> None:
    """A SAM 2 of half a million weights that looks at frames of 64 pixels."""
    from voxclick.models.sam2_slices.architecture import trunk_of
    from voxclick.models.sam2_slices.names import in_library

    tensors = in_library(narrow())
    trunk = trunk_of(tensors, TINY_SIZES).to_json()
    header = {"voxclick": "sam2_slices", "image_size": "64", "trunk": trunk}
    save_weights(path, tensors, header)


def write_edgetam(path: Path) -> None:
    """An EdgeTAM of a million weights that looks at frames of 64 pixels."""
    from voxclick.models.sam2_slices.edgetam.names import in_network
    from voxclick.models.sam2_slices.plan import EDGETAM

    tensors = in_network(narrow_edgetam())
    save_weights(path, tensors, {"voxclick": "sam2_slices", **EDGETAM.told(tensors, 64)})


def write_sam_adapter3d(path: Path) -> None:
    """3DSAM-adapter at eight channels, in crops of 64 voxels."""
    write_network(path, small_network(), Settings(Intensity(-50, 150, 50, 50), crop=64))


def write_sam_slices(path: Path) -> None:
    """A SAM that looks at frames of 64 pixels."""
    from voxclick.models.sam_slices.names import in_library

    save_weights(path, in_library(narrow_sam()), {"voxclick": "sam_slices"})


def write_supervised(path: Path) -> None:
    """A DynUNet of a few thousand weights, for two structures."""
    save_weights(path, stored(tiny().state_dict()), header_of(SIZES, LOOK))


TINY_WEIGHTS: dict[str, Callable[[Path], None]] = {
    "ct_sam3d": write_ct_sam3d,
    "sam2_slices": write_sam2_slices,
    "edgetam": write_edgetam,
    "sam_adapter3d": write_sam_adapter3d,
    "sam_slices": write_sam_slices,
    "supervised": write_supervised,
}
"""By family, or network of one: writes a file that its segmenter takes."""
