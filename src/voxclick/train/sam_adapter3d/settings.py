"""What a training run of 3DSAM-adapter is told; the defaults are the published configuration."""

from dataclasses import dataclass
from typing import ClassVar

from voxclick.errors import OptionError
from voxclick.models.sam_adapter3d.settings import DATA_SETS, UPRIGHT
from voxclick.models.sam_adapter3d.sizes import Sizes
from voxclick.preprocess.statistics import Intensity
from voxclick.train.settings import EpochSettings
from voxclick.train.split import FOLDS

TUNINGS = ("adapter", "plain-adapter", "lora")
"""What lets SAM's blocks learn: the published 3D adapters, the same without their convolution, or
low-rank changes of the attention's weights."""


@dataclass(frozen=True)
class NewNetwork(EpochSettings):
    """The network that begins.

    Attributes:
        prompted: Whether clicks go in; without, the network finds what it was trained on.
        signed_points: Whether it learns what negative clicks mean. Ours; published networks have
            positive clicks alone.
        embed: Channels of a token; this and the next of a network without SAM's weights.
        heads: Attention heads.
        hidden: Hidden channels of a block.
        bottleneck: Channels inside an adapter; 0 for half of `embed`.
        neck: Channels of the features.
        prompt_hidden: Hidden channels of the prompt encoder.
        head: Channels of the mask decoder's heads.
    """

    prompted: bool = True
    signed_points: bool = False
    embed: int = Sizes.embed
    heads: int = Sizes.heads
    hidden: int = Sizes.hidden
    bottleneck: int = 0
    neck: int = Sizes.neck
    prompt_hidden: int = Sizes.prompt_hidden
    head: int = Sizes.head

    @property
    def sizes(self) -> Sizes:
        """Of that network."""
        return Sizes(
            embed=self.embed,
            heads=self.heads,
            hidden=self.hidden,
            bottleneck=self.bottleneck or self.embed // 2,
            neck=self.neck,
            prompt_hidden=self.prompt_hidden,
            head=self.head,
            prompted=self.prompted,
            signed_points=self.signed_points,
        )


@dataclass(frozen=True)
class CropSettings(NewNetwork):
    """Data, crops and clicks.

    Attributes:
        data_set: A published one (`kits21`, `pancreas`, `lits17`, `colon`), for its statistics and
            axes; empty for one's own, whose statistics are computed on its training cases.
        split: The file with the published folds, below the data; empty for folds drawn by the seed.
        fold: Which of them. The published training uses the first alone.
        intensity: `low, high, mean, std` instead of those of the data set; empty for those.
        crop: Voxels along each side; a multiple of 64.
        spacing_mm: Of the crops.
        orientation: Which way depth, height and width of a crop run; empty for the data set's.
        shifted: Share of the crops whose intensities are shifted.
        shift: At most, in the volume's scale.
        flat: Whether crops are turned and scaled in the slice alone, as suits thick slices.
        scaled: Share of the crops that are scaled.
        scale: Smallest and largest; an object looks so much larger.
        turned: Share that is turned about the depth axis; of flat ones alone.
        turn_degrees: At most.
        mirrored: Share that is mirrored, for each axis by itself.
        quarters: Share that is turned by quarters in depth and height.
        margin: Crops lie anywhere in a box so much larger, around their centre.
        positive: Share of the crops around a voxel of the object; the others are around one that
            is not.
    """

    data_set: str = ""
    split: str = ""
    fold: int = 0
    intensity: tuple[float, ...] = ()
    crop: int = 128
    spacing_mm: float = 1.0
    orientation: str = ""
    shifted: float = 0.5
    shift: float = 20.0
    flat: bool = False
    scaled: float = 0.8
    scale: tuple[float, float] = (0.85, 1.25)
    turned: float = 0.3
    turn_degrees: float = 30.0
    mirrored: float = 0.5
    quarters: float = 0.5
    margin: float = 1.2
    positive: float = 2 / 3

    @property
    def axes(self) -> str:
        """Which way the crops run."""
        return self.orientation or (
            DATA_SETS[self.data_set].orientation if self.data_set else UPRIGHT
        )

    @property
    def known_intensity(self) -> Intensity | None:
        """The statistics, where they need no computation."""
        if self.intensity:
            low, high, mean, std = self.intensity
            return Intensity(low, high, mean, std)
        return DATA_SETS[self.data_set].intensity if self.data_set else None


@dataclass(frozen=True)
class TumourSettings(CropSettings):
    """Schedule and what learns.

    Attributes:
        rate: The full learning rate.
        clip: Norm that the gradients of the encoder, the prompt encoder and the mask decoder are
            cut to, each by itself.
        epochs: Passes over the training cases.
        batch: 1: clicks of different crops do not mix.
        last_rate: Share of the full rate in the last epoch; it falls in a line, epoch by epoch.
        clicks: In the object, drawn with replacement.
        anywhere: Further ones anywhere in the crop; all of them where it shows no object.
        tuning: One of `TUNINGS`.
        rank: Of the low-rank changes.
        recompute: Whether blocks are computed again for the gradients: less memory, more time.
    """

    rate: float = 4e-4
    clip: float = 1.0
    epochs: int = 500
    batch: int = 1
    last_rate: float = 0.01
    clicks: int = 10
    anywhere: int = 20
    tuning: str = "adapter"
    rank: int = 8
    recompute: bool = False

    free: ClassVar[tuple[str, ...]] = (*EpochSettings.free, "recompute")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.data_set and self.data_set not in DATA_SETS:
            raise OptionError(
                f"data_set must be one of {', '.join(DATA_SETS)}, or empty, got {self.data_set!r}"
            )
        if self.tuning not in TUNINGS:
            raise OptionError(f"tuning must be one of {', '.join(TUNINGS)}, got {self.tuning!r}")
        if self.crop < 64 or self.crop % 64:
            raise OptionError(f"crop must be a multiple of 64, got {self.crop}")
        if self.batch != 1:
            raise OptionError(
                f"batch must be 1, got {self.batch}; use accumulate, or more processes"
            )
        if len(self.intensity) not in (0, 4):
            raise OptionError(
                f"intensity must be low, high, mean and std, got {list(self.intensity)}"
            )
        if not 0 <= self.fold < FOLDS:
            raise OptionError(f"fold must be 0 to {FOLDS - 1}, got {self.fold}")
        if min(self.clicks, self.anywhere, self.epochs, self.samples_per_volume, self.rank) < 1:
            raise OptionError(
                "clicks, anywhere, epochs, samples_per_volume and rank must be 1 or more"
            )
