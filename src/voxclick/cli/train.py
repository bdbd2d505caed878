"""`voxclick train`: train a network, or go on with a run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from voxclick.cli.terminal import say, tell
from voxclick.train.kinds import RECIPES, preset_names

INTERRUPTED = 130

_RECIPES = "\n".join(f"  {row.name}: {row.title}" for row in RECIPES)
_PRESETS = ", ".join(preset_names())

EXAMPLES = f"""Recipes:
{_RECIPES}

Presets: {_PRESETS}

Examples:
  voxclick train builtin-cpu -o run --data DATA
  voxclick train mine.toml -o run --data DATA --minutes 60
  torchrun --nproc-per-node 4 -m voxclick.cli train builtin-gpu -o run --data DATA"""


@dataclass(frozen=True)
class Train:
    """Train a network, or go on with the run that lies in the output folder.

    Writes weights.safetensors, checkpoint.pt, config.json, curve.csv and curve.png. The same
    command again goes on where it stopped.
    """

    config: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="CONFIG")]
    """The name of a preset, or a TOML file with the name of a recipe and some of its fields."""

    output: Annotated[Path, tyro.conf.arg(metavar="DIR", aliases=["-o"])]
    """The folder of the run; made when it is not there."""

    data: Annotated[Path | None, tyro.conf.arg(metavar="DATA")] = None
    """Labelled volumes, in any layout that `voxclick evaluate` reads; the recipe builtin can do
    without."""

    start: Annotated[str | None, tyro.conf.arg(metavar="FILE")] = None
    """Weights to start from: a file, or the name of a model that `voxclick fetch` got; new ones if
    left out."""

    minutes: Annotated[float | None, tyro.conf.arg(metavar="N")] = None
    """Stop after so long; the same command goes on."""

    def run(self) -> int:
        """Train and say where the weights lie."""
        from voxclick.train.config import preset
        from voxclick.train.loop import Run, train

        seconds = None if self.minutes is None else 60 * self.minutes
        start = None if self.start is None else _weights(self.start)
        run = Run(preset(self.config), self.output, self.data, start, seconds)
        try:
            weights = train(run, tell)
        except KeyboardInterrupt:
            tell("voxclick: interrupted; the same command goes on from the last checkpoint")
            return INTERRUPTED
        say(str(weights))
        return 0


def _weights(start: str) -> Path:
    """The file that the user means."""
    from voxclick.models import model_row
    from voxclick.models.weights import SUFFIX, stored

    path = Path(start)
    if path.exists() or path.suffix == SUFFIX:
        return path
    return stored(model_row(start))
