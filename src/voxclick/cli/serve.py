"""`voxclick serve`: sessions for many users, over HTTP."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

EXAMPLES = """Examples:
  voxclick serve
  voxclick serve --host 0.0.0.0 --api-key KEY --max-sessions 20

The viewer is at the address that is printed, nnInteractive's clients connect to the same one with
/nni at its end, and docs/reference/http.md describes the rest."""


def _optional(metavar: str) -> object:
    """An option that may be left out; that its default is None says nothing to a user."""
    return tyro.conf.arg(metavar=metavar, help_behavior_hint="")


@dataclass(frozen=True)
class Serve:
    """Serve the viewer, the HTTP interface and nnInteractive's protocol, for many users."""

    host: Annotated[str, tyro.conf.arg(metavar="HOST")] = "127.0.0.1"
    """Where to listen; any address that others can reach needs --api-key."""

    port: Annotated[int, tyro.conf.arg(metavar="PORT")] = 1527
    """0 for any that is free."""

    model: Annotated[str | None, _optional("NAME")] = None
    """One of `voxclick models`; the default model if left out. Users can choose another."""

    device: Annotated[str, tyro.conf.arg(metavar="DEVICE")] = "auto"
    """auto, cpu, cuda[:N] or mps; all users take turns at it."""

    api_key: Annotated[str | None, _optional("KEY")] = None
    """What users must know; on this machine alone, a random token if left out."""

    max_sessions: Annotated[int, tyro.conf.arg(metavar="N")] = 16
    """Sessions held in memory at once; idle ones are put away and come back when asked for."""

    state_dir: Annotated[Path | None, _optional("DIR")] = None
    """Where sessions and uploads are kept over a restart; ~/.local/state/voxclick if left out."""

    name: Annotated[tyro.conf.UseAppendAction[tuple[str, ...]], tyro.conf.arg(metavar="NAME")] = ()
    """A name that users reach this machine by, such as that of a proxy before it."""

    def run(self) -> int:
        """Serve until interrupted."""
        from voxclick.cli.terminal import say
        from voxclick.server.run import listen, serve, state_folder
        from voxclick.server.settings import Settings, default_state_dir

        settings = Settings(
            state_dir=state_folder(self.state_dir, default_state_dir()),
            host=self.host,
            model=self.model,
            device=self.device,
            api_key=self.api_key,
            max_sessions=self.max_sessions,
            names=self.name,
        )
        bound = listen(self.host, self.port)
        serve(settings, bound, lambda address: say(f"voxclick: open {address}"))
        return 0
