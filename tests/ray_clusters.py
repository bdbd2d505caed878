"""Ray clusters of several nodes on this machine, which never leave 127.0.0.1."""

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import voxclick
from voxclick.cohort.ray_connection import ON_LOOPBACK, QUIET

TESTS = Path(__file__).parent
ACTOR = "ray::Actor.do"
NODE = {
    "num_cpus": 1,
    "object_store_memory": 80 * 2**20,
    "include_dashboard": False,
    "node_ip_address": "127.0.0.1",
}


@contextmanager
def two_nodes() -> Iterator[Any]:
    """A head and one node more, of a core each; their workers can import what the tests can."""
    with (
        tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, said in {**QUIET, ON_LOOPBACK: "0", "RAY_TMPDIR": folder}.items():
            patch.setenv(name, said)
        source = Path(voxclick.__file__).parents[1]
        patch.setenv("PYTHONPATH", os.pathsep.join((str(source), str(TESTS))))
        patch.delenv("RAY_ADDRESS", raising=False)
        from ray.cluster_utils import Cluster

        cluster = Cluster(initialize_head=True, head_node_args=NODE)
        try:
            cluster.add_node(**NODE)
            yield cluster
        finally:
            cluster.shutdown()


def actors() -> list[int]:
    """The processes of actors on clusters that this process started."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    )
    lines = [line.split(None, 2) for line in listed.stdout.splitlines()]
    mine = {os.getpid()}
    for _ in range(4):
        mine |= {int(pid) for pid, parent, _ in lines if int(parent) in mine}
    return [int(pid) for pid, _, args in lines if int(pid) in mine and args.startswith(ACTOR)]


@contextmanager
def one_killed(begun: Callable[[], bool]) -> Iterator[list[int]]:
    """While the work inside runs, one actor at work is killed as soon as that is so."""
    killed: list[int] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            if begun() and (found := actors()):
                os.kill(found[0], signal.SIGKILL)
                killed.append(found[0])
                return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()
