"""Grey slices as the frames that SAM 2 was trained on."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's red, green and blue, which SAM 2 normalises frames by."""


def frame(grey: UInt8[Tensor, "h w"], size: int) -> Float[Tensor, "3 s s"]:
    """One grey slice as a frame: squeezed into a square, and grey three times.

    Args:
        grey: Intensities in the volume's window, 0 to 255.
        size: Rows and columns of the frame.
    """
    shown = grey[None, None].float() / 255
    shown = functional.interpolate(
        shown, size=(size, size), mode="bilinear", align_corners=False, antialias=True
    )[0]
    mean, std = (torch.tensor(v, device=grey.device)[:, None, None] for v in (MEAN, STD))
    return (shown.expand(3, -1, -1) - mean) / std


def frame_mask(mask: Tensor, size: int) -> Float[Tensor, "s s"]:
    """A slice's mask (boolean or 0 and 1) on the pixels of its frame, 0 and 1."""
    shown = mask[None, None].float()
    if shown.shape[-2:] != (size, size):
        shown = functional.interpolate(
            shown, size=(size, size), mode="bilinear", align_corners=False, antialias=True
        )
    return (shown[0, 0] >= 0.5).float()
