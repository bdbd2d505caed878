"""Images that SimpleITK reads, turned from LPS to RAS: what NRRD and MetaImage share."""

import re
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
import SimpleITK
from jaxtyping import Float, Shaped

from voxclick.errors import FileFormatError, GridError
from voxclick.geometry import Grid
from voxclick.geometry.grid import RAS_TO_LPS
from voxclick.io.content import place
from voxclick.types import Array


@dataclass(frozen=True, eq=False)
class ItkFile:
    """A file whose header has been read and found good.

    Attributes:
        path: Where it lies.
        grid: Where its voxels lie, in RAS+ millimetres.
        channels: How many numbers it holds for each voxel.
        keys: What else its header says.
        reader: What reads its voxels.
    """

    path: Path
    grid: Grid
    channels: int
    keys: dict[str, str]
    reader: SimpleITK.ImageFileReader

    @property
    def stored_bytes(self) -> int:
        """How many bytes its voxels take when they are not compressed."""
        one = SimpleITK.Image([1, 1, 1], self.reader.GetPixelID(), self.channels)
        return int(one.GetSizeOfPixelComponent()) * self.channels * prod(self.grid.shape)

    def voxels(self) -> Shaped[Array, "i j k c"]:
        """The stored numbers.

        Raises:
            FileFormatError: If the file is cut off or broken.
        """
        try:
            array: Array = SimpleITK.GetArrayFromImage(self.reader.Execute())
        except (RuntimeError, MemoryError) as error:
            raise unreadable(self.path, error) from None
        i, j, k = self.grid.shape
        return array.reshape(k, j, i, self.channels).transpose(2, 1, 0, 3)  # i j k c

    def scalars(self) -> Shaped[Array, "i j k"]:
        """The stored numbers of a file that has one for each voxel.

        Raises:
            FileFormatError: If it has several, or is cut off or broken.
        """
        if self.channels > 1:
            raise FileFormatError(
                f"one number a voxel is needed, got {self.channels} channels in {self.path}; "
                "split the file and choose one"
            )
        return self.voxels()[..., 0]  # i j k


def open_itk(path: Path, reader_name: str) -> ItkFile:
    """The file, with its header read and checked, and its voxels not yet read.

    Args:
        path: The file.
        reader_name: ITK's name of what reads it, such as `NrrdImageIO`.

    Raises:
        FileFormatError: If it is broken, not 3D, of many frames or complex.
        GridError: If its header does not place the voxels in space.
    """
    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO(reader_name)
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise unreadable(path, error) from None
    shape = tuple(int(n) for n in reader.GetSize())
    frames = int(np.prod(shape[3:]))
    if len(shape) < 3:
        raise FileFormatError(f"a 3D volume is needed, got the shape {shape} in {path}")
    if frames > 1:
        raise FileFormatError(
            f"one 3D volume is needed, got {frames} frames (shape {shape}) in {path}; "
            "split the file and choose one frame"
        )
    kind = SimpleITK.GetPixelIDValueAsString(reader.GetPixelID())
    if "complex" in kind:
        raise FileFormatError(
            f"real numbers are needed, got {kind} in {path}; convert it to one scalar channel"
        )
    spacing = np.array(reader.GetSpacing()[:3])
    if (spacing == 0).any():
        raise GridError(
            f"a spacing above 0 mm is needed along every axis, got {spacing.tolist()} in {path}; "
            "repair the header"
        )
    grid = place(path, (shape[0], shape[1], shape[2]), _affine(reader, len(shape)))
    keys = {key: reader.GetMetaData(key) for key in reader.GetMetaDataKeys()}
    return ItkFile(path, grid, int(reader.GetNumberOfComponents()), keys, reader)


def itk_place(grid: Grid) -> tuple[list[float], list[float], list[float]]:
    """Spacing, direction (row by row) and origin of a grid as ITK has them, in LPS."""
    affine = RAS_TO_LPS @ grid.affine
    directions = affine[:3, :3] / np.array(grid.spacing_mm)
    return list(grid.spacing_mm), directions.ravel().tolist(), affine[:3, 3].tolist()


def unreadable(path: Path, error: Exception) -> FileFormatError:
    """The error to raise for what ITK says, without its addresses and its line numbers."""
    told = re.sub(r"^.*?\.(?:cxx|hxx):\d+:\s*", "", str(error), flags=re.DOTALL)
    told = re.sub(r"^itk::ERROR: |^ITK ERROR: |\w+\(0x[0-9a-f]+\): |\[nrrd\] ", "", told)
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    reason = lines[-1] if lines else type(error).__name__
    return FileFormatError(f"cannot read {path}: {reason}; copy or export the file again")


def _affine(reader: SimpleITK.ImageFileReader, axes: int) -> Float[Array, "4 4"]:
    directions = np.array(reader.GetDirection()).reshape(axes, axes)[:3, :3]
    affine = np.eye(4)
    affine[:3, :3] = directions * np.array(reader.GetSpacing()[:3])
    affine[:3, 3] = reader.GetOrigin()[:3]
    return RAS_TO_LPS @ affine
