"""What the workers of a cohort do: one task after the other, telling as they go."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Generic, TypeVar

Task = TypeVar("Task")
Told = TypeVar("Told")


class Work(ABC, Generic[Task, Told]):
    """What every worker is told once. It is pickled and travels to them, as tasks do."""

    @abstractmethod
    def begin(self, device: str) -> Callable[[Task], Iterator[Told]]:
        """Load what all tasks need; gives what does one task, telling as it goes.

        What is given turns failures into things told: an exception that leaves it loses the worker.
        The last thing told of a task is one that leaves nothing of it (`after`).

        Args:
            device: `auto`, `cpu`, `cuda[:N]` or `mps`.

        Raises:
            VoxclickError: If it cannot be loaded; that ends the whole run.
        """

    @abstractmethod
    def files(self, task: Task) -> Sequence[Path]:
        """What must be found at the same path wherever the task is done."""

    @abstractmethod
    def after(self, task: Task, told: Told) -> Task | None:
        """What is left of a task once this was told, so that another try does not tell it again.

        None when it is finished.

        Args:
            task: As it was handed out, or as this gave it before.
            told: The newest thing told.
        """

    @abstractmethod
    def lost(self, task: Task, reason: str) -> Sequence[Told]:
        """What is told in place of the rest of a task that is given up."""

    @abstractmethod
    def name(self, task: Task) -> str:
        """What people call the task."""
