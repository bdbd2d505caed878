"""`voxclick segment`: from a volume and prompts to a mask in a file."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from voxclick.cli.cohort import RAY
from voxclick.types import Space

if TYPE_CHECKING:
    from voxclick.request.request import Request

EXAMPLES = """Prompts are given in this order: the log of --prompts, then the mask, boxes,
scribbles, negative scribbles, points, negative points.

Examples:
  voxclick segment sample -o ventricle.nii.gz --point 79,127,94
  voxclick segment ct.nii.gz -o spleen.nii.gz --point 120,88,40 131,90,44 --negative 90,80,40
  voxclick segment ct.nii.gz -o liver.seg.nrrd --space ras --point -10.5,31,44 --name liver
  voxclick segment series/ -o tumour.dcm --box 90,60,20,150,120,70 --preview tumour.png
  voxclick segment ct.nii.gz -o better.nii.gz --mask draft.nii.gz --negative 88,71,40
  voxclick segment --batch cohort.csv -o masks --workers 4"""


def _optional(metavar: str) -> object:
    """An option that may be left out; that its default is None says nothing to a user."""
    return tyro.conf.arg(metavar=metavar, help_behavior_hint="")


@dataclass(frozen=True)
class Segment:
    """Segment objects from prompts and write their mask, on the grid of the image."""

    image: Annotated[tyro.conf.Positional[str | None], _optional("IMAGE")] = None
    """A NIfTI, NRRD, MetaImage or npz file, an OME-Zarr folder, a DICOM series as folder or zip,
    or the word sample for the packaged head MR."""

    output: Annotated[
        Path | None, tyro.conf.arg(metavar="FILE", aliases=["-o"], help_behavior_hint="")
    ] = None
    """Where the mask goes: .nii.gz, .nii, .seg.nrrd, .nrrd, .mha, .npz, .ome.zarr, or .dcm for a
    DICOM segmentation; a label map where there are several objects."""

    point: Annotated[
        tyro.conf.UseAppendAction[tuple[str, ...]], tyro.conf.arg(metavar="I,J,K")
    ] = ()
    """A click on the object; several after one flag, too."""

    negative: Annotated[
        tyro.conf.UseAppendAction[tuple[str, ...]], tyro.conf.arg(metavar="I,J,K")
    ] = ()
    """A click on what is not the object."""

    box: Annotated[
        tyro.conf.UseAppendAction[tuple[str, ...]], tyro.conf.arg(metavar="I,J,K,I,J,K")
    ] = ()
    """A box around the object: its first corner and, in voxels, the one beyond its last (one slice
    k: from k to k+1); in mm, two opposite corners."""

    scribble: Annotated[
        tyro.conf.UseAppendAction[tuple[Path, ...]], tyro.conf.arg(metavar="FILE")
    ] = ()
    """Voxels of the object: a .csv, .txt or .json file of rows i,j,k, or a mask file."""

    negative_scribble: Annotated[
        tyro.conf.UseAppendAction[tuple[Path, ...]], tyro.conf.arg(metavar="FILE")
    ] = ()
    """Voxels of what is not the object."""

    mask: Annotated[Path | None, _optional("FILE")] = None
    """A mask to start from, on the grid of the image or on some of its slices."""

    mask_label: Annotated[str | None, _optional("NAME|N")] = None
    """Which label of --mask, where it holds several."""

    prompts: Annotated[Path | None, _optional("FILE.json")] = None
    """A prompt log, of one object or several."""

    name: Annotated[str | None, _optional("NAME")] = None
    """The object that the other prompts are about; the only one of --prompts, or "object"."""

    space: Space = "voxel"
    """Where coordinates live: voxel indices, or millimetres to the right, front and head (ras) or
    to the left, back and head (lps)."""

    series: Annotated[str | None, _optional("UID|C=N")] = None
    """Which DICOM series, where there are several: its UID, or the end of it. Of an OME-Zarr with
    several channels or times, which, such as c=1."""

    model: Annotated[str | None, _optional("NAME")] = None
    """One of `voxclick models`; the default model if left out."""

    device: Annotated[str, tyro.conf.arg(metavar="DEVICE")] = "auto"
    """auto, cpu, cuda[:N] or mps."""

    growth: Annotated[str | None, _optional("NAME")] = None
    """How an object is followed past the view: wider or cross-patch; as suits the model if left
    out."""

    report: Annotated[Path | None, _optional("FILE.json")] = None
    """Also write versions, device, model, prompts, seconds and volumes in ml."""

    preview: Annotated[Path | None, _optional("FILE.png")] = None
    """Also draw three planes through the object, with its outline and the prompts."""

    save_prompts: Annotated[Path | None, _optional("FILE.json")] = None
    """Also write all prompts as a log, for --prompts."""

    batch: Annotated[Path | None, _optional("LIST")] = None
    """Segment many: a table (.csv, .tsv) or .json, .jsonl with the columns image, output, and any
    of point, negative, box, scribble, negative_scribble, mask, mask_label, prompts, name, space,
    series. Then -o is the folder of the results."""

    workers: Annotated[int | None, _optional("N")] = None
    """Of a batch: how many processes; one a core on a CPU, one a GPU, if left out."""

    ray: Annotated[str | None, RAY] = None
    """Of a batch: work on a Ray cluster: its address, auto for the one of this machine, local for
    one made for the run."""

    restart: bool = False
    """Of a batch: begin anew; otherwise what is finished is not done again."""

    @property
    def request(self) -> "Request":
        """What is asked for of one image.

        Raises:
            OptionError: If the image or the output is missing, or an option is one of a batch.
        """
        from voxclick.errors import OptionError
        from voxclick.request.request import Request

        if self.image is None or self.output is None:
            wanted = {"IMAGE": self.image, "-o FILE, --output FILE": self.output}
            missing = " and ".join(name for name, value in wanted.items() if value is None)
            raise OptionError(
                f"voxclick segment needs {missing}, or --batch LIST for many images; see voxclick "
                "segment --help"
            )
        own = {"--workers": self.workers, "--ray": self.ray, "--restart": self.restart or None}
        if asked := [flag for flag, value in own.items() if value is not None]:
            raise OptionError(f"{asked[0]} is for many images, got one; give them by --batch LIST")
        shared = {field.name for field in fields(Request)}
        return Request(**{name: getattr(self, name) for name in shared})

    def run(self) -> int:
        """Check everything, then load the engine, segment, write, and say what came out."""
        if self.batch is not None:
            from voxclick.cli.segment_batch import run_batch

            return run_batch(self, self.batch)
        return self._run_one(self.request)

    def _run_one(self, request: "Request") -> int:
        from voxclick import io
        from voxclick.cli.output import check_outputs
        from voxclick.cli.stopwatch import Stopwatch
        from voxclick.cli.terminal import Progress, say, tell
        from voxclick.models import ready_row
        from voxclick.request.asked import gather
        from voxclick.request.source import check_source

        watch = Stopwatch()
        check_outputs(request, self)
        ready_row(self.model)
        asked = gather(request)
        with Progress() as progress:
            progress.step(f"reading {request.image}", checking=True)
            volume = io.read(request.image, request.series)
            watch.lap("read")
            asked = asked.on(volume.grid)
            asked.check(volume.grid)
            check_source(request, volume)
            progress.step("loading the engine", checking=True)
            from voxclick.cli.segmentation import compute, in_line, write_all

            segmented = compute(self, asked, volume, watch, progress)
            write_all(request, self, segmented, watch, progress)
        say(f"{in_line(segmented)} -> {request.output} ({watch.total:.1f} s)")
        for note in segmented.notes:
            tell(f"voxclick: note: {note}")
        return 0
