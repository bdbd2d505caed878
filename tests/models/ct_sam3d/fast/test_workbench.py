import pytest
import torch

from voxclick.models.ct_sam3d.fast.workbench import Workbench


@pytest.mark.parametrize("count", [1, 15, 16, 37])
def test_every_piece_is_worked_on_once(count):
    threads = torch.get_num_threads()
    done: list[int] = []
    try:
        torch.set_num_threads(2)
        with Workbench() as bench:
            bench.share(count, lambda part: done.extend(range(part.start, part.stop)))
    finally:
        torch.set_num_threads(threads)
    assert sorted(done) == list(range(count))


def test_what_goes_wrong_in_a_thread_is_not_lost():
    def fail(_: slice) -> None:
        raise ValueError("here")

    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with Workbench() as bench, pytest.raises(ValueError, match="here"):
            bench.share(64, fail)
    finally:
        torch.set_num_threads(threads)


def test_memory_is_used_again():
    bench = Workbench()
    first = bench.numbers("spread", 4, 5)
    assert bench.numbers("spread", 2, 3).data_ptr() == first.data_ptr()
    assert bench.numbers("lifted", 2, 3).data_ptr() != first.data_ptr()
    assert bench.numbers("spread", 10, 10).shape == (10, 10)
