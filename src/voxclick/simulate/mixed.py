"""A user who draws a prompt of another kind each time (nnInteractive's random agent)."""

from dataclasses import dataclass

import numpy as np

from voxclick.prompts import Prompt
from voxclick.simulate.clicks import RandomClick
from voxclick.simulate.lassos import LassoUser
from voxclick.simulate.scribbles import ScribbleUser
from voxclick.simulate.user import SimulatedUser
from voxclick.volume import Mask


@dataclass(frozen=True)
class MixedUser(SimulatedUser):
    """A point, a scribble or a lasso, all alike, drawn anew at each turn.

    Of nnInteractive's three agents that is the random one; the one of a single kind is any other
    user here. How its third agent changes its mind is not published.

    Attributes:
        alpha: Of the points, as of `RandomClick`.
    """

    alpha: float = 8.0

    def next_prompt(  # noqa: D102  (as in SimulatedUser)
        self, truth: Mask, predicted: Mask, generator: np.random.Generator
    ) -> Prompt | None:
        users: tuple[SimulatedUser, ...] = (RandomClick(self.alpha), ScribbleUser(), LassoUser())
        user = users[int(generator.integers(len(users)))]
        return user.next_prompt(truth, predicted, generator)
