import gc
import time
import weakref

import numpy as np
import pytest
from nni_server import Clock
from region_growing import RegionGrowing

from voxclick.engine.cache import EmbeddingCache
from voxclick.server.nni.lease import Leases, Lifetimes
from voxclick.server.nni.sitting import Sitting


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def leases(clock):
    return Leases(2, Lifetimes(liveness_s=60, idle_s=600, clock=clock), lambda lease: None)


def claim(leases):
    return leases.claim(Sitting(RegionGrowing, EmbeddingCache(), lambda: False))


def test_there_are_no_more_leases_than_there_may_be(leases):
    first, second = claim(leases), claim(leases)
    assert claim(leases) is None
    leases.release(first.token)
    assert leases.find(first.token) is None
    assert leases.find(second.token) is second
    assert claim(leases) is not None


def test_a_silent_client_makes_room(leases, clock):
    first, second = claim(leases), claim(leases)
    clock.now_s = 59.0
    leases.hear(second, acts=False)
    clock.now_s = 61.0
    assert leases.find(first.token) is None
    assert leases.find(second.token) is second
    assert claim(leases) is not None


def test_a_client_that_beats_without_a_user_ends_when_idle(leases, clock):
    lease = claim(leases)
    for _ in range(10):
        clock.now_s += 60
        leases.hear(lease, acts=False)
        assert leases.find(lease.token) is lease
    assert leases.remaining_s(lease) == 0.0
    clock.now_s += 1
    assert leases.find(lease.token) is None


def test_asking_keeps_nothing_alive(leases, clock):
    lease = claim(leases)
    for _ in range(6):
        clock.now_s += 10
        assert leases.find(lease.token) is lease
    clock.now_s += 1
    assert leases.find(lease.token) is None


def test_a_lease_does_not_end_while_it_is_worked_for(leases, clock):
    lease = claim(leases)
    with leases.at_work(lease):
        clock.now_s += 10_000
        assert leases.find(lease.token) is lease
    assert leases.remaining_s(lease) == 600
    clock.now_s += 61
    assert leases.find(lease.token) is None


def held(served):
    """The images that the server holds, without holding them."""
    leases = served.app.state.desk.leases._held.values()
    return [weakref.ref(lease.sitting._volume.array) for lease in leases]


def begun(client, ball):
    client.set_image(ball[0], {"spacing": [1.0, 1.0, 1.0]})
    client.set_target_buffer(np.zeros(ball[1].shape, dtype=np.uint8))
    client.add_point_interaction((20, 18, 16), True)


def is_freed(image):
    deadline = time.monotonic() + 10
    while image() is not None and time.monotonic() < deadline:
        time.sleep(0.02)
        gc.collect()
    return image() is None


def test_what_a_client_held_is_freed_when_it_leaves(serve, ball):
    served = serve()
    with served.client() as client:
        begun(client, ball)
        (image,) = held(served)
        assert served.app.state.desk.cache.nbytes > 0
    assert is_freed(image)
    assert served.app.state.desk.cache.nbytes == 0


def test_what_a_client_held_is_freed_when_it_sends_another_image(serve, ball):
    served = serve()
    with served.client() as client:
        begun(client, ball)
        (image,) = held(served)
        begun(client, ball)
        assert is_freed(image)
        assert served.app.state.desk.cache.nbytes > 0


def test_what_a_lost_client_held_is_freed_though_nobody_asks(serve, ball):
    served = serve(liveness_s=0.2)
    with served.client() as client:
        begun(client, ball)
        (image,) = held(served)
        served.clock.now_s += 1
        assert is_freed(image)
        assert len(served.app.state.desk.leases) == 0
