"""Clicks in real labelled volumes give the masks that people drew."""

from pathlib import Path

import numpy as np
import pytest

import voxclick as vc
from voxclick.metrics.overlap import dice
from voxclick.simulate.clicks import CenterClick

OBJECTS = (
    ("msd_hippocampus", 1),
    ("sct_spinalcord/t2", 1),
    ("tptbox_spine/mri", 2),
    ("acdc", 1),
    ("prostatex/ProstateX-0001", 2),
    ("totalseg/ct_thorax_heart_pa", 1),
    ("elastix_lung/baseline_small", 1),
    ("pyradiomics/lung1", 1),
)


def case_of(data_dir: Path, name: str) -> Path:
    folder = data_dir / name
    if (folder / "image.nii.gz").exists():
        return folder
    return min(path.parent for path in folder.glob("**/image.nii.gz"))


def scores(case: Path, place: int, clicks: int) -> list[float]:
    labels = vc.read_labelmap(case / "label.nii.gz")
    truth = labels.mask(labels.labels[min(place, len(labels.labels)) - 1])
    asked = vc.Session(case / "image.nii.gz", "geodesic", device="cpu")
    generator = np.random.default_rng(0)
    found: list[float] = []
    for _ in range(clicks):
        prompt = CenterClick().next_prompt(truth, asked.mask(), generator)
        assert prompt is not None
        asked.add(prompt)
        at = tuple(int(v) for v in prompt.voxels()[0])
        assert asked.mask().array[at] == prompt.positive
        found.append(dice(truth, asked.mask()))
    return found


@pytest.mark.slow
def test_five_clicks_find_real_structures_of_many_kinds(data_dir: Path) -> None:
    found = {name: scores(case_of(data_dir, name), place, 5) for name, place in OBJECTS}
    first = float(np.mean([row[0] for row in found.values()]))
    last = float(np.mean([row[-1] for row in found.values()]))
    assert first > 0.35, found
    assert last > 0.6, found
    assert last > first


@pytest.mark.slow
def test_a_mask_of_a_real_volume_survives_every_format(data_dir: Path, tmp_path: Path) -> None:
    case = case_of(data_dir, "acdc")
    asked = vc.Session(case / "image.nii.gz", "geodesic", device="cpu")
    i, j, k = (n // 2 for n in asked.grid.shape)
    asked.add(vc.Point((i, j, k)))
    for ending in (".nii.gz", ".seg.nrrd", ".mha", ".npz"):
        back = vc.read_mask(vc.write(asked.mask(), tmp_path / f"mask{ending}"))
        assert np.array_equal(back.array, asked.mask().array)
        assert back.grid.matches(asked.grid, tolerance_voxels=1e-3)


@pytest.mark.slow
def test_a_dicom_series_is_segmented_into_a_dicom_seg(data_dir: Path, tmp_path: Path) -> None:
    asked = vc.Session(data_dir / "dicom" / "totalseg_ct", "geodesic", device="cpu")
    truth = vc.read_labelmap(data_dir / "totalseg" / "ct_dicom_trunk" / "label.nii.gz")
    asked.object("liver")
    for name, number in (("liver", 5), ("spleen", 1)):
        wanted = truth.mask(number)
        inside = wanted.grid.to_ras(np.argwhere(wanted.array).astype(np.float64)).mean(axis=0)
        x, y, z = (float(v) for v in inside)
        asked.add(vc.Point((x, y, z), space="ras"), to=name)
    path = vc.write(asked.labelmap(), tmp_path / "organs.seg.dcm")
    back = vc.read_labelmap(path)
    assert np.array_equal(back.array, asked.labelmap().array)
    assert dict(back.names) == {1: "liver", 2: "spleen"}
    assert back.grid.matches(asked.grid, tolerance_voxels=1e-3)
