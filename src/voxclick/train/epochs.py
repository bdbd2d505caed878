"""What recipes share that visit their volumes in epochs."""

from abc import ABC
from pathlib import Path
from typing import Generic, TypeVar

from voxclick.train.recipe import Recipe, SampleT
from voxclick.train.settings import EpochSettings
from voxclick.train.visits import Visits

EpochSettingsT = TypeVar("EpochSettingsT", bound=EpochSettings)


class EpochRecipe(Recipe[EpochSettingsT, SampleT], ABC, Generic[EpochSettingsT, SampleT]):
    """A recipe whose steps follow from the volumes and how often each is visited.

    Args:
        settings: Of the kind that `settings_type` names.
        data: Folder of labelled volumes.
        processes: How many take part.

    Raises:
        OptionError: If there is no folder, or no case in it is left.
    """

    def __init__(self, settings: EpochSettingsT, data: Path | None, processes: int) -> None:
        super().__init__(settings, data, processes)
        self._visits = Visits(settings, data, processes)

    @property
    def steps(self) -> int:
        """Those of all epochs, each as long as its samples last all processes."""
        return self._visits.steps

    @property
    def batch(self) -> int:
        """As the settings say."""
        return self.settings.batch
