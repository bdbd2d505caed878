"""The cross-patch network: given one patch and its mask, where to click in another patch.

A residual U-Net with the key names and the arithmetic of MONAI's `UNet` (two residual units,
instance norms without weights, one PReLU slope each).
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from voxclick.models.layers.convolution import Convolution

INPUTS = 3
"""The first patch, its mask, the second patch."""


class Unit(nn.Module):
    """Convolution, instance norm, PReLU; a bare one, as at the very end, only the first."""

    def __init__(self, convolution: nn.Module, bare: bool = False) -> None:
        super().__init__()
        self.conv = convolution
        if not bare:
            self.adn = nn.Module()
            self.adn.A = nn.PReLU()

    def forward(self, image: Float[Tensor, "b a d h w"]) -> Float[Tensor, "b c u v t"]:
        """The unit's map."""
        convolved: Tensor = self.conv(image)
        if not hasattr(self, "adn"):
            return convolved
        slope = self.adn.A
        assert isinstance(slope, nn.PReLU)
        activated: Tensor = slope(functional.instance_norm(convolved))
        return activated


class ResidualUnit(nn.Module):
    """Units in a row, and a way around them."""

    def __init__(self, units: list[Unit], residual: nn.Module | None) -> None:
        super().__init__()
        self.conv = nn.Sequential()
        for place, unit in enumerate(units):
            self.conv.add_module(f"unit{place}", unit)
        if residual is not None:
            self.residual = residual

    def forward(self, image: Float[Tensor, "b a d h w"]) -> Float[Tensor, "b c u v t"]:
        """What both ways give, added."""
        around = self.residual(image) if hasattr(self, "residual") else image
        added: Tensor = self.conv(image) + around
        return added


class Beside(nn.Module):
    """What goes through a sub-network, behind what goes around it."""

    def __init__(self, submodule: nn.Module) -> None:
        super().__init__()
        self.submodule = submodule

    def forward(self, image: Float[Tensor, "b a d h w"]) -> Float[Tensor, "b c d h w"]:
        """Both, along the channels."""
        return torch.cat([image, self.submodule(image)], dim=1)


class CrossPatch(nn.Module):
    """The U-Net.

    Args:
        channels: Of its levels, fine to coarse; the last two share a resolution.
    """

    def __init__(self, channels: tuple[int, ...]) -> None:
        super().__init__()
        self.model = _level(INPUTS, 1, channels, top=True)

    def forward(
        self,
        image_u: Float[Tensor, "b 1 d h w"],
        mask_u: Float[Tensor, "b 1 d h w"],
        image_v: Float[Tensor, "b 1 d h w"],
    ) -> Float[Tensor, "b 1 d h w"]:
        """A heat map on the second patch: how good a click there would be, about 0 to 1.

        Args:
            image_u: A patch, scaled to [0, 1].
            mask_u: The object in it, 0 or 1.
            image_v: Another patch.
        """
        heat: Tensor = self.model(torch.cat([image_u, mask_u, image_v], dim=1))
        return heat


def _level(
    inputs: int, outputs: int, channels: tuple[int, ...], top: bool = False
) -> nn.Sequential:
    width, *deeper = channels
    down = _down(inputs, width, stride=2)
    if len(deeper) > 1:
        below: nn.Module = _level(width, width, tuple(deeper))
        within = 2 * width
    else:
        below = _down(width, deeper[0], stride=1)
        within = width + deeper[0]
    widened = nn.ConvTranspose3d(within, outputs, 3, stride=2, padding=1, output_padding=1)
    last = Unit(Convolution(outputs, outputs, 3, padding=1), bare=top)
    up = nn.Sequential(Unit(widened), ResidualUnit([last], None))
    return nn.Sequential(down, Beside(below), up)


def _down(inputs: int, outputs: int, stride: int) -> ResidualUnit:
    units = [
        Unit(Convolution(inputs, outputs, 3, stride=stride, padding=1)),
        Unit(Convolution(outputs, outputs, 3, padding=1)),
    ]
    if stride == 1:
        return ResidualUnit(units, Convolution(inputs, outputs, 1))
    return ResidualUnit(units, Convolution(inputs, outputs, 3, stride=stride, padding=1))
