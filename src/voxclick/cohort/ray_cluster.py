"""Tasks spread over a Ray cluster: an actor a core or a GPU, each with the model, each asked anew.

What travels is small: tasks are paths and numbers, and what is told of them comes back one by one.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Generic

from voxclick.cohort.backlog import Backlog, Turn
from voxclick.cohort.reason import reason_of
from voxclick.cohort.thread import ONE_THREAD
from voxclick.cohort.work import Task, Told, Work
from voxclick.errors import MissingFileError, OptionError, VoxclickError

LOOK_S = 5.0
"""So often the cluster is asked whether it has grown."""
FETCH_S = 120.0
"""Seconds after which something told counts as lost with the machine it lay on."""
UNHEARD = 4
"""A worker that told so much more than was heard waits, so that object stores stay small."""
ROOM_S = 600.0
"""Seconds in which the first worker must have found room on the cluster and begun."""
FALSE_STARTS = 10
"""So many workers in a row may be lost before they began."""


@dataclass(frozen=True)
class Ready:
    """What a worker says when it has begun.

    Attributes:
        node: The address of the machine.
        version: Of voxclick there.
    """

    node: str
    version: str


@dataclass(frozen=True)
class Refusal:
    """Why a worker cannot begin.

    Attributes:
        node: The address of the machine.
        error: What loading raised there.
    """

    node: str
    error: VoxclickError


@dataclass(frozen=True)
class Unseen:
    """A file that a worker's machine does not see."""

    node: str
    path: Path


class Actor(Generic[Task, Told]):
    """One worker, on some machine of the cluster.

    Args:
        work: What it does.
        device: Where it computes.
    """

    def __init__(self, work: Work[Task, Told], device: str) -> None:
        self._work = work
        self._device = device
        self._do: Callable[[Task], Iterator[Told]] | None = None

    def begin(self) -> Ready | Refusal:
        """Load the model; an error is given, not raised, so that it arrives as it is."""
        from voxclick import __version__

        try:
            self._do = self._work.begin(self._device)
        except VoxclickError as error:
            return Refusal(_node(), error)
        return Ready(_node(), __version__)

    def do(self, task: Task) -> "Iterator[Told | Unseen]":
        """One task, told as it goes."""
        assert self._do is not None
        for path in self._work.files(task):
            if not path.exists():
                yield Unseen(_node(), path)
                return
        yield from self._do(task)


@dataclass(eq=False)
class _Hand(Generic[Task]):
    """One actor as the driver sees it: what it is waited for, and the task it was given."""

    actor: Any
    awaited: Any
    turn: Turn[Task] | None = None


@dataclass(frozen=True)
class Share:
    """What of a cluster one worker takes.

    Attributes:
        gpu: Whether it takes a GPU and the core that feeds it; otherwise it takes a core.
        workers: At most so many; as many as there is room for when None.
    """

    gpu: bool
    workers: int | None = None

    @property
    def resource(self) -> str:
        """What is counted, in Ray's word."""
        return "GPU" if self.gpu else "CPU"

    @property
    def device(self) -> str:
        """Where a worker computes: Ray shows it no other GPU than its own."""
        return "cuda" if self.gpu else "cpu"


def run_on_ray(
    ray: ModuleType,
    tasks: Sequence[Task],
    work: Work[Task, Told],
    share: Share,
    losses: list[str],
) -> Iterator[Told]:
    """All tasks, on the cluster that Ray is connected to; what they tell comes as it happens.

    A task whose worker or machine is lost is tried again elsewhere, and given up at the third
    time. Workers are added while the cluster grows.

    Args:
        ray: The package, connected.
        tasks: At least one.
        work: What is done with them.
        share: What one worker takes.
        losses: Gets one line for each worker that was lost.

    Raises:
        OptionError: If the cluster has none of what a worker takes, or another voxclick.
        MissingFileError: If a machine does not see a file that this one sees.
        VoxclickError: If the work cannot begin there.
    """
    crew = _Crew(ray, Backlog(tasks, work, losses), work, share)
    try:
        yield from crew.events()
    finally:
        crew.dismiss()


class _Crew(Generic[Task, Told]):
    def __init__(
        self,
        ray: ModuleType,
        backlog: Backlog[Task, Told],
        work: Work[Task, Told],
        share: Share,
    ) -> None:
        self._ray = ray
        self._backlog = backlog
        self._work = ray.put(work)
        self._share = share
        self._hands: list[_Hand[Task]] = []
        self._begun, self._false_starts = False, 0
        self._made = self._look_at = time.monotonic()
        self._room = 0

    def events(self) -> Iterator[Told]:
        while self._backlog or any(hand.turn for hand in self._hands):
            self._hire()
            awaited = [hand.awaited for hand in self._hands]
            ready, _ = self._ray.wait(awaited, num_returns=1, timeout=LOOK_S)
            self._check_room()
            for hand in [one for one in self._hands if one.awaited in ready]:
                yield from self._hear(hand)

    def dismiss(self) -> None:
        """End all workers, at work or not."""
        for hand in self._hands:
            self._ray.kill(hand.actor)
        self._hands = []

    def _hire(self) -> None:
        """Ask for workers up to what the cluster has and the tasks need."""
        if not self._hands or time.monotonic() >= self._look_at:
            self._room = int(self._ray.cluster_resources().get(self._share.resource, 0))
            self._look_at = time.monotonic() + LOOK_S
        if not self._room and not self._hands:
            raise OptionError(
                f"a worker takes a {self._share.resource}, and the Ray cluster has none; "
                f"{'use --device cpu, or ' if self._share.gpu else ''}start nodes that have one"
            )
        busy = sum(hand.turn is not None for hand in self._hands)
        bound = self._share.workers
        most = self._room if bound is None else min(self._room, bound)
        for _ in range(min(most, busy + len(self._backlog)) - len(self._hands)):
            options = {
                "num_cpus": 1,
                "num_gpus": 1 if self._share.gpu else 0,
                "max_restarts": 0,
                "runtime_env": {"env_vars": ONE_THREAD},
            }
            actor = (
                self._ray.remote(Actor).options(**options).remote(self._work, self._share.device)
            )
            self._hands.append(_Hand(actor, actor.begin.remote()))

    def _hear(self, hand: _Hand[Task]) -> Iterator[Told]:
        """What one worker has to say; the next task, if it is free."""
        errors = self._ray.exceptions
        try:
            if hand.turn is None:
                said = self._ray.get(hand.awaited)
            else:
                said = self._ray.get(next(hand.awaited), timeout=FETCH_S)
        except (errors.RayError, StopIteration) as error:
            yield from self._lose(hand, error)
            return
        if isinstance(said, Unseen):
            yield from self._unseen(hand, said)
        elif hand.turn is None:
            self._check(said)
            self._begun, self._false_starts = True, 0
            self._hand_out(hand)
        else:
            ended = self._backlog.told(hand.turn, said)
            yield said
            if ended:
                self._hand_out(hand)

    def _hand_out(self, hand: _Hand[Task]) -> None:
        if not self._backlog:
            self._hands.remove(hand)
            self._ray.kill(hand.actor)
            return
        hand.turn = self._backlog.take()
        options = {"num_returns": "streaming", "_generator_backpressure_num_objects": UNHEARD}
        hand.awaited = hand.actor.do.options(**options).remote(hand.turn.task)

    def _check(self, said: Ready | Refusal) -> None:
        from voxclick import __version__

        if isinstance(said, Refusal):
            raise type(said.error)(f"{said.error} (on {said.node})")
        if said.version != __version__:
            raise OptionError(
                f"all machines need one voxclick, got {__version__} here and {said.version} on "
                f"{said.node}; install the same on both"
            )

    def _lose(self, hand: _Hand[Task], error: Exception) -> Sequence[Told]:
        self._hands.remove(hand)
        self._ray.kill(hand.actor)
        how = _cause(error)
        if hand.turn is not None:
            return self._backlog.lose(hand.turn, how)
        self._false_starts += 1
        if not self._begun or self._false_starts > FALSE_STARTS:
            raise VoxclickError(
                f"a worker on the Ray cluster could not begin: {how}; the machines there need "
                "voxclick and its packages as this one has them"
            )
        return ()

    def _unseen(self, hand: _Hand[Task], said: Unseen) -> Sequence[Told]:
        """A file is not there: for the worker's machine alone, or for this one too."""
        assert hand.turn is not None
        if said.path.exists():
            raise MissingFileError(
                f"every machine of the cluster must see the files at one path, as on a shared "
                f"drive; {said.node} sees nothing at {said.path}; mount it there, or leave that "
                "machine out"
            )
        told = self._backlog.give_up(hand.turn, f"a file is needed at {said.path}, got nothing")
        self._hand_out(hand)
        return told

    def _check_room(self) -> None:
        if not self._begun and time.monotonic() - self._made > ROOM_S:
            raise VoxclickError(
                f"a worker must begin on the Ray cluster within {ROOM_S:g} s, none did; it may be "
                "busy with other work: `ray status` tells"
            )


def _node() -> str:
    import ray

    return str(ray.util.get_node_ip_address())


def _cause(error: Exception) -> str:
    """How a worker ended, in a few words of Ray's many."""
    told = " ".join(str(error).split())
    if (place := told.find("ModuleNotFoundError")) >= 0:
        return told[place : place + 120]
    if (cause := getattr(error, "cause", None)) is not None:  # it did not die but raised
        return reason_of(cause)
    return f"its process or its machine was lost ({type(error).__name__})"
