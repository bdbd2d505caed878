"""Training samples: made-up scenes and real patches, with the objects to segment in them."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Int

from voxclick.geometry import Box
from voxclick.models.builtin.folding import THICK
from voxclick.simulate.user import components
from voxclick.train.augment import augment
from voxclick.train.builtin.patches import RealCases
from voxclick.train.builtin.prompting import COARSE, Target, coarse_mask
from voxclick.train.builtin.settings import BuiltinSettings
from voxclick.train.builtin.step import Sample
from voxclick.train.builtin.synth import Scenes, SynthSettings, make_scenes, paint, tissue_around
from voxclick.train.builtin.targets import sub_targets
from voxclick.types import Array, Index3, Vector3

LEAST = 24
"""An object of fewer voxels in the patch is no target."""

ONE_PART = 0.6
"""Share of the objects in several pieces of which one piece alone is wanted."""

WITH_PARTS = 0.5
"""Share of the made-up objects that are wanted with what is embedded in them, such as lesions."""

PIECES = 0.2
"""Share of the real patches with regions of the image and parts of its objects as targets too."""

PLAIN = 0.2
"""Share of the made-up scenes with little but an object or two: easy, and to be got right."""

PLAIN_SCENE = SynthSettings(cells=1, solids=3, rows=0, trees=0, lesions=0)

HALF_FACES = 0.7
"""Share of the scenes behind whose faces the volume goes on."""


class Samples:
    """Where samples come from; the same seed and step give the same samples.

    Args:
        settings: Shares, sizes and data sets.
        data: Folder of real volumes; None for made-up scenes only.
    """

    def __init__(self, settings: BuiltinSettings, data: Path | None) -> None:
        self.settings = settings
        self.cases = None
        if data is not None and settings.real > 0:
            self.cases = RealCases(data, settings.include, settings.exclude)

    def draw(self, step: int, rank: int, number: int) -> Sample:
        """One sample.

        Args:
            step: Of the optimiser.
            rank: Of the process.
            number: Of the scene in the step.
        """
        generator = np.random.default_rng((self.settings.seed, step, rank, number))
        sizes = self.settings.patch
        size = sizes[int(np.random.default_rng((self.settings.seed, step)).integers(len(sizes)))]
        shape = (size, size, size)
        if self.cases is not None and generator.random() < self.settings.real:
            return self._real(self.cases, shape, generator)
        return self._made_up(shape, generator)

    def _real(self, cases: RealCases, shape: Index3, generator: np.random.Generator) -> Sample:
        patch = cases.draw(generator, shape)
        masks = [patch.labels == label for label in np.unique(patch.labels) if label > 0]
        if generator.random() < PIECES or not masks:
            masks = [*masks, *sub_targets(patch, generator)]
        if generator.random() < self.settings.painted and len(masks) > 2:
            made = _torch_generator(generator)
            labels = torch.from_numpy(patch.labels.astype(np.int16))[None]
            lengths = torch.tensor([patch.lengths])
            tissue = tissue_around(labels, lengths, made)
            image = paint(labels, tissue, lengths, made)[0].numpy()
        else:
            image = augment(patch.image, generator, patch.lengths, patch.ct)
        cut = _faces(patch.valid, generator)
        return self._sample(image, patch.lengths, patch.valid, cut, masks, generator)

    def _made_up(self, shape: Index3, generator: np.random.Generator) -> Sample:
        settings = PLAIN_SCENE if generator.random() < PLAIN else SynthSettings()
        scenes = make_scenes(1, shape, _torch_generator(generator), torch.device("cpu"), settings)
        objects = scenes.objects[0].numpy()
        valid = np.ones(objects.shape, dtype=np.bool_)
        i, j, k = (float(length) for length in scenes.lengths[0])
        cut = _faces(valid, generator)
        masks = _made_up_masks(scenes, objects, generator)
        return self._sample(scenes.image[0].numpy(), (i, j, k), valid, cut, masks, generator)

    def _sample(
        self,
        image: Array,
        lengths: Vector3,
        valid: Bool[Array, "i j k"],
        cut: Bool[Array, "i j k"],
        masks: list[Bool[Array, "i j k"]],
        generator: np.random.Generator,
    ) -> Sample:
        part = _trimmed(valid, lengths)
        image, valid, cut = image[part], valid[part], cut[part]
        masks = [mask[part] for mask in masks]
        sizes = np.array([int((mask & valid).sum()) for mask in masks])
        usable = np.flatnonzero((sizes >= LEAST) & (sizes < 0.9 * valid.sum()))
        if len(usable) == 0:  # a patch without an object teaches nothing: the brightest part does
            masks, usable = [image > np.quantile(image, 0.8)], np.array([0])
        count = min(self.settings.targets, len(usable))
        chosen = generator.choice(usable, count, replace=False)
        targets = tuple(self._target(masks[int(number)], generator) for number in chosen)
        return Sample(image, lengths, valid, cut, targets)

    def _target(self, mask: Bool[Array, "i j k"], generator: np.random.Generator) -> Target:
        shares = np.array(self.settings.rounds)
        rounds = 1 + int(generator.choice(len(shares), p=shares / shares.sum()))
        parts, sizes = components(mask)
        if len(sizes) > 2 and generator.random() < ONE_PART:
            shares = sizes[1:] / sizes[1:].sum()
            part = parts == 1 + int(generator.choice(len(shares), p=shares))
            mask = part if part.sum() >= LEAST else mask
        start = coarse_mask(mask, generator) if generator.random() < COARSE else None
        return Target(np.ascontiguousarray(mask), rounds, start)


def _trimmed(valid: Bool[Array, "i j k"], lengths: Vector3) -> tuple[slice, ...]:
    """The part of a patch that is worth its while.

    It is cut to where there is volume, and along thick slices to as few as views of real volumes
    have; to multiples of 8, so that patches of one shape meet.
    """
    box, part = Box.of_mask(valid), []
    for axis, length in enumerate(lengths):
        size = valid.shape[axis]
        there = box.stop[axis] - box.start[axis]
        most = size if length <= THICK else max(8, round(size / length / 5) * 8)
        kept = min(size, most, max(8, -(-there // 8) * 8))
        middle = (box.start[axis] + box.stop[axis]) // 2
        start = min(max(0, middle - kept // 2), size - kept)
        part.append(slice(start, start + kept))
    return tuple(part)


def _torch_generator(generator: np.random.Generator) -> torch.Generator:
    return torch.Generator().manual_seed(int(generator.integers(1 << 62)))


def _faces(valid: Bool[Array, "i j k"], generator: np.random.Generator) -> Bool[Array, "i j k"]:
    """The voxels on the faces behind which the volume goes on."""
    cut = np.zeros(valid.shape, dtype=np.bool_)
    whole = generator.random() > HALF_FACES
    for axis in range(3):
        for end in (0, -1):
            if not (whole and generator.random() < 0.5):
                np.moveaxis(cut, axis, 0)[end] = np.moveaxis(valid, axis, 0)[end]
    return cut


def _made_up_masks(
    scenes: Scenes, objects: Int[Array, "i j k"], generator: np.random.Generator
) -> list[Bool[Array, "i j k"]]:
    """The objects of a scene, half of them with what is embedded in them."""
    parents = scenes.parents[0].numpy()
    masks = []
    for number in range(1, int(objects.max()) + 1):
        mask = objects == number
        within = [child for child, parent in enumerate(parents) if parent == number]
        if within and generator.random() < WITH_PARTS:
            mask = mask | np.isin(objects, within)
        masks.append(mask)
    return masks
