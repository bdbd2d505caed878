import pytest

from voxclick.errors import OptionError
from voxclick.models.supervised.sizes import Sizes


def sizes(**changes):
    told = {"kind": "dynunet", "classes": 2, "patch": (128, 128, 128), "width": 32}
    return Sizes(**{**told, "spacing_mm": (1.5, 1.5, 1.5), **changes})


def test_a_cube_is_halved_on_all_axes_down_to_four_voxels():
    kernels, shrinks = zip(*sizes().stages, strict=True)
    assert shrinks == ((1, 1, 1), *[(2, 2, 2)] * 5)
    assert set(kernels) == {(3, 3, 3)}
    assert sizes().filters == (32, 64, 128, 256, 320, 320)


def test_thick_slices_wait_until_pixels_are_as_long():
    thick = sizes(patch=(128, 128, 16), spacing_mm=(0.75, 0.75, 5.0)).stages
    assert [kernel for kernel, _ in thick][:3] == [(3, 3, 1), (3, 3, 1), (3, 3, 3)]
    assert [shrinks for _, shrinks in thick][:3] == [(1, 1, 1), (2, 2, 1), (2, 2, 1)]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"kind": "vnet"}, "one of dynunet, swin-unetr"),
        ({"patch": (100, 128, 128)}, "multiple of 16"),
        ({"supervised": 9}, "deep_supervision must be 0 to 4"),
        ({"kind": "swin-unetr", "patch": (90, 96, 96), "width": 48}, "multiples of 32"),
        ({"kind": "swin-unetr", "patch": (32, 32, 32), "width": 48}, "not 32 on all axes"),
        ({"kind": "swin-unetr", "patch": (96, 96, 96), "width": 20}, "multiple of 12"),
    ],
)
def test_a_network_that_cannot_be_is_told_at_once(wrong, told):
    with pytest.raises(OptionError, match=told):
        sizes(**wrong)
