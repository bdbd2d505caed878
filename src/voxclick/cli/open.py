"""`voxclick open`: a volume in the browser."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

EXAMPLES = """Examples:
  voxclick open ct.nii.gz
  voxclick open sample --no-browser
  voxclick open dicom-folder --series 1.2.840.113619.2.5"""

HOST = "127.0.0.1"


def _optional(metavar: str) -> object:
    """An option that may be left out; that its default is None says nothing to a user."""
    return tyro.conf.arg(metavar=metavar, help_behavior_hint="")


@dataclass(frozen=True)
class Open:
    """Open an image in the browser: click, and see the mask."""

    image: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="IMAGE")]
    """Any image that can be segmented, or the word sample for the packaged head MR."""

    series: Annotated[str | None, _optional("UID|C=N")] = None
    """Which DICOM series, where there are several: its UID, or the end of it. Of an OME-Zarr with
    several channels or times, which, such as c=1."""

    model: Annotated[str | None, _optional("NAME")] = None
    """One of `voxclick models`; the default model if left out."""

    device: Annotated[str, tyro.conf.arg(metavar="DEVICE")] = "auto"
    """auto, cpu, cuda[:N] or mps."""

    port: Annotated[int, tyro.conf.arg(metavar="PORT")] = 1527
    """Any free one is taken if this is not."""

    state_dir: Annotated[Path | None, _optional("DIR")] = None
    """Where sessions are kept over a restart; ~/.local/state/voxclick if left out."""

    no_browser: bool = False
    """Only print the address."""

    def run(self) -> int:
        """Serve this image until interrupted."""
        from voxclick.cli.terminal import Progress
        from voxclick.errors import MissingFileError
        from voxclick.server.run import Opened, listen, serve, state_folder
        from voxclick.server.settings import Settings, default_state_dir

        path = Path(self.image)
        packaged = self.image == "sample" and not path.exists()
        if not packaged and not path.exists():
            raise MissingFileError(
                f"a file or folder is needed at {path}, got nothing there; check the path"
            )
        settings = Settings(
            state_dir=state_folder(self.state_dir, default_state_dir()),
            host=HOST,
            model=self.model,
            device=self.device,
            opened=() if packaged else (path.resolve(),),
        )
        bound = listen(HOST, self.port, elsewhere=True)
        source = self.image if packaged else str(path.resolve())
        with Progress() as progress:
            progress.step(f"opening {self.image}", checking=True)

            def ready(address: str) -> None:
                progress.done()
                self._show(address)

            serve(settings, bound, ready, Opened(source, self.series))
        return 0

    def _show(self, address: str) -> None:
        import threading
        import webbrowser

        from voxclick.cli.terminal import say

        say(f"voxclick: open {address}")
        if not self.no_browser:  # a browser may take its time, and the server has begun to answer
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
