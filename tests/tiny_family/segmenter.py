"""The segmenter, made from a file of the store."""

from pathlib import Path

import torch
from region_growing import RegionGrowing

from voxclick.models.weights import read_weights


class TinySegmenter(RegionGrowing):
    """Region growing that carries what it was made from."""

    def __init__(self, device: torch.device, weights: Path) -> None:
        super().__init__()
        self.device = device
        self.tensors, self.header = read_weights(weights)
