"""Whether the server is there, and what it can."""

from fastapi import APIRouter

from voxclick import __version__
from voxclick.models.kinds import MODELS
from voxclick.models.weights import presence
from voxclick.server.routes.asking import failures
from voxclick.server.schemas import Health, ModelRow

router = APIRouter()


@router.get("/health")
async def health() -> Health:
    """Whether the server is there; needs no key."""
    return Health(ok=True, version=__version__)


@router.get("/models", responses=failures())
async def models() -> list[ModelRow]:
    """The models that there are, the best first; those whose weights are absent cannot answer."""
    return [
        ModelRow(
            name=row.name,
            title=row.title,
            prompts=list(row.prompts),
            weights=presence(row),
            licence=row.licence,
            default=row is MODELS[0],
        )
        for row in MODELS
    ]
