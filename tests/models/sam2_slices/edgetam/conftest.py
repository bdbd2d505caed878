"""A small EdgeTAM of every test here."""

import pytest
from published_edgetam import narrow

from voxclick.models.sam2_slices.convert import from_published
from voxclick.models.sam2_slices.network import SliceNetwork


@pytest.fixture(scope="session")
def edgetam() -> SliceNetwork:
    """A network for frames of 64 pixels, drawn at random."""
    return from_published(narrow(), 64)
