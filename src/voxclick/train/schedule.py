"""How the learning rate goes over a run, as a share of the full one."""

import math
from collections.abc import Sequence


def rise_and_fall(step: int, steps: int, warmup: int, cooldown: float) -> float:
    """Up over the warm-up, level, and down to nothing over the cool-down.

    The level part can be prolonged: a run of more steps is the same until its cool-down.

    Source: Zhai et al., Scaling vision transformers, CVPR 2022, section 3.5.

    Args:
        step: From 0.
        steps: Of the whole run.
        warmup: Steps until the full rate.
        cooldown: Share of the steps, at the end, over which it falls.
    """
    rise = min(1.0, (step + 1) / max(1, warmup))
    left = (steps - step) / max(1.0, cooldown * steps)
    return min(rise, 1.0, left)


def stepped(epoch: int, warmup: int, milestones: Sequence[int], factor: float = 0.1) -> float:
    """Up over the warm-up, and smaller by the factor from each milestone on.

    Args:
        epoch: From 0.
        warmup: Epochs until the full rate; its share is `(epoch + 1) / warmup`.
        milestones: Epochs.
        factor: What each multiplies the rate by.
    """
    passed = sum(epoch >= each for each in milestones)
    return float(min(1.0, (epoch + 1) / max(1, warmup)) * factor**passed)


def cosine(step: int, steps: int, last: float) -> float:
    """Down from 1 to `last` along half a cosine.

    Source: Loshchilov and Hutter, SGDR, ICLR 2017.

    Args:
        step: From 0.
        steps: Of the whole run.
        last: The share at its end.
    """
    return last + (1 - last) * (1 + math.cos(math.pi * step / max(1, steps))) / 2


def polynomial(step: int, steps: int, power: float = 0.9) -> float:
    """Down from 1 to nothing along a power of what is left.

    Source: Chen et al., DeepLab, TPAMI 2018; nnU-Net's schedule.

    Args:
        step: From 0.
        steps: Of the whole run.
        power: Of what is left.
    """
    return float(max(0.0, 1 - step / max(1, steps)) ** power)


def falling(epoch: int, epochs: int, last: float) -> float:
    """Down from 1 towards `last` in a line, the same for a whole epoch.

    Args:
        epoch: From 0.
        epochs: Of the whole run; the share is `last` after them.
        last: The share there.
    """
    return 1 + (last - 1) * epoch / max(1, epochs)
