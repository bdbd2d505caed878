"""What every training run is told, whatever its recipe."""

from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

from voxclick.errors import OptionError

PRECISIONS = ("no", "bf16")


@dataclass(frozen=True)
class Settings:
    """The settings that all recipes share; each recipe adds its own.

    Attributes:
        rate: The full learning rate, of parameter groups without a rate of their own.
        clip: Norm that the gradients of a parameter group are cut to.
        ema: Decay of the averaged weights, which are what is kept; 0 keeps the last ones.
        accumulate: Batches whose gradients are averaged for one step.
        autocast: Half precision of the forward pass: `no` or `bf16`.
        seed: Of everything drawn at random.
        save_every: Steps between checkpoints.
        include: Data sets (folder names) of the real volumes; all if empty.
        exclude: Cases (shell patterns of `dataset/case`) that are left out.
    """

    rate: float = 1e-4
    clip: float = 1.0
    ema: float = 0.0
    accumulate: int = 1
    autocast: str = "no"
    seed: int = 0
    save_every: int = 200
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    free: ClassVar[tuple[str, ...]] = ("steps", "epochs", "save_every")
    """Fields in which a run may differ from the one that it goes on with."""

    def __post_init__(self) -> None:
        if self.autocast not in PRECISIONS:
            raise OptionError(f"autocast must be one of {PRECISIONS}, got {self.autocast!r}")

    def as_dict(self) -> dict[str, Any]:
        """For the file beside the weights."""
        return asdict(self)

    @classmethod
    def of(cls, given: dict[str, Any], origin: str) -> "Settings":
        """From fields by name.

        Args:
            given: Some of the fields.
            origin: Where they come from, for messages.

        Raises:
            OptionError: If a field is unknown, of the wrong kind, or impossible.
        """
        known = {each.name: each.default for each in fields(cls)}
        made: dict[str, Any] = {}
        for name, value in given.items():
            if name not in known:
                raise OptionError(
                    f"{origin}: unknown field {name!r}; the fields are recipe, {', '.join(known)}"
                )
            made[name] = _as_kind(value, known[name], f"{origin}: {name}")
        return cls(**made)


@dataclass(frozen=True)
class EpochSettings(Settings):
    """What recipes add that visit every volume in each epoch.

    Attributes:
        epochs: Passes over the volumes.
        samples_per_volume: Samples of each volume in an epoch.
        batch: Samples that go through the network together, in each process.
        structures: Names of the labels to train on; all if empty.
    """

    epochs: int = 100
    samples_per_volume: int = 1
    batch: int = 1
    structures: tuple[str, ...] = ()


def _as_kind(value: Any, default: Any, where: str) -> Any:
    kind = type(default)
    if kind is tuple and isinstance(value, list):
        return tuple(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise OptionError(f"{where} must be like {default!r}, got {value!r}")
    return value
