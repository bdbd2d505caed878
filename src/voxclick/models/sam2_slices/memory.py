"""What the network remembers of slices, and which of it speaks to a slice."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from voxclick.models.base import Memories, SliceMemory


@dataclass(frozen=True, eq=False)
class Sam2Memory(SliceMemory):
    """A slice as later ones see it (arXiv 2408.00714, section 4, memory encoder).

    Attributes:
        features: Where the object was and how the slice looked there, in bfloat16.
        pointer: The object's token.
    """

    features: Float[Tensor, "t m"]
    pointer: Float[Tensor, " c"]

    @property
    def nbytes(self) -> int:  # noqa: D102
        return self.features.nbytes + self.pointer.nbytes


@dataclass(frozen=True, eq=False)
class Recalled:
    """The memories that speak to one slice.

    Attributes:
        features: With the distance of their slice, 0 for prompted ones.
        pointers: With the signed distance of their slice.
    """

    features: list[tuple[int, Float[Tensor, "t m"]]]
    pointers: list[tuple[int, Float[Tensor, " c"]]]


def recall(memories: Memories, slices: int, pointers: int) -> Recalled:
    """What speaks to a slice: every prompted slice, and the nearest ones visited before it.

    The pointers of prompted slices that are yet to come are left out, as in the published
    evaluation; their features are not.

    Args:
        memories: All there are.
        slices: Memory slots of the network, the prompted ones' slot included.
        pointers: Pointers it attends to at most beside those of prompted slices, plus one.
    """
    index, step = memories.index, memories.step
    features, told = [], []
    for number, memory in memories.prompted.items():
        assert isinstance(memory, Sam2Memory)
        features.append((0, memory.features))
        if (index - number) * step >= 0:
            told.append(((index - number) * step, memory.pointer))
    for distance in range(max(slices, pointers) - 1, 0, -1):
        near = memories.tracked.get(index - step * distance)
        if near is None:
            continue
        assert isinstance(near, Sam2Memory)
        if distance < slices:
            features.append((distance, near.features))
        if distance < pointers:
            told.append((distance, near.pointer))
    return Recalled(features, told)
