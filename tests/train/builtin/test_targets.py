"""Other targets for a training patch."""

import cc3d
import numpy as np
import pytest

from voxclick.train.builtin.patches import RealPatch
from voxclick.train.builtin.targets import SMALLEST, sub_targets

SHAPE = (32, 30, 28)


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
