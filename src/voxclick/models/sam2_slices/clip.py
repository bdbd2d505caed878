"""Slices of one volume, each encoded once and kept by bytes."""

from collections import OrderedDict

from jaxtyping import UInt8
from torch import Tensor

from voxclick.models.sam2_slices.frames import frame
from voxclick.models.sam2_slices.network import SliceFeatures, SliceNetwork


class Clip:
    """Slices and their features, shared by every object and pass; least recently used out first.

    Args:
        network: Which encodes.
        slices: Grey, in the volume's window.
        budget_bytes: What the features may hold together. The newest one is always kept.
    """

    def __init__(
        self, network: SliceNetwork, slices: UInt8[Tensor, "n h w"], budget_bytes: int = 1 << 30
    ) -> None:
        self.network = network
        self.slices = slices
        self.budget_bytes = budget_bytes
        self.encoded = 0
        self._kept: OrderedDict[int, SliceFeatures] = OrderedDict()

    def __len__(self) -> int:
        return len(self.slices)

    @property
    def nbytes(self) -> int:
        """Bytes held now."""
        return sum(features.nbytes for features in self._kept.values())

    def features(self, index: int) -> SliceFeatures:
        """The features of a slice, encoded now unless they are kept."""
        if index not in self._kept:
            device = self.network.no_memory_embedding.device
            grey = self.slices[index].to(device)
            self._kept[index] = self.network.embed_slice(frame(grey, self.network.frame_size))
            self.encoded += 1
        self._kept.move_to_end(index)
        each = self._kept[index].nbytes
        while len(self._kept) > max(1, self.budget_bytes // each):
            self._kept.popitem(last=False)
        return self._kept[index]
