"""What a training run of the built-in network is told."""

from dataclasses import dataclass

from voxclick.train.settings import Settings


@dataclass(frozen=True)
class BuiltinSettings(Settings):
    """Schedule, scenes, click loop and network.

    Attributes:
        steps: Optimiser steps in all.
        warmup: Steps until the full learning rate.
        cooldown: Share of the steps, at the end, over which it falls to nothing.
        rate: The full learning rate.
        weight_decay: Of AdamW.
        ema: Decay of the averaged weights, which are what is kept at the end.
        scenes: Scenes a step and process.
        targets: Objects of each scene.
        patch: Voxels along each axis, `(48,)` or one of several sizes drawn at each step.
        real: Share of the scenes that come from real volumes.
        painted: Share of the real ones whose intensities are made up.
        rounds: Share of the targets that are prompted once, twice, ...
        levels: Channels of the network at each level.
    """

    rate: float = 2e-3
    ema: float = 0.998
    steps: int = 3000
    warmup: int = 100
    cooldown: float = 0.3
    weight_decay: float = 1e-3
    scenes: int = 2
    targets: int = 4
    patch: tuple[int, ...] = (48,)
    real: float = 0.5
    painted: float = 0.2
    rounds: tuple[float, ...] = (0.35, 0.2, 0.15, 0.12, 0.1, 0.08)
    levels: tuple[int, ...] = (16, 48, 96, 160)
