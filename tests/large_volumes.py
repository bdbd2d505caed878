"""Small volumes that are taken for large ones."""

import pytest

from voxclick.engine import object_state, ownership, portion
from voxclick.io import memory
from voxclick.preprocess import axis_resample
from voxclick.volume import Blocks, blocks


def leave_in_files(patch: pytest.MonkeyPatch) -> None:
    """Read every volume from its file as it is needed."""
    patch.setattr(memory, "LOADED", 0)


def keep_in_blocks(patch: pytest.MonkeyPatch, side: int = 16) -> None:
    """Keep every mask in blocks of so many voxels along an axis."""
    patch.setattr(blocks, "DENSE", 0)
    patch.setattr(blocks, "SIDE", side)
    patch.setattr(Blocks, "unit", (side, side, side))


def work_in_portions(patch: pytest.MonkeyPatch, voxels: int = 16000) -> None:
    """Work on no more voxels at once."""
    for module in (portion, object_state, ownership):
        patch.setattr(module, "HELD", voxels)
    for module in (portion, ownership):
        patch.setattr(module, "PORTION", voxels // 4)


def read_by_parts(patch: pytest.MonkeyPatch) -> None:
    """Read wide views part by part."""
    patch.setattr(axis_resample, "LARGEST_PART", 0)
