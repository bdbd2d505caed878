import numpy as np
import torch

from voxclick.models.ct_sam3d.fast import winograd
from voxclick.models.ct_sam3d.fast.products import FastConvolution
from voxclick.models.layers.convolution import Convolution


def convolved(source: torch.Tensor, convolution: Convolution, blocks: np.ndarray) -> np.ndarray:
    """A convolution on some blocks; 7 elsewhere."""
    fast = FastConvolution(convolution)
    padded = np.ascontiguousarray(
        np.pad(source.permute(1, 2, 3, 0).numpy(), [(1, 1)] * 3 + [(0, 0)])
    )
    spread = torch.empty(len(blocks), winograd.PRODUCTS, fast.inputs)
    winograd.spread(padded, blocks, spread.numpy())
    into = np.full((*source.shape[1:], fast.outputs), 7, np.float32)
    products = fast.products(spread).numpy()
    winograd.gather(products, blocks, fast.bias, np.zeros_like(into), into)
    return into


def test_blocks_get_what_a_convolution_gives_them():
    torch.manual_seed(0)
    source, convolution = torch.randn(16, 8, 12, 4), Convolution(16, 32, 3, padding=1)
    convolution.requires_grad_(False)
    blocks = np.array([[0, 0, 0], [4, 8, 0], [0, 4, 0]])
    found = convolved(source, convolution, blocks)
    expected = convolution(source[None])[0].permute(1, 2, 3, 0).numpy()
    for z, y, x in blocks:
        block = np.s_[z : z + 4, y : y + 4, x : x + 4]
        np.testing.assert_allclose(found[block], expected[block], atol=2e-5)
    assert (found[4:, :8] == 7).all()


def test_float32_loses_little_more_than_a_direct_convolution():
    generator = torch.Generator().manual_seed(0)
    source = torch.randn(64, 8, 8, 8, generator=generator)
    convolution = Convolution(64, 16, 3, padding=1).requires_grad_(False)
    convolution.weight.copy_(torch.randn(16, 64, 3, 3, 3, generator=generator) / (64 * 27) ** 0.5)
    exact = torch.nn.functional.conv3d(
        source[None].double(), convolution.weight.double(), convolution.bias.double(), padding=1
    )[0].permute(1, 2, 3, 0)
    blocks = np.array([[z, y, x] for z in (0, 4) for y in (0, 4) for x in (0, 4)])
    found = convolved(source, convolution, blocks)
    assert float(np.std(found - exact.numpy())) < 5e-6
