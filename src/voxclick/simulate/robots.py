"""Users who make mistakes: their hand slips, they mix up the signs, they let things pass."""

from dataclasses import dataclass

import numpy as np

from voxclick.errors import OptionError
from voxclick.prompts import Point
from voxclick.simulate.clicks import RandomClick
from voxclick.simulate.user import SimulatedUser
from voxclick.volume import Mask


@dataclass(frozen=True)
class RobotClick(SimulatedUser):
    """Clicks an error drawn by size, near its centre, as a tired person would.

    Attributes:
        offset_mm: Standard deviation of a slip of the hand, along each voxel axis, in mm.
        wrong_sign: Probability that the click says the opposite; never of the first.
        lazy: Probability that nothing is said at a turn; never at the first.
        content: The Dice from which nothing more is said.
        alpha: As of `RandomClick`: 8 keeps to the centre, 1 spreads out.
    """

    offset_mm: float = 2.0
    wrong_sign: float = 0.05
    lazy: float = 0.1
    content: float = 0.95
    alpha: float = 8.0

    def __post_init__(self) -> None:
        shares = {"wrong_sign": self.wrong_sign, "lazy": self.lazy, "content": self.content}
        for name, share in shares.items():
            if not 0 <= share <= 1:
                raise OptionError(f"{name} must be from 0 to 1, got {share}")
        if not 0 <= self.offset_mm < np.inf:
            raise OptionError(f"offset_mm must be from 0 up, got {self.offset_mm}")

    def next_prompt(  # noqa: D102  (as in SimulatedUser)
        self, truth: Mask, predicted: Mask, generator: np.random.Generator
    ) -> Point | None:
        click = RandomClick(self.alpha).next_prompt(truth, predicted, generator)
        slip, sign, turn = generator.normal(0, 1, 3), generator.random(), generator.random()
        if click is None or self._is_content(truth, predicted):
            return None
        begun = bool(predicted.array.any())
        if begun and turn < self.lazy:
            return None
        moved = np.array(click.at) + np.round(self.offset_mm * slip / truth.grid.spacing_mm)
        i, j, k = np.clip(moved, 0, np.array(truth.grid.shape) - 1).tolist()
        return Point((i, j, k), click.positive != (begun and sign < self.wrong_sign))

    def _is_content(self, truth: Mask, predicted: Mask) -> bool:
        shared = np.count_nonzero(truth.array & predicted.array)
        return bool(2 * shared >= self.content * (truth.voxels + predicted.voxels))
