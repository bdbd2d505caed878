import torch

from voxclick.models.base import Memories
from voxclick.models.sam2_slices.memory import Sam2Memory, recall


def memory(number):
    return Sam2Memory(torch.full((4, 64), float(number)), torch.full((8,), float(number)))


def recalled(index, step, prompted, tracked, count=30):
    known = ({n: memory(n) for n in numbers} for numbers in (prompted, tracked))
    found = recall(Memories(index, step, count, *known), 7, 16)
    return (
        [(distance, int(one[0, 0])) for distance, one in found.features],
        [(distance, int(one[0])) for distance, one in found.pointers],
    )


def test_the_six_slices_behind_and_all_prompted_ones_are_seen():
    features, _ = recalled(20, 1, [3, 25], range(4, 20))
    assert features == [(0, 3), (0, 25), *((n, 20 - n) for n in range(6, 0, -1))]


def test_fifteen_pointers_behind_are_told_and_no_prompt_still_to_come():
    _, pointers = recalled(20, 1, [3, 25], range(4, 20))
    assert pointers == [(17, 3), *((n, 20 - n) for n in range(15, 0, -1))]


def test_downwards_what_lies_above_is_behind():
    features, pointers = recalled(5, -1, [8, 2], [6, 7, 4])
    assert features == [(0, 8), (0, 2), (2, 7), (1, 6)]
    assert pointers == [(3, 8), (2, 7), (1, 6)]


def test_a_memory_tells_its_bytes():
    assert memory(1).nbytes == 4 * 64 * 4 + 8 * 4
