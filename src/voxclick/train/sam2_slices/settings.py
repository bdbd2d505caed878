"""What a training run of SAM 2 on clips is told; the defaults are MedSAM2's configuration."""

from dataclasses import dataclass

from voxclick.errors import OptionError
from voxclick.models.sam2_slices.architecture import TRUNKS, Trunk
from voxclick.train.settings import EpochSettings

PARTS = ("image_encoder", "prompt_encoder", "mask_decoder", "memory")
"""What can be trained: the two encoders, the mask decoder, and all that remembers."""


@dataclass(frozen=True)
class NewNetwork(EpochSettings):
    """The sizes of a network that begins without start weights; the defaults are SAM 2.1 tiny.

    Attributes:
        embed: Channels of the image encoder's first stage; they double with each stage.
        stages: Blocks of each stage.
        heads: Attention heads of the first stage.
        windows: Window of each stage's attention, in tokens.
        global_blocks: Blocks whose attention has no window.
        width: Channels of the features that the decoder and the memory share.
        feed_forward: Hidden channels of the memory attention.
        decoder_feed_forward: Hidden channels of the mask decoder's transformer.
    """

    embed: int = TRUNKS["tiny"].embed_dim
    stages: tuple[int, ...] = TRUNKS["tiny"].stages
    heads: int = TRUNKS["tiny"].heads
    windows: tuple[int, ...] = TRUNKS["tiny"].windows
    global_blocks: tuple[int, ...] = TRUNKS["tiny"].global_blocks
    width: int = 256
    feed_forward: int = 2048
    decoder_feed_forward: int = 2048

    @property
    def trunk(self) -> Trunk:
        """The image encoder's sizes."""
        return Trunk(self.embed, self.stages, self.heads, self.windows, self.global_blocks)


@dataclass(frozen=True)
class ClipSettings(NewNetwork):
    """Schedule, clips and prompts.

    Attributes:
        rate: The full learning rate; MedSAM2's, as are the encoder's, the decay and the schedule.
        clip: Norm that the gradients of each parameter group are cut to.
        autocast: Half precision of the forward pass.
        seed: Of everything drawn at random.
        epochs: Passes over the volumes.
        batch: Clips that go through the network together, in each process.
        encoder_rate: The image encoder's learning rate, where it is trained.
        weight_decay: Of all but biases and norms.
        last_rate: Share of the full rates at the end of the cosine.
        parts: What is trained, of `PARTS`. MedSAM2 trains all; ours the decoder and the memory.
        image_size: Rows and columns of the frames.
        slices: Of a clip, at most; a thinner volume gives shorter clips.
        objects: Of a clip, at most; all of them are on its first slice.
        prompted: Slices with a prompt of their own, at most; one or more, the first always.
        corrected: Slices with corrections, at most, where the prompts are not masks.
        corrections: Clicks on each of those slices, one after the other.
        masked: Share of the objects whose prompts are masks.
        boxed: Share of the other prompts that are boxes; the rest are clicks.
        from_truth: Share of the corrections that lie anywhere in the object, right or wrong there.
        box_noise: Standard deviation of a box's corners, as a share of its size.
        box_noise_pixels: How far a corner strays at most.
        downwards: Share of the clips that go down the axis. Ours; half, as both ways are used.
        flipped: Share of the clips that are mirrored along rows.
        turn_degrees: At most, in the plane of the slices.
        shear_degrees: At most.
        brightness: Factor on all slices of a clip, at most so far from 1.
        contrast: The same about their mean.
    """

    rate: float = 5e-5
    clip: float = 0.1
    autocast: str = "bf16"
    seed: int = 123
    epochs: int = 75
    batch: int = 4
    encoder_rate: float = 3e-5
    weight_decay: float = 0.1
    last_rate: float = 0.1
    parts: tuple[str, ...] = ("mask_decoder", "memory")
    image_size: int = 512
    slices: int = 8
    objects: int = 5
    prompted: int = 2
    corrected: int = 2
    corrections: int = 7
    masked: float = 0.5
    boxed: float = 1.0
    from_truth: float = 0.1
    box_noise: float = 0.1
    box_noise_pixels: int = 20
    downwards: float = 0.5
    flipped: float = 0.5
    turn_degrees: float = 25.0
    shear_degrees: float = 20.0
    brightness: float = 0.1
    contrast: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        unknown = sorted(set(self.parts) - set(PARTS))
        if unknown or not self.parts:
            raise OptionError(f"parts must be some of {', '.join(PARTS)}, got {list(self.parts)}")
        if not 1 <= self.prompted <= self.corrected:
            raise OptionError(
                "prompted must be 1 or more and no more than corrected, "
                f"got {self.prompted} and {self.corrected}"
            )
        least = min(self.epochs, self.batch, self.samples_per_volume, self.slices, self.objects)
        if least < 1:
            raise OptionError(
                "epochs, batch, samples_per_volume, slices and objects must be 1 or more, "
                f"got {least}"
            )
        if self.image_size < 64 or self.image_size % 32:
            raise OptionError(
                f"image_size must be a multiple of 32 from 64 up, got {self.image_size}"
            )
