"""In which order volumes are visited."""

from collections import Counter

from voxclick.train.order import TOGETHER, VisitOrder

NAMES = tuple(f"case_{n}" for n in range(30))
ORDER = VisitOrder(NAMES, times=8, seed=0)


def test_every_volume_has_its_share_of_each_epoch():
    for epoch in range(2):
        first = epoch * ORDER.length
        seen = Counter(ORDER.name(first + n) for n in range(ORDER.length))
        assert seen == dict.fromkeys(NAMES, 8)


def test_few_volumes_are_needed_at_a_time():
    assert len({ORDER.name(n) for n in range(8 * TOGETHER)}) == TOGETHER


def test_a_batch_holds_several_volumes():
    assert len({ORDER.name(n) for n in range(6)}) > 2


def test_each_epoch_has_an_order_of_its_own():
    first, second = ([ORDER.name(e * ORDER.length + n) for n in range(50)] for e in range(2))
    assert first != second
