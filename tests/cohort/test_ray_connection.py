"""Finding a Ray cluster, or saying at once that there is none."""

import os
import socket
import sys
import time

import pytest

from voxclick.cohort.ray_connection import check_address, connected
from voxclick.cohort.staff import Staff
from voxclick.errors import OptionError


@pytest.mark.parametrize("address", ["", "head", "head:", "head:x", ":80", "ray://head:1", "h:0"])
def test_an_address_that_cannot_be_is_refused_before_the_work(address):
    with pytest.raises(OptionError, match="--ray needs auto"):
        Staff(ray=address)


@pytest.mark.parametrize("address", ["auto", "local", "head:6379", "10.0.0.1:80", "[::1]:80"])
def test_an_address_that_can_be_is_taken(address):
    check_address(address)


@pytest.mark.parametrize("device", ["cuda:1", "mps"])
def test_ray_deals_out_the_gpus_itself(device):
    with pytest.raises(OptionError, match=device):
        Staff(device, ray="auto")


def test_a_dead_address_is_told_within_seconds():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    started = time.monotonic()
    with (
        pytest.raises(OptionError, match=f"nothing at 127.0.0.1:{port}.*ray start --head"),
        connected(f"127.0.0.1:{port}", None),
    ):
        pass
    assert time.monotonic() - started < 10


def test_an_address_left_in_the_environment_is_held_to_the_same(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(OptionError, match=r"nothing at 127\.0\.0\.1:1"), connected("auto", None):
        pass


def test_a_machine_without_ray_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    before = dict(os.environ)
    with pytest.raises(OptionError, match=r"pip install 'voxclick\[ray\]'"), connected("local", 1):
        pass
    assert dict(os.environ) == before
