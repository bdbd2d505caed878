import pytest
from published_sam import narrow

from voxclick.models.sam_slices.convert import from_published


@pytest.fixture(scope="session")
def network():
    """A SAM that looks at frames of 64 pixels and knows nothing."""
    return from_published(narrow()).requires_grad_(False)
