"""Who works on a cohort: this process, processes of this machine, or a Ray cluster."""

import os
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType

from voxclick.cohort.processes import Seat, run_apart, run_here
from voxclick.cohort.ray_cluster import Share, run_on_ray
from voxclick.cohort.ray_connection import check_address, connected
from voxclick.cohort.work import Task, Told, Work
from voxclick.errors import OptionError
from voxclick.models.device import resolve_device

VISIBLE = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True)
class Staff:
    """How many workers, and where.

    Attributes:
        device: `auto`, `cpu`, `cuda[:N]` or `mps`.
        workers: At most so many; one a GPU, or one a core on a CPU, when None. Without Ray, 0 and 1
            mean that all is done in this process.
        ray: `auto`, `local` or HOST:PORT of a Ray cluster; processes of this machine when None.

    Raises:
        OptionError: If a number or the address cannot be, or the device is not one that Ray deals
            out.
    """

    device: str = "auto"
    workers: int | None = None
    ray: str | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 0:
            raise OptionError(f"workers must be 0 or more, got {self.workers}")
        if self.ray is None:
            return
        check_address(self.ray)
        if self.device not in ("auto", "cpu", "cuda"):
            raise OptionError(
                f"on Ray each worker is given a device, --device auto, cpu or cuda says of which "
                f"kind, got {self.device!r}"
            )

    @contextmanager
    def hired(self) -> Iterator["Crew"]:
        """The workers, as long as there is work: connected to the cluster, or counted here.

        Raises:
            OptionError: If the device is not there, or the cluster cannot be used.
        """
        if self.ray is None:
            yield Processes(self.device, tuple(self.seats()))
            return
        with connected(self.ray, self.workers) as ray:
            gpu = self.device == "cuda"
            if self.device == "auto":
                gpu = ray.cluster_resources().get("GPU", 0) >= 1
            yield Cluster(ray, Share(gpu, self.workers or None))

    def seats(self) -> list[Seat]:
        """A place for each process of this machine: a core on a CPU, a GPU of its own on several.

        Raises:
            OptionError: If the device is not there.
        """
        kind = resolve_device(self.device).type
        gpus = visible_gpus() if kind == "cuda" and self.device in ("auto", "cuda") else []
        if self.workers is not None:
            count = self.workers
        elif kind == "cpu":
            count = _cores()
        else:
            count = max(1, len(gpus))
        if len(gpus) < 2:
            return [Seat(self.device)] * count
        return [Seat("cuda", {VISIBLE: gpus[place % len(gpus)]}) for place in range(count)]


class Crew(ABC):
    """Workers that can be given tasks."""

    @abstractmethod
    def run(
        self, tasks: Sequence[Task], work: Work[Task, Told], losses: list[str]
    ) -> Generator[Told, None, None]:
        """Do all tasks; what they tell comes as it happens, in any order.

        Args:
            tasks: What to do; nothing is started for none.
            work: What is done with them.
            losses: Gets one line for each worker that was lost.

        Raises:
            VoxclickError: If no worker can begin.
        """


@dataclass(frozen=True)
class Processes(Crew):
    """Processes of this machine, or this one alone.

    Attributes:
        device: Where this one computes.
        seats: One for each process; with fewer than two all is done in this process.
    """

    device: str
    seats: tuple[Seat, ...]

    def run(  # noqa: D102
        self, tasks: Sequence[Task], work: Work[Task, Told], losses: list[str]
    ) -> Generator[Told, None, None]:
        seats = self.seats[: len(tasks)]
        if len(seats) > 1:
            yield from run_apart(tasks, work, seats, losses)
        elif tasks:
            yield from run_here(tasks, work, self.device)


@dataclass(frozen=True)
class Cluster(Crew):
    """Actors of a Ray cluster.

    Attributes:
        ray: The package, connected.
        share: What of the cluster each takes.
    """

    ray: ModuleType
    share: Share

    def run(  # noqa: D102
        self, tasks: Sequence[Task], work: Work[Task, Told], losses: list[str]
    ) -> Generator[Told, None, None]:
        if tasks:
            yield from run_on_ray(self.ray, tasks, work, self.share, losses)


def visible_gpus() -> list[str]:
    """The GPUs that this process may use, as the environment of another would name them."""
    import torch

    count = torch.cuda.device_count()
    named = [name for name in os.environ.get(VISIBLE, "").split(",") if name]
    return named[:count] or [str(number) for number in range(count)]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
