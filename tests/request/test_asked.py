"""Prompts from options."""

from pathlib import Path

import numpy as np
import pytest

import voxclick as vc
from voxclick.errors import GridMismatchError, LogError, OptionError, PromptError
from voxclick.prompts import ObjectLog, PromptLog, Step
from voxclick.request.asked import gather
from voxclick.request.request import Request

GRID = vc.Grid((40, 36, 32), [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])


def asked(**options):
    return gather(Request("image.nii.gz", Path("out.nii.gz"), **options))


def saved(path, *names, **more):
    logs = tuple(
        ObjectLog(name, place, (Step(vc.Point((place, 2, 2)), place),))
        for place, name in enumerate(names, start=1)
    )
    PromptLog(logs, **more).save(path)
    return path


def test_an_object_that_nobody_names_is_called_object():
    one = asked(point=("1,2,3",), negative=("4,5,6",))
    assert one.objects == [("object", None)]
    assert [prompt for _, prompt, _ in one.steps()] == [
        vc.Point((1, 2, 3)),
        vc.Point((4, 5, 6), positive=False),
    ]


def test_objects_of_a_log_come_first_with_their_labels(tmp_path):
    log = saved(tmp_path / "log.json", "liver", "spleen")
    one = asked(prompts=log, point=("1,2,3",), name="kidney")
    assert one.objects == [("liver", 1), ("spleen", 2), ("kidney", None)]
    assert [name for name, _, _ in one.steps()] == ["liver", "spleen", "kidney"]


def test_a_name_of_the_log_opens_no_second_object(tmp_path):
    log = saved(tmp_path / "log.json", "liver", "spleen")
    one = asked(prompts=log, point=("1,2,3",), name="spleen")
    assert one.objects == [("liver", 1), ("spleen", 2)]


def test_a_log_alone_needs_no_name(tmp_path):
    log = saved(tmp_path / "log.json", "liver", "spleen")
    assert len(list(asked(prompts=log).steps())) == 2
    with pytest.raises(OptionError, match="liver, spleen"):
        asked(prompts=log, point=("1,2,3",))


def test_coordinates_live_in_the_space_that_is_said(tmp_path):
    one = asked(space="lps", point=("-1,-2,3",), box=("-1,-2,3,-9,-9,9",))
    assert [prompt.space for prompt in one.prompts] == ["lps", "lps"]
    one.check(GRID)
    with pytest.raises(PromptError, match="inside"):
        asked(point=("-1,-2,3",)).check(GRID)


def test_a_log_of_another_volume_is_refused(tmp_path):
    log = saved(tmp_path / "log.json", "liver", grid=vc.Grid((9, 9, 9), GRID.affine))
    with pytest.raises(LogError, match=r"\(9, 9, 9\)"):
        asked(prompts=log).check(GRID)


def test_a_mask_on_some_slices_is_laid_out_on_the_image(tmp_path):
    array = np.zeros(GRID.shape, dtype=bool)
    array[9:14, 8:12, 5:9] = True
    part = vc.geometry.Box((0, 0, 5), (40, 36, 9))
    path = vc.write(vc.Mask(array[part.slices], GRID.crop(part)), tmp_path / "part.nii.gz")
    one = asked(mask=path, point=("1,2,3",)).on(GRID)
    one.check(GRID)
    mask, point = one.prompts
    assert np.array_equal(mask.mask.array, array)
    assert point == vc.Point((1, 2, 3))
    with pytest.raises(GridMismatchError, match=r"part\.nii\.gz.*outside"):
        asked(mask=path).on(vc.Grid((9, 9, 9), GRID.affine))


@pytest.mark.data
def test_a_segmentation_that_other_software_made_lands_on_its_image(data_dir):
    volume = vc.read(data_dir / "dicom" / "qin_headneck_0024_pet")
    path = data_dir / "dicom" / "qin_headneck_0024_seg"
    (prompt,) = asked(mask=path, mask_label="1").on(volume.grid).prompts
    assert prompt.mask.grid.matches(volume.grid)
    inside, around = volume.array[prompt.mask.array], volume.array[volume.array > 0]
    assert np.median(inside) > 10 * np.median(around)
