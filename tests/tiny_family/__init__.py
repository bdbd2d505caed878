"""The smallest family with published weights: one number, and a table of two models."""

import pytest

from voxclick.models.kinds import MODELS, Checkpoint, ModelRow


def row(name: str, **where: str) -> ModelRow:
    """A model of the family, whose file is `release/<name>.pth`."""
    return ModelRow(
        name=name,
        family="tiny_family",
        title="what is as bright as the click, within the published tolerance",
        module="tiny_family.segmenter",
        segmenter="TinySegmenter",
        prompts=("point",),
        licence="CC0",
        source="none",
        checkpoint=Checkpoint(file=f"release/{name}.pth", megabytes=0, **where),
    )


def add_to_table(monkeypatch: pytest.MonkeyPatch, *rows: ModelRow) -> None:
    """Let all who look into the table of models find these rows at its end."""
    for module in ("models.kinds", "models", "models.importing", "server.routes.general"):
        monkeypatch.setattr(f"voxclick.{module}.MODELS", (*MODELS, *rows))
