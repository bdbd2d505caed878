"""Volumes in and masks out, as files."""

import json

import nibabel as nib
import numpy as np
import pytest
from dicom_phantoms import write_series
from phantoms import GRIDS, bright_ball, grid, rotation
from playwright.sync_api import expect

import voxclick as vc

pytestmark = pytest.mark.slow

CENTRE = (20.0, 18.0, 16.0)


@pytest.fixture
def ball(tmp_path):
    """The file of a bright ball on an oblique grid."""
    volume, _ = bright_ball(GRIDS["oblique"], CENTRE, 8.0)
    path = tmp_path / "ball.nii.gz"
    vc.write(volume, path)
    return path


@pytest.fixture
def series(tmp_path):
    """A DICOM folder of a bright ball."""
    on = grid((1.0, 1.0, 2.0), rotation(10, 0))
    volume, _ = bright_ball(on, CENTRE, 8.0)
    return write_series(tmp_path / "series", volume.array.round().astype(np.int16), on)


def click_the_middle(viewer):
    x, y, z = (length // 2 for length in viewer.state()["shape"])
    viewer.look((x, y, z))
    viewer.click("axial", (x, y, z))


def exported(viewer, tmp_path, format_):
    viewer.page.click("#export")
    with viewer.page.expect_download() as download:
        viewer.page.click(f"[data-format='{format_}']")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    return path


@pytest.mark.parametrize("format_", ["nii.gz", "seg.nrrd", "nrrd", "mha"])
def test_masks_are_exported_on_the_grid_of_the_file(viewer, ball, tmp_path, format_):
    viewer.open(ball)
    click_the_middle(viewer)
    path = exported(viewer, tmp_path, format_)
    assert path.name.endswith(format_)
    written = vc.read_mask(path)
    log = json.dumps(viewer.log())
    (tmp_path / "log.json").write_text(log)
    mask = vc.replay(ball, tmp_path / "log.json", model="geodesic").mask()
    assert mask.array.any()
    np.testing.assert_array_equal(written.array, mask.array)
    np.testing.assert_allclose(written.grid.affine, mask.grid.affine, atol=1e-4)


def test_a_dicom_folder_comes_in_and_a_dicom_segmentation_goes_out(viewer, series, tmp_path):
    viewer.enter()
    viewer.page.set_input_files("#pick-folder", series)
    viewer.opened()
    click_the_middle(viewer)
    written = vc.read_mask(exported(viewer, tmp_path, "seg.dcm"))
    assert written.array.sum() == viewer.state()["objects"][0]["voxels"] > 0


def test_a_file_can_be_dropped_anywhere(viewer, ball):
    viewer.enter()
    drop = """([bytes, name]) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(bytes)], name));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true }));
    }"""
    viewer.page.evaluate(drop, [list(ball.read_bytes()), ball.name])
    viewer.opened()
    assert sorted(viewer.state()["shape"]) == sorted(GRIDS["oblique"].shape)
    expect(viewer.page.locator("#volume-name")).to_contain_text("ball")


def test_a_file_that_is_no_volume_is_refused_in_words(viewer, tmp_path):
    path = tmp_path / "broken.nii.gz"
    path.write_bytes(b"no volume at all")
    viewer.enter()
    viewer.page.set_input_files("#pick-files", path)
    words = viewer.page.locator("#open-progress")
    expect(words).to_contain_text("broken.nii.gz")
    assert "Traceback" not in words.inner_text()
    # and the page is ready for another
    viewer.page.click("#open-sample")
    viewer.opened()


def test_of_several_series_the_user_chooses_one(viewer, series, tmp_path):
    on = grid((1.0, 1.0, 1.0), np.eye(3))
    both = write_series(tmp_path / "both", np.zeros(on.shape, dtype=np.int16), on, uid="1.2.826.7")
    for file in series.iterdir():
        file.rename(both / f"other{file.name}")
    viewer.enter()
    viewer.page.set_input_files("#pick-folder", both)
    choices = viewer.page.locator("#series button")
    expect(choices).to_have_count(2)
    choices.first.click()
    viewer.opened()


def test_window_presets_in_hounsfield_units_are_offered_for_a_ct_alone(viewer, tmp_path, ball):
    array = np.linspace(-1000, 1500, 8 * 9 * 10).reshape(8, 9, 10).astype(np.int16)
    path = tmp_path / "ct.nii.gz"
    nib.save(nib.Nifti1Image(array, np.eye(4)), path)
    viewer.open(path)
    offered = viewer.page.locator("#preset option").all_inner_texts()
    assert {"Lung", "Bone", "Brain"} <= set(offered)
    viewer.page.click("#open")
    viewer.page.set_input_files("#pick-files", ball)
    expect(viewer.page.locator("#volume-name")).to_contain_text("ball")
    assert "Lung" not in viewer.page.locator("#preset option").all_inner_texts()
