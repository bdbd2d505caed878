"""Tiny labelled data sets on disk."""

import json
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
