"""Other intensities and other targets for a training patch."""

import cc3d
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from voxclick.train.builtin.augment import SMALLEST, augment, sub_targets, windowed
from voxclick.train.builtin.patches import RealPatch

SHAPE = (32, 30, 28)


def sphere(centre, radius, lengths=(1.0, 1.0, 1.0)):
    away = (np.indices(SHAPE).T - np.array(centre)) * np.array(lengths)
    return (np.linalg.norm(away, axis=-1) <= radius).T


def scene(seed=0):
    """A bright ball in a darker box, a little noisy, in float32."""
    noise = np.random.default_rng(seed).normal(0, 8, SHAPE)
    return gaussian_filter(noise + 100 + 300 * sphere((15, 15, 14), 9), 0.6).astype(np.float32)


def patch_of(labels, lengths=(1.0, 1.0, 1.0)):
    labels = labels.astype(np.int16)
    valid = np.ones(SHAPE, dtype=np.bool_)
    valid[:, :4] = False
    labels[~valid] = 0
    image = (50.0 * labels + 10 * np.indices(SHAPE)[0] / SHAPE[0]).astype(np.float32)
    return RealPatch(image, labels, valid, lengths, int(labels.max()), ct=False, case="a/b")


@pytest.fixture
def patch():
    """A box of two touching labels, and a third label in two pieces that touch nothing."""
    labels = np.zeros(SHAPE)
    labels[4:14, 8:16, 4:12] = 1
    labels[14:22, 8:16, 4:12] = 2
    labels[4:10, 20:26, 18:24] = 3
    labels[20:26, 20:26, 18:24] = 3
    return patch_of(labels)


def many(patch, kind, count=20):
    return sub_targets(patch, np.random.default_rng(0), count, {kind: 1.0})


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


def test_a_union_joins_labels_that_touch(patch):
    unions = many(patch, "union")
    assert unions
    for union in unions:
        assert set(np.unique(patch.labels[union])) == {1, 2}
        np.testing.assert_array_equal(union, np.isin(patch.labels, (1, 2)))


def test_a_component_is_one_piece_of_a_label(patch):
    components = many(patch, "component")
    assert len(components) == 20
    assert {int(patch.labels[component].max()) for component in components} == {1, 2, 3}
    for component in components:
        assert len(np.unique(patch.labels[component])) == 1
        assert cc3d.connected_components(component).max() == 1


def test_a_part_is_less_than_its_label(patch):
    for part in many(patch, "part"):
        label = patch.labels[part].max()
        assert (patch.labels[part] == label).all()
        assert 0.1 < part.sum() / (patch.labels == label).sum() < 0.9


def test_a_region_is_one_piece_of_the_volume_and_needs_no_label():
    regions = many(patch_of(np.zeros(SHAPE)), "region")
    assert regions
    for region in regions:
        assert cc3d.connected_components(region, connectivity=6).max() == 1


def test_no_target_is_tiny_or_beyond_the_volume(patch):
    targets = sub_targets(patch, np.random.default_rng(0), 40)
    assert len(targets) == 40
    for target in targets:
        assert target.shape == SHAPE
        assert np.count_nonzero(target) >= SMALLEST
        assert not (target & ~patch.valid).any()


def test_a_patch_without_labels_gives_only_regions():
    empty = patch_of(np.zeros(SHAPE))
    for kind in ("label", "union", "component", "part"):
        assert many(empty, kind) == []


def test_the_same_seed_draws_the_same_targets(patch):
    one, other = (sub_targets(patch, np.random.default_rng(5), 6) for _ in range(2))
    assert [target.tobytes() for target in one] == [target.tobytes() for target in other]
