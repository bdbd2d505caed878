"""Training patches read from labelled volumes."""

import nibabel as nib
import numpy as np
import pytest
from data_sets import CENTRES, write_case
from phantoms import GRIDS, ball
from scipy.ndimage import binary_dilation, binary_erosion

from voxclick.errors import InputError, OptionError
from voxclick.geometry import Grid
from voxclick.train.builtin.patches import RealCases

SIZE = (24, 24, 24)


def save(folder, image, labels, on):
    folder.mkdir(parents=True)
    nib.save(nib.Nifti1Image(image, on.affine), folder / "image.nii.gz")
    nib.save(nib.Nifti1Image(labels, on.affine), folder / "label.nii.gz")


def draws(cases, count, seed=0, size=SIZE):
    generator = np.random.default_rng(seed)
    return [cases.draw(generator, size) for _ in range(count)]


@pytest.fixture
def sets(tmp_path):
    """Two data sets: one of a case on every kind of grid, and one of a single case."""
    for name in GRIDS:
        write_case(tmp_path / "many" / name, grid=name)
    write_case(tmp_path / "one" / "a")
    return tmp_path


def faces(mask):
    return any(np.moveaxis(mask, axis, 0)[[0, -1]].any() for axis in range(3))


@pytest.mark.parametrize("grid", GRIDS)
def test_image_and_labels_move_together(tmp_path, grid):
    on = GRIDS[grid]
    labels = np.zeros(on.shape, dtype=np.uint8)
    for label, centre in CENTRES.items():
        labels[ball(on, centre, 9.0).array] = label
    save(tmp_path / "set" / "a", labels.astype(np.float32) * 100, labels, on)
    seen = 0
    for patch in draws(RealCases(tmp_path), 20, size=(32, 28, 30)):
        assert np.isin(patch.labels, (0, *CENTRES)).all()
        assert np.count_nonzero(patch.labels == patch.label) >= 8
        for label in CENTRES:
            inside = binary_erosion(patch.labels == label, iterations=3)
            np.testing.assert_allclose(patch.image[inside], 100.0 * label, atol=1)
            seen += np.count_nonzero(inside)
        object_or_edge = (patch.labels > 0) | ~patch.valid
        outside = ~binary_dilation(object_or_edge, np.ones((3, 3, 3)), 3, border_value=1)
        np.testing.assert_allclose(patch.image[outside], 0.0, atol=1)
    assert seen > 200


def test_a_coarse_patch_lies_where_a_fine_one_does(tmp_path):
    on = Grid((120, 60, 60), np.eye(4))
    along = np.broadcast_to(np.arange(120)[:, None, None], on.shape)
    save(tmp_path / "set" / "a", along.astype(np.float32), (along // 10 + 1).astype(np.uint8), on)
    spans = set()
    for patch in draws(RealCases(tmp_path), 30, size=(16, 16, 16)):
        inner = patch.valid & (patch.labels > 1) & (patch.labels < 12)
        away = patch.image[inner] - (10.0 * patch.labels[inner] - 5.5)
        assert np.abs(away).max(initial=0) <= 5.01
        spans.add(int(np.ptp(patch.image)) // 25)
    assert len(spans) >= 3


def test_lengths_follow_the_axes_of_thick_slices(tmp_path):
    on = GRIDS["anisotropic"]
    labels = ball(on, (20, 18, 16), 11.0).array.astype(np.uint8)
    save(tmp_path / "set" / "a", labels.astype(np.float32), labels, on)
    thick = set()
    for patch in draws(RealCases(tmp_path), 40, size=(40, 40, 40)):
        if not faces(patch.labels > 0):
            spread = np.argwhere(patch.labels > 0).std(axis=0) * np.array(patch.lengths)
            assert spread.max() < 1.5 * spread.min()
            thick.add(int(np.argmax(patch.lengths)))
    assert thick == {0, 1, 2}


def test_valid_is_the_volume_and_nothing_is_labelled_beyond(tmp_path):
    on = Grid((14, 20, 9), np.diag([1.0, 1.0, 2.0, 1.0]))
    save(tmp_path / "set" / "a", np.full(on.shape, 7, np.int16), np.ones(on.shape, np.uint8), on)
    for patch in draws(RealCases(tmp_path), 10):
        assert patch.image.shape == patch.labels.shape == patch.valid.shape == SIZE
        np.testing.assert_array_equal(patch.labels, patch.valid.astype(np.int16))
        assert not patch.valid.all()
        np.testing.assert_allclose(patch.image, 7.0, atol=1e-4)


def test_some_objects_are_cut_by_the_border_and_some_are_whole(sets):
    cut = [faces(patch.labels == patch.label) for patch in draws(RealCases(sets), 40)]
    assert 0 < sum(cut) < 40


def test_the_same_seed_draws_the_same_patches_whatever_is_in_memory(sets):
    roomy, tight = RealCases(sets), RealCases(sets, budget_bytes=1)
    roomy.volumes.load()
    for one, other in zip(draws(roomy, 8), draws(tight, 8), strict=True):
        assert (one.case, one.label, one.lengths) == (other.case, other.label, other.lengths)
        np.testing.assert_array_equal(one.image, other.image)
        np.testing.assert_array_equal(one.labels, other.labels)
    assert tight.volumes.nbytes < roomy.volumes.nbytes / 3
    assert draws(roomy, 1, seed=1)[0].image.tobytes() != draws(roomy, 1, seed=0)[0].image.tobytes()


def test_include_and_exclude_choose_data_sets_and_cases(sets):
    assert {patch.case for patch in draws(RealCases(sets, exclude=["many"]), 5)} == {"one/a"}


def test_a_large_data_set_does_not_crowd_out_a_small_one(sets):
    shares = RealCases(sets).shares
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["one"] > 1 / 6
    assert RealCases(sets, weights={"many": 0.0}).shares == {"many": 0.0, "one": 1.0}
    for weights in ({"manny": 1.0}, {"many": 0.0, "one": 0.0}, {"one": -1.0}):
        with pytest.raises(OptionError, match="weights"):
            RealCases(sets, weights=weights)


def test_objects_of_few_voxels_are_not_drawn(tmp_path, sets):
    assert {patch.label for patch in draws(RealCases(sets), 30)} == set(CENTRES)
    on = GRIDS["straight"]
    save(tmp_path / "x" / "b", np.zeros(on.shape, np.int16), np.zeros(on.shape, np.uint8), on)
    with pytest.raises(InputError, match="at least 30 voxels"):
        RealCases(tmp_path, include=["x"]).draw(np.random.default_rng(0), SIZE)


@pytest.mark.data
def test_real_volumes_give_patches_of_one_size_with_their_object(data_dir):
    cases = RealCases(data_dir, include=["totalseg/ct_thorax*", "sunnybrook/SC-HF-I-0*"])
    patches = draws(cases, 12, size=(48, 48, 48))
    assert {patch.ct for patch in patches} == {True, False}
    for patch in patches:
        assert patch.ct == patch.case.startswith("totalseg")
        assert np.isfinite(patch.image).all()
        assert patch.image.dtype == np.float32
        assert patch.labels.dtype == np.int16
        assert min(patch.lengths) == 1
        assert np.count_nonzero(patch.labels == patch.label) >= 8
        assert patch.valid.mean() > 0.02
