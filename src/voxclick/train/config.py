"""What a training run is: data, schedule, click loop, network."""

import tomllib
from dataclasses import asdict, dataclass, field, fields
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from voxclick.errors import InputError, OptionError


@dataclass(frozen=True)
class TrainConfig:
    """One training run of the built-in network.

    Attributes:
        steps: Optimiser steps in all.
        warmup: Steps until the full learning rate.
        cooldown: Share of the steps, at the end, over which it falls to nothing.
        rate: The full learning rate.
        weight_decay: Of AdamW.
        clip: Norm that gradients are cut to.
        ema: Decay of the averaged weights, which are what is kept at the end.
        scenes: Scenes a step and process.
        targets: Objects of each scene.
        patch: Voxels along each axis, `(48,)` or one of several sizes drawn at each step.
        real: Share of the scenes that come from real volumes.
        painted: Share of the real ones whose intensities are made up.
        rounds: Share of the targets that are prompted once, twice, ...
        seed: Of everything drawn at random.
        save_every: Steps between checkpoints.
        include: Data sets (folder names) of the real volumes; all if empty.
        exclude: Cases (shell patterns of `dataset/case`) that are left out.
        levels: Channels of the network at each level.
    """

    steps: int = 3000
    warmup: int = 100
    cooldown: float = 0.3
    rate: float = 2e-3
    weight_decay: float = 1e-3
    clip: float = 1.0
    ema: float = 0.998
    scenes: int = 2
    targets: int = 4
    patch: tuple[int, ...] = (48,)
    real: float = 0.5
    painted: float = 0.2
    rounds: tuple[float, ...] = (0.35, 0.2, 0.15, 0.12, 0.1, 0.08)
    seed: int = 0
    save_every: int = 200
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    levels: tuple[int, ...] = field(default=(16, 48, 96, 160))

    def as_dict(self) -> dict[str, Any]:
        """For the file beside the weights."""
        return asdict(self)

    @classmethod
    def read(cls, path: Path) -> "TrainConfig":
        """From a TOML file with some of the fields.

        Raises:
            InputError: If there is no such file or it is no TOML.
            OptionError: If a field is unknown or of the wrong kind.
        """
        try:
            with path.open("rb") as stream:
                given = tomllib.load(stream)
        except OSError as error:
            raise InputError(f"a configuration file is needed, got {path}: {error}") from None
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"{path} is no TOML file: {error}") from None
        return cls.of(given, path)

    @classmethod
    def of(cls, given: dict[str, Any], path: Path) -> "TrainConfig":
        """From fields by name.

        Args:
            given: Some of the fields.
            path: Where they come from, for messages.

        Raises:
            OptionError: If a field is unknown or of the wrong kind.
        """
        known = {each.name: each.default for each in fields(cls)}
        made: dict[str, Any] = {}
        for name, value in given.items():
            if name not in known:
                raise OptionError(
                    f"{path}: unknown field {name!r}; the fields are {', '.join(known)}"
                )
            made[name] = _as_kind(value, known[name], f"{path}: {name}")
        return cls(**made)


def preset(name: str) -> TrainConfig:
    """The configuration of that name, or in the TOML file of that path.

    Raises:
        InputError: If there is neither.
        OptionError: If a field is unknown or of the wrong kind.
    """
    folder = files("voxclick.train") / "presets"
    known = sorted(each.name.removesuffix(".toml") for each in folder.iterdir())
    if name in known:
        with as_file(folder / f"{name}.toml") as path:
            return TrainConfig.read(path)
    path = Path(name)
    if not path.exists():
        raise InputError(
            f"a configuration must be a TOML file or one of {', '.join(known)}, got {name!r}"
        )
    return TrainConfig.read(path)


def _as_kind(value: Any, default: Any, where: str) -> Any:
    kind = type(default)
    if kind is tuple and isinstance(value, list):
        return tuple(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise OptionError(f"{where} must be like {default!r}, got {value!r}")
    return value
