"""Ray clusters of several nodes on this machine, which never leave 127.0.0.1."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import voxclick
from voxclick.cohort.ray_connection import ON_LOOPBACK, QUIET

TESTS = Path(__file__).parent
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
