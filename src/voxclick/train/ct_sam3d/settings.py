"""What a training run of CT-SAM3D is told; the defaults are the published configuration."""

from dataclasses import dataclass

from voxclick.errors import OptionError
from voxclick.models.ct_sam3d.sizes import PATCH, SPACING_MM, Four, Sizes
from voxclick.train.settings import EpochSettings

COARSEST = 64
"""The smallest patch whose coarsest features have more than one voxel, as instance norms need."""


@dataclass(frozen=True)
class PatchSettings(EpochSettings):
    """Schedule, patches and clicks, which both stages share.

    Attributes:
        rate: The full learning rate.
        clip: Norm that the gradients are cut to.
        seed: Of everything drawn at random.
        warmup_epochs: Until the full rate.
        milestones: Epochs at which the rate falls to a tenth.
        rounds: How often a patch is answered, each time with one more click.
        most_points: Of each sign, before the first answer.
        gamma: Each further one of those points is so much less likely.
        handed: Share of the patches that begin with a part of their object known, as where a
            neighbouring patch was segmented before. Ours; the published configuration has none.
        patch: Voxels along each axis.
        spacing_mm: Of the patches.
        window_hu: Intensities that become 0 and 1.
        augmented: Share of the patches that are shifted, turned and scaled.
        shift_mm: At most, along each axis.
        turn_degrees: At most, about an axis drawn at random.
        scale: Smallest and largest.
    """

    rate: float = 1e-4
    clip: float = 5.0
    seed: int = 42
    epochs: int = 1000
    warmup_epochs: int = 100
    milestones: tuple[int, ...] = (800,)
    samples_per_volume: int = 8
    batch: int = 6
    rounds: int = 5
    most_points: int = 24
    gamma: float = 0.7
    handed: float = 0.0
    patch: int = PATCH
    spacing_mm: float = SPACING_MM
    window_hu: tuple[float, float] = (-125.0, 225.0)
    augmented: float = 0.6
    shift_mm: float = 20.0
    turn_degrees: float = 10.0
    scale: tuple[float, float] = (0.9, 1.1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.patch < COARSEST or self.patch % 32:
            raise OptionError(
                f"patch must be a multiple of 32 from {COARSEST} up, got {self.patch}"
            )
        if not 0 < self.gamma <= 1:
            raise OptionError(f"gamma must lie above 0 and be at most 1, got {self.gamma}")
        least = min(self.epochs, self.samples_per_volume, self.batch, self.rounds, self.most_points)
        if least < 1:
            raise OptionError(
                "epochs, samples_per_volume, batch, rounds and most_points must be 1 or more, "
                f"got {least}"
            )


@dataclass(frozen=True)
class CtSettings(PatchSettings):
    """What the first stage adds: the network.

    Attributes:
        recompute: Whether the decoder's activations are computed again for the gradients: less
            memory, more time.
        published_start: Whether new weights are drawn as the authors' (0.02 wide), or as wide as
            the channels ask for (PyTorch's own), without which narrow networks hardly see a prompt.
        embed: Channels of a new network's encoder; this and the next as in `ct_sam3d.sizes`.
        depths: Blocks of each stage.
        heads: Attention heads of each stage.
        reduction: Of the keys' and values' grid, at each stage.
        fine: Channels of the finer features.
        coarse: Channels of the coarsest one.
        shared: Channels that modulate.
        last: Channels at full resolution.
    """

    recompute: bool = False
    published_start: bool = True
    embed: Four = (96, 192, 384, 768)
    depths: Four = (1, 2, 6, 2)
    heads: Four = (1, 2, 4, 8)
    reduction: Four = (8, 4, 2, 1)
    fine: int = 128
    coarse: int = 256
    shared: int = 128
    last: int = 64

    @property
    def sizes(self) -> Sizes:
        """Of a new network: its clicks meet by the better rule, and it has no cross-patch part."""
        return Sizes(
            embed=self.embed,
            depths=self.depths,
            heads=self.heads,
            reduction=self.reduction,
            fine=self.fine,
            coarse=self.coarse,
            shared=self.shared,
            last=self.last,
            cross_patch=None,
            prompt_rule="maximum",
        )


@dataclass(frozen=True)
class CrossPatchSettings(PatchSettings):
    """What the second stage adds: pairs of patches, and the network that is trained.

    Attributes:
        stride: Fewest and most voxels between the middles of two neighbours, along each axis in
            which they differ.
        empty: Share of the pairs whose second patch may be one without the object.
        heat_sigma: Of the Gaussian at the wanted click, in voxels.
        cross_patch: Channels of a new cross-patch network, fine to coarse.
    """

    stride: tuple[int, int] = (32, 48)
    empty: float = 0.25
    heat_sigma: float = 2.0
    cross_patch: tuple[int, ...] = (16, 32, 64, 128, 256)
