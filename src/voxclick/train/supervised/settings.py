"""What a training run of a supervised baseline is told; the defaults are nnU-Net's."""

from dataclasses import dataclass
from typing import ClassVar

from voxclick.errors import OptionError
from voxclick.models.supervised.sizes import Sizes
from voxclick.preprocess.statistics import Intensity
from voxclick.train.settings import EpochSettings
from voxclick.train.split import FOLDS, NAMES
from voxclick.types import Vector3

OPTIMISERS = ("sgd", "adamw")
FALLS = ("polynomial", "cosine")
SHARES = ("positive", "augmented", "mirrored", "intensities")


@dataclass(frozen=True)
class PatchSettings(EpochSettings):
    """Network, data and patches.

    Attributes:
        structures: Names of the labels that the network tells apart, in the order of its classes;
            all that the training cases have if empty, which reads each of them once.
        network: `dynunet` or `swin-unetr`.
        width: Channels of the first stage.
        deep_supervision: Coarser stages of DynUNet that learn to answer, too.
        patch: Voxels left-right, back-front and feet-head.
        spacing_mm: Of the patches, along the same axes.
        intensity: `low, high, mean, std`; empty for the statistics of the foreground where every
            training case is CT, else for each volume's own.
        split: The file with the folds published for 3DSAM-adapter, below the data; empty for folds
            drawn by the seed.
        data_set: Whose labels that file's cases have (`kits21`, `pancreas`, `lits17`, `colon`), for
            their names.
        fold: Which of them is left out, a fifth of the cases; -1 to train on all.
        positive: Share of the patches around a voxel of a structure; others lie anywhere.
        augmented: Share of the patches that are turned and scaled.
        turn_degrees: At most, about an axis drawn at random.
        scale: Smallest and largest; a structure looks so much larger.
        mirrored: Share that is mirrored left to right. None where sides have names of their own.
        intensities: Share whose intensities are changed, as another scanner might.
    """

    network: str = "dynunet"
    width: int = 32
    deep_supervision: int = 2
    patch: tuple[int, ...] = (128, 128, 128)
    spacing_mm: tuple[float, ...] = (1.5, 1.5, 1.5)
    intensity: tuple[float, ...] = ()
    split: str = ""
    data_set: str = ""
    fold: int = -1
    positive: float = 0.5
    augmented: float = 0.2
    turn_degrees: float = 30.0
    scale: tuple[float, float] = (0.7, 1.4)
    mirrored: float = 0.0
    intensities: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("patch", "spacing_mm"):
            values = getattr(self, name)
            if len(values) != 3 or min(values) <= 0:
                raise OptionError(f"{name} must be three numbers above 0, got {list(values)}")
        for name in SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise OptionError(f"{name} must be a share, 0 to 1, got {getattr(self, name)}")
        if len(self.intensity) not in (0, 4):
            raise OptionError(
                f"intensity must be low, high, mean and std, got {list(self.intensity)}"
            )
        if self.data_set and self.data_set not in NAMES:
            raise OptionError(
                f"data_set must be one of {', '.join(NAMES)}, or empty, got {self.data_set!r}"
            )
        if not -1 <= self.fold < FOLDS:
            raise OptionError(f"fold must be -1, or 0 to {FOLDS - 1}, got {self.fold}")
        self.sizes(1)

    @property
    def spacing(self) -> Vector3:
        """Of the patches, in mm."""
        left, back, feet = (float(value) for value in self.spacing_mm)
        return (left, back, feet)

    @property
    def known_intensity(self) -> Intensity | None:
        """The statistics that were given."""
        return Intensity(*self.intensity) if self.intensity else None

    def sizes(self, classes: int) -> Sizes:
        """Of the network that tells so many structures apart.

        Raises:
            OptionError: If there is no such network.
        """
        left, back, feet = self.patch
        return Sizes(
            kind=self.network,
            classes=classes,
            patch=(left, back, feet),
            width=self.width,
            spacing_mm=self.spacing,
            supervised=self.deep_supervision if self.network == "dynunet" else 0,
        )


@dataclass(frozen=True)
class SupervisedSettings(PatchSettings):
    """Schedule and optimiser.

    Attributes:
        rate: The full learning rate.
        clip: Norm that the gradients are cut to.
        epochs: Passes over the training cases.
        batch: Patches that go through the network together, in each process.
        optimiser: `sgd` (with Nesterov's momentum) or `adamw`.
        momentum: Of `sgd`.
        decay: Of the weights.
        fall: `polynomial` (0.9) or `cosine`, to nothing at the end.
        warmup: Share of the steps over which the rate rises.
    """

    rate: float = 1e-2
    clip: float = 12.0
    epochs: int = 1000
    batch: int = 2
    optimiser: str = "sgd"
    momentum: float = 0.99
    decay: float = 3e-5
    fall: str = "polynomial"
    warmup: float = 0.0

    free: ClassVar[tuple[str, ...]] = ("save_every",)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.optimiser not in OPTIMISERS:
            raise OptionError(
                f"optimiser must be one of {', '.join(OPTIMISERS)}, got {self.optimiser!r}"
            )
        if self.fall not in FALLS:
            raise OptionError(f"fall must be one of {', '.join(FALLS)}, got {self.fall!r}")
        if min(self.epochs, self.samples_per_volume, self.batch) < 1:
            raise OptionError("epochs, samples_per_volume and batch must be 1 or more")
