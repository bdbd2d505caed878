"""The smallest weights of each family that has published ones, for the contract of segmenters."""

from collections.abc import Callable
from pathlib import Path

from adapter_network import small_network

from voxclick.models.sam_adapter3d.checkpoint import write_network
from voxclick.models.sam_adapter3d.settings import Intensity, Settings


def sam_adapter3d(path: Path) -> None:
    """3DSAM-adapter at eight channels, in crops of 64 voxels."""
    write_network(path, small_network(), Settings(Intensity(-50, 150, 50, 50), crop=64))


TINY_WEIGHTS: dict[str, Callable[[Path], None]] = {"sam_adapter3d": sam_adapter3d}
"""By family: writes a file that its segmenter takes."""
