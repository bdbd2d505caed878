import torch
from transformers.models.sam2_video.modeling_sam2_video import (
    Sam2VideoLayerNorm,
    Sam2VideoMaskDecoder,
)

from voxclick.models.sam2_slices.decoder import ChannelNorm, norms_by_channel


def asked(network, several):
    generator = torch.Generator().manual_seed(2)
    drawn = [(1, 64, 4, 4), (1, 64, 4, 4), (1, 1, 3, 64), (1, 64, 4, 4)]
    image, where, points, dense = (torch.randn(shape, generator=generator) for shape in drawn)
    fine = [torch.randn(1, 8, 16, 16, generator=generator)]
    return {
        "image_embeddings": image,
        "image_positional_embeddings": where,
        "sparse_prompt_embeddings": points,
        "dense_prompt_embeddings": dense,
        "multimask_output": several,
        "high_resolution_features": [*fine, torch.randn(1, 16, 8, 8, generator=generator)],
    }


def test_the_decoder_says_what_the_library_says(network):
    theirs = Sam2VideoMaskDecoder(network.config.mask_decoder_config).eval()
    theirs.load_state_dict(network.mask_decoder.state_dict())
    for several in (True, False):
        with torch.no_grad():
            ours = network.mask_decoder(**asked(network, several))
            library = theirs(**asked(network, several))
        for one, other in zip(ours, library, strict=True):
            assert one.shape == other.shape
            assert torch.allclose(one, other, atol=1e-4)


def test_a_norm_of_channels_is_that_of_the_library():
    theirs = Sam2VideoLayerNorm(6, eps=1e-6, data_format="channels_first")
    theirs.weight.data.uniform_(0.5, 2)
    theirs.bias.data.normal_()
    ours = ChannelNorm(6, 1e-6)
    ours.load_state_dict(theirs.state_dict())
    features = torch.randn(2, 6, 4, 5)
    assert torch.allclose(ours(features), theirs(features), atol=1e-5)


def test_only_norms_of_channels_are_replaced():
    block = torch.nn.Sequential(
        Sam2VideoLayerNorm(4, data_format="channels_first"), torch.nn.LayerNorm(4)
    )
    norms_by_channel(block)
    assert [type(part) for part in block] == [ChannelNorm, torch.nn.LayerNorm]
