import pytest
import torch
from published_sam2 import RELEASED, TINY_SIZES, entries, narrow

from voxclick.errors import FileFormatError, OptionError
from voxclick.models.sam2_slices.architecture import TRUNKS, Trunk, configuration, trunk_of
from voxclick.models.sam2_slices.names import in_library


@pytest.mark.parametrize("size", RELEASED)
def test_every_released_size_is_recognised_from_its_weights(size):
    embed, stages, background, window = RELEASED[size]
    named = entries(embed, stages, background, window)
    tensors = {name: torch.empty(shape, device="meta") for name, shape in named.items()}
    assert trunk_of(in_library(tensors)) == TRUNKS[size]


def test_another_size_needs_to_be_told():
    tensors = in_library(narrow())
    with pytest.raises(FileFormatError, match="give sizes"):
        trunk_of(tensors)
    assert trunk_of(tensors, TINY_SIZES).global_blocks == (3,)


def test_sizes_that_the_weights_are_not_of_are_refused():
    with pytest.raises(FileFormatError, match=r"weights of 8 and \[1, 1, 2, 1\]"):
        trunk_of(in_library(narrow()), {"embed_dim": 96, "stages": [1, 2, 7, 2]})


@pytest.mark.parametrize("size", [0, 32, 100, 500])
def test_frames_that_do_not_fit_the_windows_are_refused(size):
    tensors = in_library(narrow())
    with pytest.raises(OptionError, match="multiple of 32"):
        configuration(tensors, trunk_of(tensors, TINY_SIZES), size)


def test_version_two_has_no_signed_distances_and_no_mark_of_absence():
    tensors = in_library(narrow("2"))
    config = configuration(tensors, trunk_of(tensors, TINY_SIZES), 64)
    assert not config.enable_temporal_pos_encoding_for_object_pointers
    assert not config.enable_occlusion_spatial_embedding


def test_memories_of_another_width_are_refused():
    tensors = in_library(narrow())
    tensors["memory_temporal_positional_encoding"] = torch.zeros(7, 1, 1, 32)
    with pytest.raises(FileFormatError, match="64 channels, got 32"):
        configuration(tensors, trunk_of(tensors, TINY_SIZES), 64)


def test_a_trunk_comes_back_from_its_text():
    for trunk in TRUNKS.values():
        assert Trunk.from_json(trunk.to_json()) == trunk
