"""A session on a volume that stays in its file is the same session."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from large_volumes import keep_in_blocks, leave_in_files, read_by_parts, work_in_portions
from phantoms import GRIDS, ball, bright_ball
from region_growing import RegionGrowing

import voxclick as vc
from voxclick.geometry import Box
from voxclick.models.base import Segmenter
from voxclick.preprocess import View
from voxclick.prompts import MaskPrompt
from voxclick.volume import Blocks, Partwise

CENTRE = (20.0, 18.0, 16.0)
FORMS = ("image.nii", "scaled.nii", "image.ome.zarr")


def written(name: str, form: str, folder: Path) -> Path:
    """A bright ball in noise, as int16, in a file that can stay where it is."""
    volume, _ = bright_ball(GRIDS[name], CENTRE, 9.0)
    array = volume.array.astype(np.int16)
    if form != "scaled.nii":
        return vc.write(vc.Volume(array, volume.grid), folder / form)
    header = nib.Nifti1Header(endianness=">")
    header.set_data_dtype(np.dtype(">i2"))
    image = nib.Nifti1Image(array, volume.grid.affine, header)
    image.header.set_slope_inter(0.5, 10.0)
    image.to_filename(folder / form)
    return folder / form


def worked(path: Path, segmenter: Segmenter, overlap: str) -> tuple[vc.Session, list[bytes]]:
    """A session after every kind of prompt, with what each change sent."""
    session = vc.Session(path, segmenter, overlap=overlap)
    grid = session.grid
    slab = {16: ball(grid, CENTRE, 7.0).array[:, :, 16]}
    changes = [
        session.add(vc.Point(CENTRE)),
        session.add(vc.Point((4, 4, 4), positive=False)),
        session.add(MaskPrompt.on_slices(slab, axis=2, grid=grid)),
        session.add(vc.Scribble(np.array([[20.0, 26, 16], [20, 27, 16]]), positive=False)),
        session.undo(),
        session.redo(),
        session.undo(),
    ]
    session.object("other")
    changes += [
        session.add(vc.Box((8, 6, 4), (34, 30, 28))),
        session.add(MaskPrompt(ball(grid, (22, 20, 14), 8.0))),
        session.add(vc.Point((12, 18, 16), positive=False), "object_1"),
        session.add(vc.Point((30, 20, 14)), "other"),
    ]
    return session, [change.bits for change in changes]


def same(first: vc.Session, second: vc.Session) -> None:
    assert first.objects == second.objects
    for name in first.objects:
        assert np.array_equal(first.mask(name).array, second.mask(name).array)
        assert first.voxels(name) == second.voxels(name) == second.mask(name).voxels
        assert first.extent(name) == second.extent(name)
    assert np.array_equal(first.labelmap().array, second.labelmap().array)
    assert first.labelmap().labels == second.labelmap().labels


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "form", "overlap"),
    [(name, form, "nearest") for name in GRIDS for form in FORMS]
    + [("oblique", form, "allow") for form in FORMS],
)
def test_every_prompt_gives_the_same_bits_from_a_file_as_from_memory(
    name: str, form: str, overlap: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(name, form, tmp_path)
    inside, bits = worked(path, RegionGrowing(), overlap)
    leave_in_files(monkeypatch)
    keep_in_blocks(monkeypatch)
    outside, bits_outside = worked(path, RegionGrowing(), overlap)
    assert isinstance(outside.volume.array, Partwise)
    assert isinstance(outside.mask("other").kept, Blocks)
    assert bits_outside == bits
    same(inside, outside)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["straight", "oblique"])
def test_work_in_portions_gives_the_same_masks(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(name, "image.nii", tmp_path)
    inside, bits = worked(path, RegionGrowing(), "nearest")
    leave_in_files(monkeypatch)
    keep_in_blocks(monkeypatch)
    work_in_portions(monkeypatch)
    outside, bits_outside = worked(path, RegionGrowing(), "nearest")
    assert bits_outside == bits
    same(inside, outside)


@pytest.mark.slow
@pytest.mark.parametrize("load", ["geodesic", "builtin"])
def test_the_models_of_the_package_give_the_same_masks(
    load: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written("anisotropic", "image.ome.zarr", tmp_path)
    model = vc.load(load, "cpu")
    inside, bits = worked(path, model, "nearest")
    leave_in_files(monkeypatch)
    keep_in_blocks(monkeypatch)
    outside, bits_outside = worked(path, model, "nearest")
    assert bits_outside == bits
    same(inside, outside)


@pytest.mark.slow
def test_a_log_with_masks_of_a_large_volume_is_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written("oblique", "image.nii", tmp_path)
    leave_in_files(monkeypatch)
    keep_in_blocks(monkeypatch)
    session, _ = worked(path, RegionGrowing(), "nearest")
    session.log.save(tmp_path / "prompts.json")
    same(session, vc.replay(path, tmp_path / "prompts.json", RegionGrowing()))
    kept = session.labelmap().array
    monkeypatch.undo()
    inside = vc.replay(path, tmp_path / "prompts.json", RegionGrowing())
    assert np.array_equal(inside.labelmap().array, kept)


@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".mha", ".seg.nrrd", ".npz", ".ome.zarr"])
def test_masks_in_blocks_are_written_as_masks_in_memory(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = GRIDS["oblique"]
    array = np.where(ball(grid, CENTRE, 7.0).array, 3, 0).astype(np.uint16)
    array[30:36, :20] = 1
    one, many = tmp_path / f"one{ending}", tmp_path / f"many{ending}"
    keep_in_blocks(monkeypatch)
    vc.write(vc.Mask(Blocks.of(array == 3), grid), one)
    vc.write(vc.LabelMap(Blocks.of(array), grid), many)
    assert np.array_equal(vc.read_mask(one).array, array == 3)
    assert np.array_equal(vc.read_labelmap(many).array, array)
    monkeypatch.undo()
    assert np.array_equal(vc.read_mask(one).array, array == 3)
    assert np.array_equal(vc.read_labelmap(many).array, array)


@pytest.mark.parametrize(("name", "form"), list(zip(GRIDS, (*FORMS, *FORMS), strict=False)))
def test_a_wide_view_read_part_by_part_is_the_same_to_rounding(
    name: str, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(name, form, tmp_path)
    loaded = vc.read(path)
    leave_in_files(monkeypatch)
    read_by_parts(monkeypatch)
    left = vc.read(path)
    spec = RegionGrowing.spec
    for level in range(spec.levels(loaded.grid)):
        grid = spec.look(loaded.grid, Box((20, 18, 16), (21, 19, 17)), level)
        first, second = View.of(loaded, grid).image, View.of(left, grid).image
        assert float((first - second).abs().max()) < 1e-3
