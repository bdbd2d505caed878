"""The sizes of a supervised network."""

from dataclasses import dataclass

from voxclick.errors import OptionError
from voxclick.types import Index3, Vector3

KINDS = ("dynunet", "swin-unetr")

SMALLEST = 8
"""An axis of fewer voxels is halved no more."""

WIDEST = 10
"""Channels grow to so many times those of the first stage at most, as nnU-Net's 32 to 320."""

SWIN_STEP = 32
"""Swin UNETR halves its patch five times."""


@dataclass(frozen=True)
class Sizes:
    """A network's sizes.

    Attributes:
        kind: One of `KINDS`.
        classes: Structures that it tells apart, without the background.
        patch: Voxels that it sees at once, left-right, back-front and feet-head.
        width: Channels of the first stage.
        spacing_mm: Of the patch; DynUNet halves long axes of thin voxels first.
        supervised: Coarser stages of DynUNet that learn to answer, too.

    Raises:
        OptionError: If there is no such network.
    """

    kind: str
    classes: int
    patch: Index3
    width: int
    spacing_mm: Vector3
    supervised: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise OptionError(f"network must be one of {', '.join(KINDS)}, got {self.kind!r}")
        steps = {size / SWIN_STEP for size in self.patch}
        if self.kind == "swin-unetr" and (
            self.width % 12 or steps == {1} or any(step % 1 for step in steps)
        ):
            raise OptionError(
                f"swin-unetr needs a patch of multiples of {SWIN_STEP}, not {SWIN_STEP} on all "
                f"axes, and a width of a multiple of 12, got {list(self.patch)} and {self.width}"
            )
        if self.kind == "dynunet":
            self._check_stages()

    @property
    def stages(self) -> tuple[tuple[Index3, Index3], ...]:
        """Of each stage of DynUNet the convolution's kernel, and how much it shrinks its input.

        nnU-Net's rule: an axis is halved while it has 8 voxels and while its voxels are not more
        than twice as long as the shortest; kernels are flat along axes that wait.
        """
        size, spacing = list(self.patch), list(self.spacing_mm)
        found: list[tuple[Index3, Index3]] = []
        shrinks: Index3 = (1, 1, 1)
        while True:
            near = [length <= 2 * min(spacing) for length in spacing]
            halves = [n and count >= SMALLEST for n, count in zip(near, size, strict=True)]
            kernel = (3, 3, 3) if not any(halves) else _triple([3 if n else 1 for n in near])
            found.append((kernel, shrinks))
            if not any(halves):
                return tuple(found)
            shrinks = _triple([2 if half else 1 for half in halves])
            size = [count // by for count, by in zip(size, shrinks, strict=True)]
            spacing = [length * by for length, by in zip(spacing, shrinks, strict=True)]

    @property
    def filters(self) -> tuple[int, ...]:
        """Channels of each stage of DynUNet."""
        widest = WIDEST * self.width
        return tuple(min(self.width * 2**stage, widest) for stage in range(len(self.stages)))

    def _check_stages(self) -> None:
        for axis in range(3):
            whole = 1
            for _, shrinks in self.stages:
                whole *= shrinks[axis]
            if self.patch[axis] % whole:
                raise OptionError(
                    f"dynunet halves this patch to pieces of {whole} voxels along axis {axis}, got "
                    f"{self.patch[axis]} voxels; take a multiple of {whole}"
                )
        if not 0 <= self.supervised <= max(0, len(self.stages) - 2):
            raise OptionError(
                f"deep_supervision must be 0 to {max(0, len(self.stages) - 2)} for this patch, "
                f"got {self.supervised}"
            )


def _triple(values: list[int]) -> Index3:
    return (values[0], values[1], values[2])
