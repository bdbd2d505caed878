"""The npz files of the CVPR 2025 interactive segmentation challenge.

Their arrays are `(D, H, W)` with the spacing in that order, and say nothing of orientation: it is
taken as RAS with the last axis first, so that a result lies on its image.
"""

import zipfile
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import Float

from voxclick.errors import FileFormatError, GridError
from voxclick.geometry import Grid
from voxclick.io.formats.voxel_values import finite_values, whole_numbers
from voxclick.types import Array
from voxclick.volume import LabelMap, Volume

MOST_LABELS = 255


def read_volume(path: Path, series: str | None = None) -> Volume:
    """The image (`imgs`) in a challenge file.

    Args:
        path: A `.npz` file.
        series: Not used: the file holds one image.

    Raises:
        FileFormatError: If the file is broken or holds no 3D image.
        GridError: If its spacing is not three numbers above 0.
    """
    array, grid = _read(path, ("imgs",))
    return Volume(finite_values(array, path), grid)


def read_labelmap(path: Path) -> LabelMap:
    """The labels (`segs` of a result, or `gts` of a case) in a challenge file.

    Raises:
        FileFormatError: If the file is broken, or holds no labels.
        GridError: If its spacing is not three numbers above 0.
    """
    array, grid = _read(path, ("segs", "gts"))
    return LabelMap(whole_numbers(array, path), grid)


def write_labelmap(labels: LabelMap, path: Path, source: Path | None = None) -> None:
    """Write labels as the challenge wants results: `segs`, uint8 `(D, H, W)`, and the spacing.

    Raises:
        FileFormatError: For a label above 255.
    """
    top = int(labels.array.max(initial=0))
    if top > MOST_LABELS:
        raise FileFormatError(
            f"npz results hold labels up to {MOST_LABELS}, got {top}; use .nii.gz"
        )
    segs = np.ascontiguousarray(labels.array.transpose(2, 1, 0).astype(np.uint8))
    spacing = np.array(labels.grid.spacing_mm[::-1])
    np.savez_compressed(path, segs=segs, spacing=spacing, affine=labels.grid.affine)


def _read(path: Path, keys: tuple[str, ...]) -> tuple[Array, Grid]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            key = next((key for key in keys if key in held), None)
            if key is None:
                raise FileFormatError(
                    f"an npz with {' or '.join(keys)} is needed, got {sorted(held.files)} in {path}"
                )
            array: Array = held[key]
            spacing = np.asarray(held["spacing"]) if "spacing" in held else np.ones(3)
            affine = np.asarray(held["affine"]) if "affine" in held else None
    except FileFormatError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, MemoryError) as error:
        raise FileFormatError(f"an npz file is needed, cannot read {path}: {error}") from None
    if array.ndim != 3 or array.dtype.kind not in "iufb":
        raise FileFormatError(
            f"a 3D array of numbers is needed, got {key} of {array.dtype} {array.shape} in {path}"
        )
    turned = array.transpose(2, 1, 0)
    return turned, Grid(turned.shape, _placed(spacing, path) if affine is None else affine)


def _placed(spacing: Array, path: Path) -> Float[Array, "4 4"]:
    if spacing.shape != (3,) or not (np.isfinite(spacing).all() and (spacing > 0).all()):
        raise GridError(f"a spacing of three numbers above 0 is needed, got {spacing} in {path}")
    return np.diag([*spacing[::-1].astype(np.float64), 1.0])
