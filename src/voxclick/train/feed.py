"""The samples of each step, drawn while the step before is computed."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeAlias

from voxclick.train.recipe import Recipe

Batches: TypeAlias = list[list[Any]]
"""The samples of one step: a list for each batch whose gradients are accumulated."""


class Feed:
    """Draws the next step ahead, in one thread, so that a recipe draws one sample at a time.

    Args:
        recipe: Draws the samples.
        rank: Of the process.
    """

    def __init__(self, recipe: Recipe[Any, Any], rank: int) -> None:
        self.recipe = recipe
        self._rank = rank
        self._thread = ThreadPoolExecutor(1)
        self._ahead: dict[int, Future[Batches]] = {}

    def take(self, step: int) -> Batches:
        """The samples of a step; whatever went wrong when they were drawn is raised here."""
        drawing = self._ahead.pop(step, None) or self._thread.submit(self._draw, step)
        drawn = drawing.result()
        if step + 1 < self.recipe.steps:
            self._ahead[step + 1] = self._thread.submit(self._draw, step + 1)
        return drawn

    def _draw(self, step: int) -> Batches:
        batch = self.recipe.batch
        return [
            [self.recipe.draw(step, self._rank, first * batch + n) for n in range(batch)]
            for first in range(self.recipe.settings.accumulate)
        ]
