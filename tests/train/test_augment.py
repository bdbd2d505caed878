"""A training patch as another scan might show it."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from voxclick.train.augment import augment, windowed

SHAPE = (32, 30, 28)


def sphere(centre, radius, lengths=(1.0, 1.0, 1.0)):
    away = (np.indices(SHAPE).T - np.array(centre)) * np.array(lengths)
    return (np.linalg.norm(away, axis=-1) <= radius).T


def scene(seed=0):
    """A bright ball in a darker box, a little noisy, in float32."""
    noise = np.random.default_rng(seed).normal(0, 8, SHAPE)
    return gaussian_filter(noise + 100 + 300 * sphere((15, 15, 14), 9), 0.6).astype(np.float32)


@pytest.mark.parametrize("lengths", [(1.0, 1.0, 1.0), (1.0, 1.0, 5.0)])
def test_shapes_stay_where_they_are(lengths):
    ball, generator = sphere((15, 15, 14), 9), np.random.default_rng(0)
    for _ in range(60):
        changed = augment(scene(), generator, lengths, ct=True)  # a bias field draws it askew
        inside, outside = np.median(changed[ball]), np.median(changed[~ball])
        weight = gaussian_filter((changed - outside) / (inside - outside), 1.0).clip(0.5, 1) - 0.5
        middle = (np.indices(SHAPE) * weight).sum(axis=(1, 2, 3)) / weight.sum()
        assert np.abs(middle - (15, 15, 14)).max() < 0.7


def test_the_same_seed_changes_a_patch_alike_and_leaves_the_given_one():
    given, kept = scene(), scene()
    one, other = (augment(given, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(given, kept)
    assert one.dtype == np.float32
    assert one.tobytes() != augment(given, np.random.default_rng(4)).tobytes()


@pytest.mark.parametrize("ct", [True, False])
def test_a_flat_patch_comes_back_as_it_is(ct):
    flat = np.full(SHAPE, -1000.0, dtype=np.float32)
    for seed in range(10):
        np.testing.assert_array_equal(augment(flat, np.random.default_rng(seed), ct=ct), flat)


def test_one_patch_in_ten_is_inverted_but_never_ct():
    ball, generator = sphere((15, 15, 14), 7), np.random.default_rng(0)
    for ct, least, most in ((True, 0, 0), (False, 8, 35)):
        changed = [augment(scene(), generator, ct=ct) for _ in range(200)]
        darker = sum(np.median(c[ball]) < np.median(c[~ball]) for c in changed)
        assert least <= darker <= most


def test_a_window_clips_and_never_empties_a_patch():
    air = np.full(SHAPE, -1000.0, dtype=np.float32)
    tissue = np.where(sphere((15, 15, 14), 9), 2500.0, -1000.0).astype(np.float32)
    for seed in range(20):
        np.testing.assert_array_equal(windowed(air, np.random.default_rng(seed)), air)
        clipped = windowed(tissue, np.random.default_rng(seed))
        assert -1000 <= clipped.min() <= -50
        assert 150 <= clipped.max() <= 1500
