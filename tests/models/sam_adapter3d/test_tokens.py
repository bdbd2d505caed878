"""One convolution does what upsampling, patch embedding and slice embedding do in turn."""

import pytest
import torch
from torch.nn import functional

from voxclick.models.sam_adapter3d.sizes import TOKENS
from voxclick.models.sam_adapter3d.tokens import FINE, embed_crop, fused_kernel

CHANNELS = 5


def weights():
    torch.manual_seed(1)
    patch = (torch.randn(CHANNELS, 3, FINE, FINE) / FINE, torch.randn(CHANNELS))
    slices = (torch.randn(CHANNELS, 1, 1, 1, FINE) / 4, torch.randn(CHANNELS))
    return patch, slices


def in_turn(block, ratio, patch, slices):
    """What the published network does, on a part of a crop small enough to upsample."""
    fine = functional.interpolate(block, scale_factor=FINE / ratio, mode="trilinear")
    grey = fine[0].transpose(0, 1).expand(-1, 3, -1, -1)
    patches = functional.conv2d(grey, *patch, stride=FINE)  # slice c h w
    volume = patches.permute(1, 2, 3, 0)[None]
    merged = functional.conv3d(volume, *slices, stride=(1, 1, FINE), groups=CHANNELS)
    return merged.permute(0, 2, 3, 4, 1)


@pytest.mark.parametrize("size", [64, 128, 192, 256])
def test_tokens_are_those_of_the_three_steps_in_turn(size):
    patch, slices = weights()
    crop = torch.randn(1, 1, size, size, size)
    tokens = embed_crop(crop, patch, slices)
    ratio = size // TOKENS
    near, far = crop[..., : 3 * ratio, : 4 * ratio, : 5 * ratio], crop[..., -3 * ratio :, :, :]
    far = far[..., -4 * ratio :, -5 * ratio :]
    # the last token next to where the part was cut saw other neighbours
    first = in_turn(near, ratio, patch, slices)[:, :-1, :-1, :-1]
    last = in_turn(far, ratio, patch, slices)[:, 1:, 1:, 1:]
    torch.testing.assert_close(tokens[:, :3, :4, :2], first, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(tokens[:, -3:, -4:, -2:], last, rtol=1e-5, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("size", [64, 128])
def test_tokens_of_a_whole_crop_are_those_of_the_three_steps_in_turn(size):
    patch, slices = weights()
    crop = torch.randn(1, 1, size, size, size)
    expected = in_turn(crop, size // TOKENS, patch, slices)
    torch.testing.assert_close(embed_crop(crop, patch, slices), expected, rtol=1e-5, atol=1e-5)


def test_the_slice_embedding_gets_the_gradient_that_the_steps_give_it():
    (patch, bias), (slices, offset) = weights()
    crop = torch.randn(1, 1, 64, 64, 64)[..., :64, :64, :64]
    grads = []
    for tokens in (
        lambda leaf: embed_crop(crop, (patch, bias), (leaf, offset))[:, :3, :3, :3],
        lambda leaf: in_turn(crop[..., :8, :8, :8], 2, (patch, bias), (leaf, offset))[
            :, :3, :3, :3
        ],
    ):
        leaf = slices.clone().requires_grad_()
        tokens(leaf).square().sum().backward()
        grads.append(leaf.grad)
    torch.testing.assert_close(*grads, rtol=1e-4, atol=1e-4)


def test_the_kernel_keeps_the_sum_of_what_it_fuses():
    (patch, _), (slices, _) = weights()
    kernel = fused_kernel(patch, slices, 4)
    expected = patch.sum(dim=(1, 2, 3)) * slices.flatten(1).sum(dim=1)
    torch.testing.assert_close(kernel.sum(dim=(1, 2, 3)), expected, rtol=1e-4, atol=1e-4)
