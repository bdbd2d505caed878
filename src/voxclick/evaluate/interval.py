"""How sure a mean over cases is: bootstrap intervals, by drawing whole cases."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from voxclick.types import Array

DRAWS = 1000


def interval_of(
    values: Float[Array, "n t"], cases: Sequence[str]
) -> tuple[list[float | None], list[float | None]]:
    """95 % bootstrap interval of the mean at each step; cases are drawn, with all they hold."""
    _, member = np.unique(cases, return_inverse=True)
    count = int(member.max()) + 1
    if count < 2:
        missing: list[float | None] = [None] * values.shape[1]
        return missing, missing
    sums = np.zeros((count, values.shape[1]))
    np.add.at(sums, member, values)
    sizes = np.bincount(member)
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), size=DRAWS)
    means = (drawn @ sums) / (drawn @ sizes)[:, None]
    low, high = np.percentile(means, (2.5, 97.5), axis=0)
    return low.tolist(), high.tolist()
