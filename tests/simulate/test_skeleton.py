import numpy as np
from scipy.ndimage import gaussian_filter, label

from voxclick.simulate.skeleton import skeleton

CORNERS = np.ones((3, 3))


def test_a_bar_thins_to_its_middle_line() -> None:
    bar = np.zeros((7, 20), dtype=np.bool_)
    bar[2:5, 2:18] = True
    thin = skeleton(bar)
    assert set(np.argwhere(thin)[:, 0].tolist()) == {3}
    assert thin.sum() >= 13


def test_a_ring_stays_closed() -> None:
    away = np.hypot(*np.mgrid[-10:11, -10:11])
    ring = (away < 9) & (away > 4)
    thin = skeleton(ring)
    assert not thin[~ring].any()
    assert label(thin, CORNERS)[1] == 1
    assert label(~thin)[1] == 2
    assert thin.sum() < 0.3 * ring.sum()


def test_a_ragged_shape_does_not_fall_apart() -> None:
    for seed in range(10):
        noise = gaussian_filter(np.random.default_rng(seed).normal(size=(60, 60)), 3.0)
        parts, _ = label(noise > 0.02, CORNERS)
        largest = parts == 1 + int(np.bincount(parts[parts > 0])[1:].argmax())
        assert label(skeleton(largest), CORNERS)[1] == 1


def test_an_empty_plane_stays_empty() -> None:
    assert not skeleton(np.zeros((4, 5), dtype=np.bool_)).any()
