"""What one update of a session changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Bool

from voxclick.geometry import Box
from voxclick.types import Array
from voxclick.volume.packing import unpack_bits


@dataclass(frozen=True)
class Change:
    """What to redraw after a prompt, a refinement, an undo or a redo.

    Attributes:
        box: Native voxels that may look different now; empty when nothing changed. With several
            objects it also covers what the others lost or got back.
        seconds: What the update took.
        object: Name of the object that was prompted.
        bits: That object's mask inside `box`, packed one bit a voxel (`volume.packing`).
        notes: What the user should know, such as why a prompt could not be obeyed.
        revision: Counts the updates of the session; the newest wins.
        final: Whether no refinement of the same prompt follows.
    """

    box: Box
    seconds: float
    object: str
    bits: bytes
    notes: tuple[str, ...] = ()
    revision: int = 0
    final: bool = True

    @property
    def mask(self) -> Bool[Array, "i j k"]:
        """The object's mask inside `box`, unpacked."""
        return unpack_bits(self.bits, self.box.shape)


def hull(changes: Sequence[Change]) -> Box:
    """The box that covers what all the changes changed."""
    box = Box.EMPTY
    for change in changes:
        box = box.union(change.box)
    return box
