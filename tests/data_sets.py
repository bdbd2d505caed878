"""Tiny labelled data sets on disk."""

import json
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
from phantoms import GRIDS, ball

from voxclick.types import Array

CENTRES = {1: (10, 10, 10), 2: (28, 24, 20)}
NAMES = {1: "liver", 2: "spleen"}


def write_case(folder: Path, grid: str = "straight", radius_mm: float = 6.0) -> Array:
    """Two bright balls in noise and a third label of few voxels; gives the labels."""
    on = GRIDS[grid]
    labels = np.zeros(on.shape, dtype=np.uint8)
    for label, centre in CENTRES.items():
        labels[ball(on, centre, radius_mm).array] = label
    labels[0, 0, :3] = 3
    noise = np.random.default_rng(len(folder.name)).normal(0.0, 5.0, on.shape)
    image = (noise + np.where(labels > 0, 100.0, 0.0)).astype(np.float32)
    folder.mkdir(parents=True)
    nib.save(nib.Nifti1Image(image, on.affine), folder / "image.nii.gz")
    nib.save(nib.Nifti1Image(labels, on.affine), folder / "label.nii.gz")
    (folder / "labels.json").write_text(json.dumps(NAMES))
    return labels


def break_case(folder: Path) -> None:
    """A case whose image is text."""
    write_case(folder)
    (folder / "image.nii.gz").write_text("this is no image")


def write_layout(layout: str, folder: Path) -> None:
    """A data set of one case in a published layout, with voxels that can be segmented."""
    write_case(folder / "made")
    made = {name: folder / "made" / f"{name}.nii.gz" for name in ("image", "label")}
    image, label = (nib.load(path) for path in made.values())
    wanted = {
        "decathlon": ("imagesTr/a.nii.gz", "labelsTr/a.nii.gz"),
        "kits": ("case_00000/imaging.nii.gz", "case_00000/aggregated_MAJ_seg.nii.gz"),
        "lits": ("volume-0.nii", "segmentation-0.nii"),
        "brats": ("b1/b1_flair.nii.gz", "b1/b1_seg.nii.gz"),
        "folders": ("a/image.nii.gz", "a/label.nii.gz"),
        "totalsegplusplus": ("images/a.nii.gz", "masks/a.nii.gz"),
    }
    for target, source in zip(wanted.get(layout, ()), (image, label), strict=False):
        (folder / target).parent.mkdir(exist_ok=True)
        nib.save(source, folder / target)
    if layout == "decathlon":
        stacked = np.stack([np.asarray(image.dataobj), np.zeros(image.shape, np.float32)], axis=-1)
        nib.save(nib.Nifti1Image(stacked, image.affine), folder / "imagesTr" / "a.nii.gz")
        description = {"modality": {"0": "CT", "1": "none"}, "labels": {"1": "liver"}}
        (folder / "dataset.json").write_text(json.dumps(description))
    if layout == "totalsegmentator":
        (folder / "s1" / "segmentations").mkdir(parents=True)
        nib.save(image, folder / "s1" / "ct.nii.gz")
        for number, name in NAMES.items():
            mask = (np.asarray(label.dataobj) == number).astype(np.uint8)
            path = folder / "s1" / "segmentations" / f"{name}.nii.gz"
            nib.save(nib.Nifti1Image(mask, label.affine), path)
    if layout == "cvpr":
        grey = np.clip(np.asarray(image.dataobj) + 50, 0, 255).astype(np.uint8)
        arrays = {"imgs": grey.transpose(2, 1, 0), "gts": np.asarray(label.dataobj).T}
        np.savez_compressed(folder / "CT_a.npz", spacing=(1.0, 1.0, 1.0), **arrays)
    shutil.rmtree(folder / "made")
