"""Data sets found on disk."""

import re

import numpy as np
import pytest

from voxclick.errors import MissingFileError, OptionError
from voxclick.evaluate.dataset import find_dataset
from voxclick.evaluate.layouts.kinds import LAYOUTS


def make_folders(folder, count=1):
    for number in range(count):
        case = folder / f"case_{number:02}"
        case.mkdir(parents=True)
        (case / "image.nii.gz").touch()
        (case / "label.nii.gz").touch()


def make_decathlon(folder):
    for part in ("imagesTr", "labelsTr"):
        (folder / part).mkdir(parents=True)
        (folder / part / "a.nii.gz").touch()
    (folder / "dataset.json").write_text('{"labels": {"1": "liver"}}')


def make_totalsegmentator(folder):
    (folder / "s1" / "segmentations").mkdir(parents=True)
    (folder / "s1" / "ct.nii.gz").touch()
    (folder / "s1" / "segmentations" / "liver.nii.gz").touch()


def make_kits(folder):
    (folder / "case_00000").mkdir(parents=True)
    (folder / "case_00000" / "imaging.nii.gz").touch()
    (folder / "case_00000" / "segmentation.nii.gz").touch()


def make_lits(folder):
    folder.mkdir(exist_ok=True)
    (folder / "volume-0.nii").touch()
    (folder / "segmentation-0.nii").touch()


def make_brats(folder):
    (folder / "b1").mkdir(parents=True)
    (folder / "b1" / "b1_flair.nii.gz").touch()
    (folder / "b1" / "b1_seg.nii.gz").touch()


def make_cvpr(folder):
    folder.mkdir(exist_ok=True)
    cube = np.zeros((4, 4, 4), dtype=np.uint8)
    np.savez(folder / "CT_a.npz", imgs=cube, gts=cube, spacing=(1, 1, 1))


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def make_flare(folder):
    touch(folder, "images/FLARE22_Tr_0001_0000.nii.gz", "labels/FLARE22_Tr_0001.nii.gz")


def make_totalsegplusplus(folder):
    touch(folder, "images/s0001.nii.gz", "masks/s0001.nii.gz")
    (folder / "testset.csv").write_text("s0001\n")


def make_btcv(folder):
    touch(folder, "img/img0001.nii.gz", "label/label0001.nii.gz")


def make_acdc(folder):
    frame = "patient001/patient001_frame01"
    touch(folder, f"{frame}.nii.gz", f"{frame}_gt.nii.gz")


def make_paired(folder):
    touch(folder, "images/a.nii.gz", "labels/a.nii.gz")


MAKERS = {
    "flare": make_flare,
    "totalsegplusplus": make_totalsegplusplus,
    "btcv": make_btcv,
    "acdc": make_acdc,
    "paired": make_paired,
    "folders": make_folders,
    "decathlon": make_decathlon,
    "totalsegmentator": make_totalsegmentator,
    "kits": make_kits,
    "lits": make_lits,
    "brats": make_brats,
    "cvpr": make_cvpr,
}


@pytest.mark.parametrize("row", LAYOUTS, ids=lambda row: row.name)
def test_every_layout_is_recognised_as_itself(tmp_path, row):
    MAKERS[row.name](tmp_path)
    assert find_dataset(tmp_path).layout == row.name


def test_a_folder_of_data_sets_gives_the_cases_of_all_each_a_group(tmp_path):
    make_decathlon(tmp_path / "Task03_Liver")
    make_decathlon(tmp_path / "Task09_Spleen")
    cases = find_dataset(tmp_path).cases
    assert [(case.name, case.group) for case in cases] == [
        ("Task03_Liver/a", "Task03_Liver"),
        ("Task09_Spleen/a", "Task09_Spleen"),
    ]


def test_an_unknown_layout_is_an_error_that_names_the_known_ones(tmp_path):
    (tmp_path / "scan.nii.gz").touch()
    with pytest.raises(OptionError, match=re.escape(str(tmp_path))) as caught:
        find_dataset(tmp_path)
    assert all(row.example in str(caught.value) for row in LAYOUTS)
    assert "\n" not in str(caught.value)


def test_images_without_any_label_are_an_error_that_says_what_is_missing(tmp_path):
    touch(tmp_path, "volume-0.nii", "volume-1.nii")
    with pytest.raises(OptionError, match=r"2 as in LiTS.*segmentation-0\.nii"):
        find_dataset(tmp_path)


def test_cases_without_a_label_stand_apart_from_those_with_one(tmp_path):
    touch(tmp_path, "volume-0.nii", "volume-1.nii", "segmentation-1.nii")
    dataset = find_dataset(tmp_path)
    assert [case.name for case in dataset.cases] == ["volume-1"]
    assert [case.name for case in dataset.unlabelled] == ["volume-0"]


def test_nothing_at_the_path_is_an_error(tmp_path):
    with pytest.raises(MissingFileError, match="nowhere"):
        find_dataset(tmp_path / "nowhere")


def test_a_file_is_an_error(tmp_path):
    (tmp_path / "a.nii.gz").touch()
    with pytest.raises(OptionError, match="got the file"):
        find_dataset(tmp_path / "a.nii.gz")


def test_a_limit_draws_cases_by_the_seed_and_keeps_their_order(tmp_path):
    make_folders(tmp_path, 20)
    dataset = find_dataset(tmp_path)
    names = [case.name for case in dataset.limited(5, 3).cases]
    assert len(names) == 5
    assert names == sorted(names)
    assert names == [case.name for case in dataset.limited(5, 3).cases]
    assert names != [case.name for case in dataset.limited(5, 4).cases]
    assert set(names) < {case.name for case in dataset.limited(6, 3).cases}


def test_without_a_limit_all_cases_stay(tmp_path):
    make_folders(tmp_path, 3)
    dataset = find_dataset(tmp_path)
    assert dataset.limited(None, 0) == dataset.limited(7, 0) == dataset


def test_cases_are_chosen_by_name_or_pattern_with_or_without_the_folder(tmp_path):
    make_folders(tmp_path, 12)
    dataset = find_dataset(tmp_path)
    first, *others = (case.name for case in dataset.cases)
    assert [case.name for case in dataset.chosen([first]).cases] == [first]
    whole = f"{tmp_path.name}/{first}"
    assert [case.name for case in dataset.chosen([whole, others[3]]).cases] == [first, others[3]]
    assert dataset.chosen(["*"]) == dataset.chosen([]) == dataset


def test_a_pattern_that_fits_no_case_is_told(tmp_path):
    make_folders(tmp_path, 3)
    with pytest.raises(OptionError, match="got absent"):
        find_dataset(tmp_path).chosen(["*", "absent"])
