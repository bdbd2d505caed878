"""A case ready for a protocol: read, its objects chosen and merged as the protocol says."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from voxclick.errors import InputError
from voxclick.evaluate.case import Case, Target
from voxclick.evaluate.pipeline import Prepared, make_pipeline
from voxclick.evaluate.protocol import Protocol
from voxclick.geometry import Box

MERGED = "merged"


def prepare_case(case: Case, protocol: Protocol) -> Prepared:
    """The image and the objects that the protocol asks for; `dropped` are those too small.

    Raises:
        InputError: If a file cannot be read, or no voxel is labelled.
        GridMismatchError: If the labels lie on another grid than the image.
    """
    volume = case.read()
    found = list(case.targets(volume.grid))
    if not any(target.voxels for target in found):
        raise InputError(
            f"a case needs labelled voxels, got none in the labels of {case.name}; take it out, or "
            "label it"
        )
    wanted = [target for target in found if protocol.wants(target.label, target.name)]
    if protocol.targets == MERGED and wanted:
        wanted = [merge(wanted)]
    prepared = make_pipeline(protocol.pipeline).prepare(volume, wanted)
    small = tuple(one.label for one in prepared.targets if one.voxels < protocol.min_voxels)
    large = [one for one in prepared.targets if one.label not in small]
    chosen = protocol.chosen(case.name, large)
    return replace(prepared, targets=chosen, dropped=(*prepared.dropped, *small))


def merge(targets: Sequence[Target]) -> Target:
    """All objects as one, of the number 1 and the name `merged`; at least one is needed."""
    box = Box.EMPTY
    for target in targets:
        box = box.union(target.box)
    inside = np.zeros(box.shape, dtype=np.bool_)
    for target in targets:
        start = (-box.start[0], -box.start[1], -box.start[2])
        inside[target.box.shifted(start).slices] |= target.inside
    return Target(1, MERGED, targets[0].grid, box, inside)
