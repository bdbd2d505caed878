import pytest
import torch

from voxclick.models.layers.convolution import Convolution


@pytest.mark.parametrize("trains", [False, True])
def test_the_fast_convolution_gives_the_same_numbers(trains):
    torch.manual_seed(0)
    ours = Convolution(5, 7, 3, padding=1).requires_grad_(trains)
    image = torch.randn(1, 5, 6, 7, 8)
    expected = torch.nn.functional.conv3d(image, ours.weight, ours.bias, padding=1)
    torch.testing.assert_close(ours(image), expected, rtol=1e-4, atol=1e-5)
    assert ours(image).requires_grad == trains


def test_the_fast_convolution_keeps_stride_and_groups():
    torch.manual_seed(0)
    ours = Convolution(6, 6, 5, stride=4, padding=2, groups=6).requires_grad_(False)
    image = torch.randn(1, 6, 8, 8, 8)
    expected = torch.nn.functional.conv3d(
        image, ours.weight, ours.bias, stride=4, padding=2, groups=6
    )
    torch.testing.assert_close(ours(image), expected, rtol=1e-4, atol=1e-5)
