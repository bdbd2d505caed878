"""The fast convolution gives the numbers of the slow one."""

import pytest
import torch
from torch.nn import functional

from voxclick.models.layers.convolution import Convolution, convolve


@pytest.mark.parametrize("trains", [False, True])
@pytest.mark.parametrize(("groups", "stride", "side"), [(1, 1, 3), (4, 1, 3), (1, 2, 3), (1, 1, 1)])
def test_the_fast_convolution_gives_the_same_numbers(trains, groups, stride, side):
    torch.manual_seed(0)
    ours = Convolution(4, 8, side, stride=stride, padding=side // 2, groups=groups)
    ours.requires_grad_(trains)
    image = torch.randn(1, 4, 6, 7, 8)
    expected = functional.conv3d(image, ours.weight, ours.bias, stride, side // 2, 1, groups)
    torch.testing.assert_close(ours(image), expected, rtol=1e-4, atol=1e-5)
    assert ours(image).requires_grad == trains


def test_autocast_computes_in_its_own_numbers():
    image, weight = torch.randn(1, 4, 6, 7, 8), torch.randn(8, 4, 3, 3, 3)
    with torch.autocast("cpu", torch.bfloat16):
        assert convolve(image, weight).dtype == torch.bfloat16
