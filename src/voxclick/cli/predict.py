"""`voxclick predict`: answer the calls of the CVPR 2025 challenge, as its containers do."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from voxclick.cli.terminal import say, tell

EXAMPLES = """Examples:
  voxclick predict inputs outputs
  voxclick predict inputs outputs --model geodesic --start previous"""


@dataclass(frozen=True)
class Predict:
    """Answer the requests of the CVPR 2025 challenge: a folder of npz in, a folder of npz out.

    Each file of INPUTS holds an image, boxes, and the clicks so far; a file of the same name in
    OUTPUTS gets the label map.
    """

    inputs: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="INPUTS")]
    """A folder of .npz requests, as the challenge's script writes them."""

    outputs: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="OUTPUTS")]
    """The folder of predictions; made when it is not there."""

    model: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """As `voxclick models` lists them; the best there is if left out."""

    device: Annotated[str, tyro.conf.arg(metavar="auto|cpu|cuda[:N]|mps")] = "auto"
    """Where the model computes."""

    start: Annotated[str, tyro.conf.arg(metavar="prompts|previous")] = "prompts"
    """Answer all prompts so far, or begin with the last prediction and answer the newest alone."""

    def run(self) -> int:
        """Answer every request; one that cannot be answered is told, and the rest goes on."""
        from voxclick.cohort.folder import make_folder
        from voxclick.errors import MissingFileError, OptionError, VoxclickError
        from voxclick.evaluate.challenge.answer import STARTS, answer_file
        from voxclick.models import load

        if self.start not in STARTS:
            raise OptionError(f"--start must be one of {', '.join(STARTS)}, got {self.start!r}")
        requests = sorted(self.inputs.glob("*.npz"))
        if not requests:
            raise MissingFileError(f"requests (.npz) are needed, got none in {self.inputs}")
        make_folder(self.outputs)
        segmenter = load(self.model, self.device)
        failed = 0
        for request in requests:
            try:
                answer_file(request, self.outputs / request.name, segmenter, self.start)
            except VoxclickError as error:
                failed += 1
                tell(f"voxclick: failed: {request.name}: {error}")
        say(f"{len(requests) - failed} of {len(requests)} requests answered -> {self.outputs}")
        return 1 if failed else 0
