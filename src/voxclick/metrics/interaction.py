"""How a score grows over clicks: area under the curve, clicks to a target."""

from collections.abc import Sequence

import numpy as np

from voxclick.errors import OptionError


def area_under_curve(scores: Sequence[float]) -> float:
    """The trapezoid area under the scores after clicks 1, 2, ..., one unit a click.

    Five scores d1 to d5 give d1/2 + d2 + d3 + d4 + d5/2, from 0 to 4 (CVPR 2025 protocol).

    Raises:
        OptionError: For fewer than two scores.
    """
    if len(scores) < 2:
        raise OptionError(f"an area needs the scores of at least two clicks, got {len(scores)}")
    return float(np.trapezoid(np.asarray(scores, dtype=np.float64)))


def normalised_area(scores: Sequence[float]) -> float:
    """The area under the curve over its length: a mean score over the clicks, from 0 to 1.

    Raises:
        OptionError: For fewer than two scores.
    """
    return area_under_curve(scores) / (len(scores) - 1)


def clicks_to_reach(scores: Sequence[float], target: float) -> int | None:
    """After how many clicks the score first reaches the target; None if it never does."""
    for click, score in enumerate(scores, start=1):
        if score >= target:
            return click
    return None
