import pytest
import torch
from published_edgetam import RELEASED, entries, narrow

from voxclick.errors import FileFormatError, OptionError
from voxclick.models.sam2_slices.edgetam.architecture import configuration, image_step
from voxclick.models.sam2_slices.edgetam.names import in_network


def test_the_released_sizes_are_read_off_the_weights():
    named = entries(**RELEASED)
    tensors = in_network({n: torch.empty(s, device="meta") for n, s in named.items()})
    config = configuration(tensors, 1024)
    encoder = config.vision_config.backbone_config
    assert (encoder.channels, encoder.blocks) == ((48, 96, 192, 384), (2, 2, 14, 2))
    assert config.memory_attention_num_layers == 2
    assert config.memory_attention_rope_feat_sizes == [64, 64]
    assert config.memory_attention_rope_k_sizes == [16, 16]
    assert config.perceiver_resampler_num_latents == 256
    assert not config.enable_temporal_pos_encoding_for_object_pointers
    assert not config.enable_occlusion_spatial_embedding
    assert image_step(tensors) == 256


@pytest.mark.parametrize("size", [0, 32, 500, 1000])
def test_frames_that_do_not_fill_the_windows_are_refused(size):
    with pytest.raises(OptionError, match=f"multiple of 32 from 64 up, got {size}"):
        configuration(in_network(narrow()), size)


def test_a_grid_that_is_no_square_is_refused():
    tensors = in_network(narrow())
    tensors["spatial_perceiver.latents_2d"] = torch.zeros(5, 64)
    with pytest.raises(FileFormatError, match="square grid of tokens, got 5"):
        configuration(tensors, 64)
