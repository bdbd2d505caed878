"""What the format of a mask wants to know of its image."""

from voxclick.errors import OptionError
from voxclick.io import check_output
from voxclick.request.request import Request
from voxclick.volume import Volume


def check_source(request: Request, volume: Volume) -> None:
    """Raise OptionError if the mask's format must refer to a DICOM series and there is none."""
    kind = check_output(request.output)
    origin = volume.source.format if volume.source else "memory"
    if kind.needs_source and origin != "dicom_series":
        raise OptionError(
            f"{kind.title} must refer to the DICOM series that was segmented, got an image in "
            f"{origin} format; write .nii.gz or .seg.nrrd instead of {request.output}"
        )
