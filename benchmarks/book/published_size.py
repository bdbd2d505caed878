"""Weights of the published sizes, drawn at random, for a family whose own are not at hand.

What a network costs does not depend on its weights; what it finds does, so these are never scored.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from transformers import SamConfig

from benchmarks.ct_sam3d import drawn
from benchmarks.sam2_slices import tiny
from voxclick.models.sam2_slices.architecture import TRUNKS
from voxclick.models.sam_adapter3d.checkpoint import write_network
from voxclick.models.sam_adapter3d.network import Network
from voxclick.models.sam_adapter3d.settings import Settings
from voxclick.models.sam_slices.network import SamFrame
from voxclick.models.supervised.look import Look, header_of
from voxclick.models.supervised.network import build, stored
from voxclick.models.supervised.sizes import Sizes
from voxclick.models.weights import save_weights
from voxclick.preprocess.statistics import Intensity

SLICE_SIDE = 512
STRUCTURES = ("one", "two", "three")


def _ct_sam3d(path: Path) -> None:
    network = drawn(0)
    header = {"voxclick": "ct_sam3d", "sizes": network.sizes.to_json()}
    save_weights(path, dict(network.state_dict()), header)


def _sam2_slices(path: Path) -> None:
    network = tiny(SLICE_SIDE)
    trunk = TRUNKS["tiny"].to_json()
    header = {"voxclick": "sam2_slices", "image_size": str(SLICE_SIDE), "trunk": trunk}
    save_weights(path, dict(network.state_dict()), header)


def _sam_adapter3d(path: Path) -> None:
    torch.manual_seed(0)
    write_network(path, Network(), Settings(Intensity(0, 200, 80, 40)))


def _sam_slices(path: Path) -> None:
    torch.manual_seed(0)
    save_weights(path, dict(SamFrame(SamConfig()).state_dict()), {"voxclick": "sam_slices"})


def _supervised(path: Path) -> None:
    """A DynUNet as the preset makes it for volumes of 1.5 mm."""
    torch.manual_seed(0)
    spacing = (1.5, 1.5, 1.5)
    sizes = Sizes("dynunet", len(STRUCTURES), (128, 128, 128), 32, spacing, 2)
    header = header_of(sizes, Look(STRUCTURES, spacing))
    save_weights(path, stored(build(sizes).state_dict()), header)


DRAWN: dict[str, Callable[[Path], None]] = {
    "ct_sam3d": _ct_sam3d,
    "sam2_slices": _sam2_slices,
    "sam_adapter3d": _sam_adapter3d,
    "sam_slices": _sam_slices,
    "supervised": _supervised,
}
"""By family: writes a file that its segmenter takes."""
