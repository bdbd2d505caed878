"""How a grey slice becomes the square frame of a network, and logits the slice again."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

Pair = tuple[int, int]
"""Rows and columns."""

MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
"""Of ImageNet's red, green and blue, 0 to 255, which SAM normalises frames by."""

FLAT = 1e-8
"""A slice whose grey values differ by less is black in MedSAM's eyes."""

SURE = 1e-6
"""Probabilities nearer to 0 and 1 have the logit of this."""


@dataclass(frozen=True)
class Shown:
    """A slice as it is held before the network.

    Attributes:
        pixels: Rows and columns of the slice.
        sides_mm: Height and width of a pixel.
    """

    pixels: Pair
    sides_mm: tuple[float, float]


class Framing(ABC):
    """The way of one network.

    Attributes:
        takes: Kinds of prompts that it was trained on.
        recalls: Whether earlier logits go in with later prompts.
    """

    takes: frozenset[str]
    recalls: bool

    @abstractmethod
    def frame(
        self, grey: Float[Tensor, "h w"], shown: Shown, size: int
    ) -> Float[Tensor, "3 {size} {size}"]:
        """The frame of a slice.

        Args:
            grey: In the window of the volume, whole numbers from 0 to 255.
            shown: How the slice is held.
            size: Rows and columns of the frame.
        """

    @abstractmethod
    def places(self, pixels: Float[Tensor, "n 2"], shown: Shown, size: int) -> Float[Tensor, "n 2"]:
        """Where `x` and `y` of the slice lie in the frame."""

    @abstractmethod
    def spread(self, logits: Float[Tensor, "u v"], shown: Shown, size: int) -> Float[Tensor, "h w"]:
        """The network's logits on the pixels of the slice."""

    @abstractmethod
    def gather(
        self, mask: Float[Tensor, "h w"], shown: Shown, size: int, side: int
    ) -> Float[Tensor, "{side} {side}"]:
        """A mask of the slice, 0 to 1, on the raster of the network's logits, -1 to 1.

        Args:
            mask: On the slice.
            shown: How the slice is held.
            size: Rows and columns of the frame.
            side: Rows and columns of the logits.
        """


class Padded(Framing):
    """SAM's: the longest side fills the frame, what is left is the mean colour.

    Pixels that are no squares become squares; then it is `ResizeLongestSide` and `preprocess` of
    the authors' predictor, to the place of each click.
    """

    takes = frozenset({"point", "box", "scribble", "lasso", "mask"})
    recalls = True

    def frame(  # noqa: D102  (as in Framing)
        self, grey: Float[Tensor, "h w"], shown: Shown, size: int
    ) -> Float[Tensor, "3 {size} {size}"]:
        rows, columns = fitted(shown, size)
        small = resized(grey, (rows, columns)).round().clamp(0, 255)
        mean, std = (torch.tensor(one, device=grey.device)[:, None, None] for one in (MEAN, STD))
        colours = (small.expand(3, -1, -1) - mean) / std
        return functional.pad(colours, (0, size - columns, 0, size - rows))

    def places(  # noqa: D102
        self, pixels: Float[Tensor, "n 2"], shown: Shown, size: int
    ) -> Float[Tensor, "n 2"]:
        return pixels * _scale(fitted(shown, size), shown.pixels)

    def spread(  # noqa: D102
        self, logits: Float[Tensor, "u v"], shown: Shown, size: int
    ) -> Float[Tensor, "h w"]:
        rows, columns = fitted(shown, size)
        whole = resized(logits, (size, size), antialias=False)
        return resized(whole[:rows, :columns], shown.pixels, antialias=False)

    def gather(  # noqa: D102
        self, mask: Float[Tensor, "h w"], shown: Shown, size: int, side: int
    ) -> Float[Tensor, "{side} {side}"]:
        rows, columns = fitted(shown, size)
        inside = resized(mask * 2 - 1, (rows, columns))
        whole = functional.pad(inside, (0, size - columns, 0, size - rows), value=-1.0)
        return resized(whole, (side, side))


class Stretched(Framing):
    """MedSAM's: the slice is stretched over the frame and scaled from its darkest to its brightest.

    As its authors' inference script does it, which knows boxes alone, asks each box anew, and
    spreads probabilities, not logits. Their cubic spline is a cubic convolution here.
    """

    takes = frozenset({"box"})
    recalls = False

    def frame(  # noqa: D102
        self, grey: Float[Tensor, "h w"], shown: Shown, size: int
    ) -> Float[Tensor, "3 {size} {size}"]:
        large = resized(grey, (size, size), mode="bicubic").round().clamp(0, 255)
        low, high = large.min(), large.max()
        return ((large - low) / (high - low).clamp(min=FLAT)).expand(3, -1, -1).contiguous()

    def places(  # noqa: D102
        self, pixels: Float[Tensor, "n 2"], shown: Shown, size: int
    ) -> Float[Tensor, "n 2"]:
        return pixels * _scale((size, size), shown.pixels)

    def spread(  # noqa: D102
        self, logits: Float[Tensor, "u v"], shown: Shown, size: int
    ) -> Float[Tensor, "h w"]:
        return resized(torch.sigmoid(logits), shown.pixels, antialias=False).logit(eps=SURE)

    def gather(  # noqa: D102
        self, mask: Float[Tensor, "h w"], shown: Shown, size: int, side: int
    ) -> Float[Tensor, "{side} {side}"]:
        return resized(mask * 2 - 1, (side, side))


def fitted(shown: Shown, size: int) -> Pair:
    """Rows and columns that a slice takes in a frame whose sides its longest side fills."""
    lengths = [count * mm for count, mm in zip(shown.pixels, shown.sides_mm, strict=True)]
    rows, columns = (max(1, int(size * length / max(lengths) + 0.5)) for length in lengths)
    return rows, columns


def resized(
    image: Float[Tensor, "h w"], to: Pair, mode: str = "bilinear", antialias: bool = True
) -> Float[Tensor, "u v"]:
    """An image on other rows and columns."""
    return functional.interpolate(
        image[None, None], size=to, mode=mode, align_corners=False, antialias=antialias
    )[0, 0]


def _scale(there: Pair, here: Pair) -> Float[Tensor, "2"]:
    """Of `x` and `y`, by which the authors multiply the indices of pixels."""
    return torch.tensor([there[1] / here[1], there[0] / here[0]])
