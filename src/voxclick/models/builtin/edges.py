"""Whether the evidence alone is the better answer: it ends at strong edges, the network does not.

An object that stands out sharply all around needs no network, which has seen few of them; there it
may still stop short, or run over. What decides is the mean step of intensity across the boundary.
On the held-out volumes it turned a first click on a spinal cord from Dice .65 to .94, and it mends
objects that are merely bright (`explanation/builtin-training.md`).
"""

import numpy as np
from jaxtyping import Bool, Float

from voxclick.types import Array

SHARP = 0.15
"""A mean step across the boundary of this much of the intensity range is a strong edge."""

SHARPER = 1.25
"""How many times the step of the network's boundary that of the evidence must be."""


def stands_out(
    evidence: Bool[Array, "i j k"], found: Bool[Array, "i j k"], intensity: Float[Array, "i j k"]
) -> bool:
    """Whether the evidence's mask ends at strong edges, and the network's at far weaker ones.

    Args:
        evidence: The mask by the evidence alone.
        found: The network's mask.
        intensity: Normalised, 0 to 1.
    """
    step = boundary_step(evidence, intensity)
    return step >= SHARP and step >= SHARPER * boundary_step(found, intensity)


def boundary_step(mask: Bool[Array, "i j k"], intensity: Float[Array, "i j k"]) -> float:
    """The mean step of intensity between neighbours across the boundary; 0 without one."""
    total, faces = 0.0, 0
    for axis in range(3):
        inside, values = np.moveaxis(mask, axis, 0), np.moveaxis(intensity, axis, 0)
        crossed = inside[1:] != inside[:-1]
        total += float(np.abs(values[1:] - values[:-1])[crossed].sum(dtype=np.float64))
        faces += int(np.count_nonzero(crossed))
    return total / max(faces, 1)
