from voxclick.models.sam2_slices.clip import Clip


def test_each_slice_is_encoded_once(network, slices):
    clip = Clip(network, slices)
    first = clip.features(2)
    assert clip.features(2) is first
    assert clip.encoded == 1


def test_what_was_not_used_for_longest_goes_first(network, slices):
    clip = Clip(network, slices)
    clip.budget_bytes = 2 * clip.features(0).nbytes
    for index in (1, 0, 2):
        clip.features(index)
    assert clip.nbytes == clip.budget_bytes
    clip.features(0)
    assert clip.encoded == 3
    clip.features(1)
    assert clip.encoded == 4
