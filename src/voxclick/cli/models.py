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
        from voxclick.models.weights import presence

        rows = MODELS if self.name is None else (model_row(self.name),)
        entries: list[Json] = [
            {
                "name": row.name,
                "title": row.title,
                "default": row is MODELS[0],
                "prompts": list(row.prompts),
                "weights": presence(row),
                "licence": row.licence,
                "source": row.source,
            }
            for row in rows
        ]
        if self.json:
            say(json.dumps(entries if self.name is None else entries[0], indent=1), flat=False)
        elif self.name is None:
            _show(entries)
        else:
            _tell(entries[0])
        return 0


def _show(entries: list[Json]) -> None:
    """A table of what tells models apart."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table("model", "what it is", "weights", "licence", box=box.SIMPLE_HEAD)
    table.columns[0].no_wrap = True
    for entry in entries:
        name = f"{entry['name']} (default)" if entry["default"] else entry["name"]
        table.add_row(name, entry["title"], entry["weights"], entry["licence"])
    console = Console(highlight=False, markup=False)
    with console.capture() as printed:
        console.print(table)
    say(printed.get(), flat=False)


def _tell(entry: Json) -> None:
    """All that is known of one model, a line each."""
    for key, value in entry.items():
        told = ", ".join(value) if isinstance(value, list) else value
        if isinstance(value, bool):
            told = "yes" if value else "no"
        if key == "weights" and value == "absent":
            told = f"absent; get them with: voxclick fetch {entry['name']}"
        say(f"{key}: {told}")
