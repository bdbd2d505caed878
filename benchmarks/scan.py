"""One real head in volumes of any size, so that a click meets the same anatomy in each.

`python -m benchmarks.scan PATH I J K` writes one.
"""

import argparse
import gzip
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np

import voxclick as vc
from voxclick.geometry import Box
from voxclick.types import Array, Index3

SIZES: dict[str, Index3] = {
    "128x128x128": (128, 128, 128),
    "512x512x300": (512, 512, 300),
    "512x512x1000": (512, 512, 1000),
}
"""The sizes that are measured, small to large."""

CROP = Box((1, 65, 9), (129, 193, 137))
"""The part of the packaged sample that is tiled: 128 mm of head."""

INSIDE: Index3 = (64, 64, 64)
"""A voxel of the left putamen, in the middle of the crop, so that a view around it is whole."""

INSIDE_TOO: Index3 = (65, 71, 61)
"""Another voxel of it."""


def tiled(shape: Index3) -> tuple[Array, Index3]:
    """The crop, mirrored at its faces until it fills a shape, and where the crop itself starts.

    The crop as it is lies in the middle.
    """
    crop = np.asarray(vc.sample().array[CROP.slices]).astype(np.int16)
    reads, offset = [], []
    for size, base in zip(shape, crop.shape, strict=True):
        first = (size - base) // 2
        turned = (np.arange(size) - first) % (2 * base)
        reads.append(np.where(turned < base, turned, 2 * base - 1 - turned))
        offset.append(first)
    return crop[np.ix_(*reads)], (offset[0], offset[1], offset[2])


def write_scan(shape: Index3, path: Path) -> None:
    """Write the tiled head as `.nii`, of 16-bit numbers and 1 mm, and compressed beside it."""
    array, _ = tiled(shape)
    image = nib.Nifti1Image(array, np.diag([1.0, 1.0, 1.0, 1.0]))
    image.header.set_xyzt_units("mm")
    nib.save(image, path)
    with path.open("rb") as plain, gzip.open(compressed(path), "wb", compresslevel=1) as packed:
        shutil.copyfileobj(plain, packed, 1 << 24)


def compressed(path: Path) -> Path:
    """Where the compressed copy of a scan lies."""
    return path.with_suffix(".nii.gz")


def place(shape: Index3, voxel: Index3) -> Index3:
    """A voxel of the crop in a tiled head of this shape."""
    i, j, k = ((n - b) // 2 + v for n, b, v in zip(shape, CROP.shape, voxel, strict=True))
    return (i, j, k)


def main() -> None:
    """Write a scan of the shape that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("shape", type=int, nargs=3)
    arguments = parser.parse_args()
    i, j, k = arguments.shape
    write_scan((i, j, k), arguments.path)


if __name__ == "__main__":
    main()
