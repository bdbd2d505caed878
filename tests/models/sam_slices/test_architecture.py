import pytest
import torch
from published_sam import GLOBAL, RELEASED, entries, narrow

from voxclick.errors import FileFormatError
from voxclick.models.sam_slices.architecture import configuration
from voxclick.models.sam_slices.names import in_library


@pytest.mark.parametrize("size", RELEASED)
def test_the_released_sizes_are_read_off_their_weights(size):
    embed, blocks, heads = RELEASED[size]
    shapes = entries(embed, blocks, heads, GLOBAL[size])
    config = configuration(
        in_library({n: torch.empty(s, device="meta") for n, s in shapes.items()})
    )
    vision = config.vision_config
    assert (vision.hidden_size, vision.num_hidden_layers) == (embed, blocks)
    assert (vision.num_attention_heads, vision.mlp_dim) == (heads, 4 * embed)
    assert tuple(vision.global_attn_indexes) == GLOBAL[size]
    assert (vision.image_size, vision.window_size, vision.output_channels) == (1024, 14, 256)
    assert config.mask_decoder_config.attention_downsample_rate == 2
    assert config.mask_decoder_config.mlp_dim == 2048


def test_what_is_missing_is_named():
    tensors = in_library(narrow())
    del tensors["vision_encoder.neck.conv1.weight"]
    with pytest.raises(FileFormatError, match=r"neck\.conv1\.weight"):
        configuration(tensors)
