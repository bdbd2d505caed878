"""Cases as the challenge takes them: at most 255 objects."""

from collections.abc import Sequence

from voxclick.errors import InputError
from voxclick.evaluate.case import Target
from voxclick.evaluate.challenge.request import MOST_OBJECTS
from voxclick.evaluate.pipeline import Prepared
from voxclick.evaluate.plain_pipeline import PlainPipeline
from voxclick.volume import Volume


class ChallengePipeline(PlainPipeline):
    """Refuses what does not go into a label map of 8 bits."""

    def prepare(self, volume: Volume, targets: Sequence[Target]) -> Prepared:
        """The case as it is.

        Raises:
            InputError: If a label is above 255.
        """
        largest = max((target.label for target in targets), default=0)
        if largest > MOST_OBJECTS:
            raise InputError(
                f"the challenge's label maps hold numbers up to {MOST_OBJECTS}, got {largest}; "
                "number the labels anew, or evaluate without --protocol"
            )
        return super().prepare(volume, targets)
