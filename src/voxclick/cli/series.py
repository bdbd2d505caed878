"""The list of series in a DICOM folder or archive."""

from pathlib import Path

from voxclick.io.formats.dicom_series import find_series
from voxclick.types import Json


def list_series(path: Path) -> list[Json]:
    """The image series that are there, for JSON.

    Raises:
        FileFormatError: If there is none.
    """
    return [
        {
            "uid": one.uid,
            "modality": str(one.headers[0].get("Modality", "")),
            "description": str(one.headers[0].get("SeriesDescription", "")),
            "slices": sum(int(header.get("NumberOfFrames") or 1) for header in one.headers),
            "columns": int(one.headers[0].Columns),
            "rows": int(one.headers[0].Rows),
        }
        for one in find_series(path)
    ]
