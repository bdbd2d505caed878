"""`voxclick models`: what can segment."""

import json
from dataclasses import dataclass
from typing import Annotated

import tyro

from voxclick.cli.terminal import say
from voxclick.types import Json

EXAMPLES = """Examples:
  voxclick models
  voxclick models geodesic --json"""


@dataclass(frozen=True)
class Models:
    """List the models that can segment, the default first."""

    name: Annotated[tyro.conf.Positional[str | None], tyro.conf.arg(metavar="NAME")] = None
    """Only this one."""

    json: bool = False
    """As JSON, for programs."""

    def run(self) -> int:
        """Print the table of models, or its row of that name."""
        from voxclick.models import model_row
        from voxclick.models.kinds import MODELS

        rows = MODELS if self.name is None else (model_row(self.name),)
        entries: list[Json] = [
            {
                "name": row.name,
                "title": row.title,
                "default": row is MODELS[0],
                "prompts": list(row.prompts),
                "licence": row.licence,
                "source": row.source,
            }
            for row in rows
        ]
        if self.json:
            say(json.dumps(entries if self.name is None else entries[0], indent=1), flat=False)
        else:
            _show(entries)
        return 0


def _show(entries: list[Json]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table("model", "what it is", "prompts", "licence", "source", box=box.SIMPLE_HEAD)
    for entry in entries:
        name = f"{entry['name']} (default)" if entry["default"] else entry["name"]
        prompts = ", ".join(entry["prompts"])
        table.add_row(name, entry["title"], prompts, entry["licence"], entry["source"])
    console = Console(highlight=False, markup=False)
    with console.capture() as printed:
        console.print(table)
    say(printed.get(), flat=False)
