"""A place worth a look, and the click that corrects the mask there."""

from dataclasses import dataclass

from voxclick.prompts.point import Point
from voxclick.types import Index3


@dataclass(frozen=True)
class Suggestion:
    """A place worth a look.

    Attributes:
        at: The voxel.
        positive: What a click here says, if the mask is wrong here.
        doubt: How likely the mask is wrong here, 0 to 1.
    """

    at: Index3
    positive: bool
    doubt: float

    @property
    def point(self) -> Point:
        """The click that corrects the mask here."""
        i, j, k = self.at
        return Point((float(i), float(j), float(k)), positive=self.positive)
