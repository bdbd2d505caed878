"""Embeddings of views, kept by bytes: least recently used out first."""

import threading
from collections import OrderedDict
from dataclasses import replace

import torch

from voxclick.geometry import Grid
from voxclick.models.base import Embedding, Segmenter
from voxclick.preprocess import View
from voxclick.volume import Volume

Key = tuple[Volume, Segmenter, tuple[int, int, int], bytes]


class EmbeddingCache:
    """Views encoded once, for every object and click of the sessions that share it.

    Safe to use from several threads; one that waits for a view another is encoding gets it.

    Args:
        budget_bytes: What the embeddings may hold together. The newest one is always kept.
    """

    def __init__(self, budget_bytes: int = 1 << 30) -> None:
        self.budget_bytes = budget_bytes
        self.hits = 0
        self.misses = 0
        self._kept: OrderedDict[Key, tuple[View, Embedding]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Bytes held now."""
        return sum(_nbytes(kept) for kept in self._kept.values())

    def holds(self, volume: Volume, segmenter: Segmenter, grid: Grid) -> bool:
        """Whether the view on this grid is encoded already."""
        return _key(volume, segmenter, grid) in self._kept

    def embed(self, volume: Volume, segmenter: Segmenter, grid: Grid) -> tuple[View, Embedding]:
        """The view of the volume on this grid and its embedding, encoded now if it never was."""
        key = _key(volume, segmenter, grid)
        with self._lock:
            if key in self._kept:
                self.hits += 1
                self._kept.move_to_end(key)
                return self._kept[key]
            self.misses += 1
            view = View.of(volume, grid, segmenter.device)
            with torch.inference_mode():
                embedding = segmenter.embed(view)
            # whoever needs the intensities again has them in the embedding
            seen = replace(view, image=view.image.new_empty(0, 0, 0))
            self._kept[key] = (seen, embedding)
            held = self.nbytes
            while held > self.budget_bytes and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                held -= _nbytes(dropped)
            return self._kept[key]

    def forget(self, volume: Volume) -> None:
        """Drop every view of a volume, so that its memory is free."""
        with self._lock:
            for key in [key for key in self._kept if key[0] is volume]:
                del self._kept[key]


def _key(volume: Volume, segmenter: Segmenter, grid: Grid) -> Key:
    return (volume, segmenter, grid.shape, grid.affine.tobytes())


def _nbytes(kept: tuple[View, Embedding]) -> int:
    return kept[1].nbytes
