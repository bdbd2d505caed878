import numpy as np
import pytest
import torch
from published_ct_sam3d import lively

from voxclick.models.ct_sam3d.fast.blocks import all_blocks, first_voxels, parts, reached


def maps(*voxels):
    found = torch.zeros(3, 16, 12, 8)
    for voxel in voxels:
        found[(1, *voxel)] = 0.5
    return found


def test_empty_maps_reach_no_block():
    assert not reached(maps()).any()


@pytest.mark.parametrize(
    ("z", "blocks"), [(4, [0, 1]), (5, [0, 1]), (6, [1, 2]), (8, [1, 2]), (15, [3])]
)
def test_a_voxel_reaches_the_blocks_within_two_voxels(z, blocks):
    assert np.flatnonzero(reached(maps((z, 5, 2))).any(axis=(1, 2))).tolist() == blocks


def test_beyond_the_reached_blocks_gamma_is_that_of_empty_maps():
    modulation = lively().mask_decoder.spade5.norm_0
    asked, empty = maps((6, 5, 2), (15, 0, 7)), maps()
    here, there = (modulation.mlp_gamma(modulation.mlp_shared(m[None])) for m in (asked, empty))
    differs = (here - there)[0].abs().amax(dim=0).numpy() > 0
    allowed = np.kron(reached(asked), np.ones((4, 4, 4), dtype=bool))
    assert differs.any()
    assert not (differs & ~allowed).any()


def test_parts_hold_every_block_once():
    blocks = first_voxels(all_blocks((16, 12, 8)))
    assert len(blocks) == 4 * 3 * 2
    groups = list(parts(blocks, 7))
    assert [len(group) for group in groups] == [7, 7, 7, 3]
    np.testing.assert_array_equal(np.concatenate(groups), blocks)
