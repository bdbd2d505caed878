"""Which tasks wait, and how often each lost its worker."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from voxclick.cohort.work import Task, Told, Work

TRIES = 3
"""A task whose worker died so often is given up."""


@dataclass(eq=False)
class Turn(Generic[Task]):
    """A task on its way.

    Attributes:
        task: What is left of it.
        tries: How many workers were lost on it.
    """

    task: Task
    tries: int = 0


class Backlog(Generic[Task, Told]):
    """The tasks that are not finished, and the workers lost on them.

    Args:
        tasks: All of them, in the order they are handed out.
        work: What is done with them.
        losses: Gets one line for each worker that was lost.
    """

    def __init__(self, tasks: Sequence[Task], work: Work[Task, Told], losses: list[str]) -> None:
        self._waiting = deque(Turn(task) for task in tasks)
        self._work = work
        self._losses = losses

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self) -> Turn[Task]:
        """The next task; there must be one."""
        return self._waiting.popleft()

    def told(self, turn: Turn[Task], told: Told) -> bool:
        """Something was told of a task at work; whether that was the end of it."""
        left = self._work.after(turn.task, told)
        if left is not None:
            turn.task = left
        return left is None

    def give_up(self, turn: Turn[Task], reason: str) -> Sequence[Told]:
        """What is told of a task that cannot be done."""
        return self._work.lost(turn.task, reason)

    def lose(self, turn: Turn[Task], how: str) -> Sequence[Told]:
        """The worker of a task died; gives what is told if the task is given up.

        Another try comes behind all others: what ran out may be free again by then.

        Args:
            turn: The task at work.
            how: Of the worker's end, as in "its process ended with code -9".
        """
        turn.tries += 1
        self._losses.append(f"{self._work.name(turn.task)}: {how}")
        if turn.tries < TRIES:
            self._waiting.append(turn)
            return ()
        return self.give_up(
            turn,
            f"{TRIES} workers were lost on it, one after the other (the last: {how}); if memory "
            "ran out, run again with fewer workers",
        )
